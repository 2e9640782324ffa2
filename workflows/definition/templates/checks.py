"""What can be said about a template before it is rendered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from liquid.builtin.expressions import BooleanExpression
from liquid.builtin.expressions import Path as Location

from workflows.definition.errors import ExpressionError
from workflows.definition.paths import Path
from workflows.definition.problems import Problem
from workflows.definition.templates.compiled import (
    LiquidTemplate,
    PlainTemplate,
    compile_template,
)
from workflows.definition.templates.tree import Filtered, every_part

_COPING = {"default", "skip_if_empty"}


def template_problems(source: str, *, path: str = "") -> list[Problem]:
    """Return what is wrong with the text of a template: syntax, an unknown filter, a limit."""
    try:
        compile_template(source)
    except ExpressionError as error:
        return [Problem(path, error.code, error.params)]
    return []


def template_paths(source: str) -> list[Path]:
    """Return the paths that a template reads, in the order of the text, each once.

    A path ends where a key is itself looked up: `values.tags[trigger.method]` reads
    `values.tags` and `trigger.method`. Raises ExpressionError if it cannot be compiled.
    """
    template = compile_template(source)
    if isinstance(template, PlainTemplate):
        return list(dict.fromkeys(piece for piece in template.pieces if isinstance(piece, tuple)))
    if not isinstance(template, LiquidTemplate):
        return []
    found: list[tuple[int, Path]] = []
    for variables in template.bound.analyze(include_partials=False).globals.values():
        for variable in variables:
            found += [(variable.span.index, path) for path in _flat(variable.segments)]
    return list(dict.fromkeys(path for _, path in sorted(found, key=lambda item: item[0])))


def guarded_paths(source: str) -> set[Path]:
    """Return those of the paths that may be missing: the template itself copes with it.

    It does if the path goes straight into `default` or `skip_if_empty`, or if a `{% if %}` in
    the template asks about the same step.
    """
    template = compile_template(source)
    if not isinstance(template, LiquidTemplate):
        return set()
    asked, replaced = _asked_and_replaced(template.bound.nodes)
    return {
        path
        for path in template_paths(source)
        if path in replaced or (path[0] == "steps" and path[:2] in asked)
    }


def _asked_and_replaced(nodes: Iterable[Any]) -> tuple[set[Path], set[Path]]:
    asked: set[Path] = set()
    replaced: set[Path] = set()
    for thing in every_part(nodes):
        if isinstance(thing, BooleanExpression):
            inner = (part for part in every_part([thing]) if isinstance(part, Location))
            asked |= {path[:2] for part in inner for path in _flat(part.location())}
        elif isinstance(thing, Filtered) and isinstance(thing.left, Location):
            first = thing.filters[0].name if thing.filters else ""
            replaced |= set(_flat(thing.left.location())) if first in _COPING else set()
    return asked, replaced


def _flat(segments: list[Any] | tuple[Any, ...]) -> list[Path]:
    path: list[str | int] = []
    for index, segment in enumerate(segments):
        if isinstance(segment, list | tuple):
            inner = [
                found
                for part in segments[index:]
                if isinstance(part, list | tuple)
                for found in _flat(part)
            ]
            return [tuple(path), *inner] if path else inner
        path.append(segment)
    return [tuple(path)]
