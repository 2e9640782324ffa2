"""The parsed template, with the library's ways of comparing, counting and printing replaced.

The library compares and prints inside its syntax tree, where no setting reaches. So the tree is
walked once after parsing, and the nodes that matter are exchanged for ours. What the template reads
is found in it without rendering it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from itertools import takewhile
from typing import Any, TextIO

from liquid import BlockNode, BoundTemplate, escape
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, LoopExpression
from liquid.builtin.expressions import Path as Location
from liquid.builtin.expressions import logical as library
from liquid.builtin.expressions.primitive import FloatLiteral, RangeLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import _AnyExpression as WhenExpression

from tenants.core.text.isolates import isolated
from tenants.core.values.paths import LEFT_OUT, Path
from workflows.definition.budget import CHARACTERS
from workflows.definition.templates.expressions import (
    PARTS,
    Comparison,
    ExactNumber,
    Filtered,
    Looped,
    Range,
    When,
    every_part,
    slots_of,
)
from workflows.definition.templates.filters.calling import Argument, text

_A_PART = 20  # operations for one node or expression


def rewrite(thing: Any) -> Any:
    """Return a node, an expression or a list of them as this language has it."""
    if isinstance(thing, list):
        return [rewrite(element) for element in thing]
    if not isinstance(thing, PARTS):
        return thing
    for name in slots_of(type(thing)):
        setattr(thing, name, rewrite(getattr(thing, name)))
    replace = _REPLACEMENTS.get(type(thing))
    return replace(thing) if replace else thing


class BudgetedBlock(BlockNode):
    """What is rendered in each round, or if a condition holds: each time at its price."""

    __slots__ = ("price",)

    def __init__(self, source: BlockNode) -> None:
        super().__init__(source.token, source.nodes)
        # What lies in a block inside is counted when that is rendered.
        self.price = _A_PART * sum(1 for _ in every_part(source.nodes, into_blocks=False))

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        context.budget.charge(_A_PART + self.price)
        return super().render_to_output(context, buffer)


class Printed(OutputNode):
    """`{{ … }}`."""

    __slots__ = ()

    def __init__(self, source: OutputNode) -> None:
        super().__init__(source.token, source.expression)

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        """Write the value as text; escaped if the text is HTML."""
        return buffer.write(self.printed(context))

    def printed(self, context: Any) -> str:
        """Return what `{{ … }}` writes. What `skip_if_empty` leaves out writes nothing."""
        value = self.expression.evaluate(context)
        if value is LEFT_OUT:
            return ""
        if isinstance(value, str):
            context.budget.charge(len(value) // CHARACTERS)
        shown = text(value, Argument(value, self.expression.__str__))
        if context.autoescape:
            return str(escape(shown))
        return isolated(str(shown)) if _is_value(value, context) else str(shown)


class Captured(str):
    """A text that a template made of its own words and values, of which each is isolated."""

    __slots__ = ()


class Capture(CaptureNode):
    """`{% capture … %}`."""

    __slots__ = ()

    def __init__(self, source: CaptureNode) -> None:
        super().__init__(source.token, source.name, source.block)

    def _assign(self, context: Any, buf: StringIO) -> None:
        if context.env.isolates:
            context.assign(self.name, Captured(buf.getvalue()))
        else:
            super()._assign(context, buf)


def _is_value(value: Any, context: Any) -> bool:
    return context.env.isolates and not isinstance(value, Captured)


def _loop(source: LoopExpression) -> LoopExpression:
    source.iterable = Looped(source.iterable)
    return source


_REPLACEMENTS: dict[type, Callable[[Any], Any]] = {
    library.EqExpression: lambda source: Comparison("==", source),
    library.NeExpression: lambda source: Comparison("!=", source),
    library.LtExpression: lambda source: Comparison("<", source),
    library.LeExpression: lambda source: Comparison("<=", source),
    library.GtExpression: lambda source: Comparison(">", source),
    library.GeExpression: lambda source: Comparison(">=", source),
    library.ContainsExpression: lambda source: Comparison("contains", source),
    WhenExpression: lambda source: When(source.token, source.left, source.expressions),
    FloatLiteral: ExactNumber,
    LoopExpression: _loop,
    FilteredExpression: Filtered,
    OutputNode: Printed,
    CaptureNode: Capture,
    BlockNode: BudgetedBlock,
    RangeLiteral: lambda source: Range(source.token, source.start, source.stop),
}

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
