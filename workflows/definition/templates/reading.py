"""What a parsed template reads, found without rendering it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from liquid import BoundTemplate
from liquid.builtin.expressions import BooleanExpression
from liquid.builtin.expressions import Path as Location

from workflows.definition.paths import Path
from workflows.definition.templates.tree import Filtered, every_part

_COPING = {"default", "skip_if_empty"}


def paths_read(bound: BoundTemplate) -> tuple[Path, ...]:
    """Return the paths, in the order of the text, each once. Names the template sets are none.

    A path ends where a key is itself looked up: `values.tags[trigger.method]` reads
    `values.tags` and `trigger.method`.
    """
    found: list[tuple[int, Path]] = []
    for variables in bound.analyze(include_partials=False).globals.values():
        for variable in variables:
            found += [(variable.span.index, path) for path in _flat(variable.segments)]
    return tuple(dict.fromkeys(path for _, path in sorted(found, key=lambda item: item[0])))


def paths_guarded(bound: BoundTemplate) -> frozenset[Path]:
    """Return those paths that may be missing, because the template itself copes with it.

    It does if the path goes straight into `default` or `skip_if_empty`, or if an `{% if %}`
    in the template asks about the same step.
    """
    asked, replaced = _asked_and_replaced(bound.nodes)
    return frozenset(
        path
        for path in paths_read(bound)
        if path in replaced or (path[0] == "steps" and path[:2] in asked)
    )


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
    """Return the path up to the first key that is looked up, and the paths of all such keys."""
    looked_up = [part for part in segments if isinstance(part, list | tuple)]
    plain = segments[: segments.index(looked_up[0])] if looked_up else segments
    inner = [path for part in looked_up for path in _flat(part)]
    return [tuple(plain), *inner] if plain else inner
