"""What a parsed template reads, found without rendering it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from liquid import BoundTemplate
from liquid.builtin.expressions import BooleanExpression
from liquid.builtin.expressions import Path as Location

from tenants.core.values.paths import Path
from workflows.definition.templates.tree import Filtered, every_part

_COPING = {"default", "skip_if_empty"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a template reads, and which of that may be missing."""

    paths: tuple[Path, ...]
    guarded: frozenset[Path]
    # The last value of `a | default: b`, and all of them: one has to be there.
    fallbacks: Mapping[Path, tuple[Path, ...]]


def reading_of(bound: BoundTemplate) -> Reading:
    paths = paths_read(bound)
    asked, replaced, fallbacks = _coped_with(bound.nodes)
    guarded = (
        path for path in paths if path in replaced or (path[0] == "steps" and path[:2] in asked)
    )
    return Reading(paths, frozenset(guarded), fallbacks)


def paths_read(bound: BoundTemplate) -> tuple[Path, ...]:
    """Return the paths, in the order of the text, each once. Names the template sets are none.

    A path ends where a key is itself looked up: `values.tags[trigger.method]` reads
    `values.tags` and `trigger.method`.
    """
    # The analysis tells of a key that is looked up beside the path around it.
    found = [
        (variable.span.index, path)
        for variables in bound.analyze(include_partials=False).globals.values()
        for variable in variables
        for path in _flat(variable.segments)[:1]
    ]
    return tuple(dict.fromkeys(path for _, path in sorted(found, key=lambda item: item[0])))


def _coped_with(
    nodes: Iterable[Any],
) -> tuple[set[Path], set[Path], dict[Path, tuple[Path, ...]]]:
    """Return what an `{% if %}` asks about, what is replaced if it is missing, and by what.

    A path is replaced if it goes straight into `default` or `skip_if_empty`.
    """
    asked: set[Path] = set()
    replaced: set[Path] = set()
    fallbacks: dict[Path, tuple[Path, ...]] = {}
    for thing in every_part(nodes):
        if isinstance(thing, BooleanExpression):
            inner = (part for part in every_part([thing]) if isinstance(part, Location))
            asked |= {path[:2] for part in inner for path in _flat(part.location())}
        elif isinstance(thing, Filtered):
            chain = _chain(thing)
            replaced |= {path for paths in chain[:-1] for path in paths}
            if len(chain) > 1 and chain[-1]:
                members = tuple(path for paths in chain for path in paths)
                fallbacks[chain[-1][0]] = members
    return asked, replaced, fallbacks


def _chain(thing: Filtered) -> list[list[Path]]:
    """Return the value and those that `default` puts in its place, in turn.

    A literal, and what `skip_if_empty` leaves out, is nothing to read.
    """
    links: list[Any] = [thing.left]
    for use in takewhile(lambda use: use.name in _COPING, thing.filters or ()):
        links.append(use.args[0].value if use.args else None)
    return [_flat(link.location()) if isinstance(link, Location) else [] for link in links]


def _flat(segments: list[Any] | tuple[Any, ...]) -> list[Path]:
    """Return the path up to the first key that is looked up, and the paths of all such keys."""
    looked_up = [part for part in segments if isinstance(part, list | tuple)]
    plain = segments[: segments.index(looked_up[0])] if looked_up else segments
    inner = [path for part in looked_up for path in _flat(part)]
    return [tuple(plain), *inner] if plain else inner
