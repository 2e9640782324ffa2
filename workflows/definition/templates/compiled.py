"""A template that is ready to be rendered. The same source is compiled once."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO
from typing import Any, Final, TypeAlias, TypeVar

from liquid import BoundTemplate, escape
from liquid.exceptions import (
    LiquidError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    ResourceLimitError,
)
from liquid.output import LimitedStringIO

from tenants.core.json import Json
from tenants.core.text.isolates import isolated
from tenants.core.values.comparison import as_text, kind_of
from tenants.core.values.paths import (
    LEFT_OUT,
    MISSING,
    PATH,
    Path,
    Sentinel,
    lookup,
    parse_path,
    show_path,
)
from workflows.definition.budget import CHARACTERS
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError, Problem
from workflows.definition.scope import LOOP_ROOTS, ROOTS, NameScope
from workflows.definition.templates import limits
from workflows.definition.templates.context import Context
from workflows.definition.templates.environment import HTML, ISOLATING, TEXT, Liquid
from workflows.definition.templates.filters.calling import listed
from workflows.definition.templates.tree import Printed, reading_of, rewrite
from workflows.definition.values.json_values import as_read, given_back

Result = TypeVar("Result")
_SHORT: Final = 1_000  # characters of a text that is not worth counting

_PLAIN = re.compile(r"\{\{\s*(" + PATH + r")\s*\}\}")


def is_template(value: object) -> bool:
    return isinstance(value, str) and ("{{" in value or "{%" in value)


@dataclass(frozen=True, slots=True)
class PlainTemplate:
    """Only text and plain paths: filled in without the library, which takes far longer."""

    pieces: tuple[str | Path, ...]
    single: bool
    html: bool
    isolates: bool
    guarded: frozenset[Path] = frozenset()
    fallbacks: Mapping[Path, tuple[Path, ...]] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(piece for piece in self.pieces if isinstance(piece, tuple)))

    def text(self, scope: NameScope) -> str:
        texts, size = [], 0
        for piece in self.pieces:
            text = piece if isinstance(piece, str) else self._printed(piece, scope)
            size += len(text)
            if size > limits.OUTPUT_BYTES:
                raise ExpressionError(Code.LIMIT_REACHED, limit="output", most=limits.OUTPUT_BYTES)
            texts.append(text)
        if size > _SHORT:
            scope.budget.charge(size // CHARACTERS)
        return "".join(texts)

    def value(self, scope: NameScope) -> Json:
        if not self.single:
            return self.text(scope)
        value = _found(self.paths[0], scope)
        if isinstance(value, dict | list) or (type(value) is str and len(value) > _SHORT):
            scope.budget.hand_over(value)
        return as_read(value, scope.language)

    def _printed(self, path: Path, scope: NameScope) -> str:
        value = _found(path, scope)
        if value is None:
            raise ExpressionError(Code.MISSING_VALUE, path=show_path(path))
        if isinstance(value, dict | list):
            raise ExpressionError(Code.NOT_TEXT, kind=kind_of(value), path=show_path(path))
        text = as_text(value)
        if self.html:
            return str(escape(text))
        return isolated(text) if self.isolates else text


def _found(path: Path, scope: NameScope) -> Any:
    value = lookup(scope.roots, path)
    if value is MISSING:
        raise ExpressionError(Code.MISSING_VALUE, path=show_path(path))
    return value


@dataclass(frozen=True, slots=True)
class LiquidTemplate:
    """Everything else."""

    bound: BoundTemplate
    output: Printed | None  # the one `{{ … }}` that is all there is
    may_be_left_out: bool
    paths: tuple[Path, ...]  # what it reads, each path once
    guarded: frozenset[Path]  # those of the paths that may be missing
    # The last value of `a | default: b`, and all of them: one has to be there.
    fallbacks: Mapping[Path, tuple[Path, ...]]

    @property
    def single(self) -> bool:
        """True if it is one `{{ … }}`, so that it has a value and not only a text."""
        return self.output is not None

    def text(self, scope: NameScope) -> str | Sentinel:
        context = Context(self.bound, scope)
        if self.may_be_left_out and _guarded(self._evaluate, context) is LEFT_OUT:
            return LEFT_OUT
        return _guarded(self._render, context)

    def value(self, scope: NameScope) -> Json | Sentinel:
        """Return the value of the one `{{ … }}`, else the text; or LEFT_OUT."""
        if self.output is None:
            return self.text(scope)
        value = _guarded(self._evaluate, Context(self.bound, scope))
        if value is LEFT_OUT:
            return LEFT_OUT
        if isinstance(value, range):
            value = listed(value)
        scope.budget.hand_over(value)
        return given_back(value, scope.language)

    def _evaluate(self, context: Context) -> Any:
        if self.output is None:
            return None
        return self.output.expression.evaluate(context)

    def _render(self, context: Context) -> str:
        buffer: StringIO = LimitedStringIO(limit=limits.OUTPUT_BYTES)
        self.bound.render_with_context(context, buffer)
        return buffer.getvalue()


# Text with places to fill in.
Template: TypeAlias = PlainTemplate | LiquidTemplate


def _guarded(work: Callable[[Context], Result], context: Context) -> Result:
    """Do the work, with the library's errors told in our codes."""
    try:
        return work(context)
    except ResourceLimitError as error:
        raise _limit(error) from error
    except RecursionError as error:
        raise ExpressionError(
            Code.LIMIT_REACHED, limit="nesting", most=limits.BLOCK_DEPTH
        ) from error
    except LiquidError as error:
        raise ExpressionError(Code.TEMPLATE_FAILED, reason=str(error.args[0])) from error


def _limit(error: ResourceLimitError) -> ExpressionError:
    known = {
        LoopIterationLimitError: ("loop", limits.LOOP_ROUNDS),
        OutputStreamLimitError: ("output", limits.OUTPUT_BYTES),
        LocalNamespaceLimitError: ("assign", limits.LOCALS_BYTES),
    }
    name, most = known.get(type(error), ("nesting", limits.BLOCK_DEPTH))
    return ExpressionError(Code.LIMIT_REACHED, limit=name, most=most)


@lru_cache(maxsize=4096)
def compile_template(source: str, *, html: bool = False, isolates: bool = False) -> Template:
    """Return the template. Raises ExpressionError: syntax, an unknown filter, a limit.

    `html`: values are escaped. `isolates`: they can be told from the text around them
    (`tenants.core.text.isolates`).
    """
    if len(source) > limits.TEMPLATE_CHARACTERS:
        raise ExpressionError(Code.TEMPLATE_TOO_LONG, most=limits.TEMPLATE_CHARACTERS)
    return _plain(source, html=html, isolates=isolates) or _liquid(
        source, HTML if html else ISOLATING if isolates else TEXT
    )


def _plain(source: str, *, html: bool, isolates: bool) -> PlainTemplate | None:
    # re.split with one group gives text and paths by turns.
    turns = _PLAIN.split(source)
    texts, paths = turns[::2], [parse_path(path) for path in turns[1::2]]
    if any("{{" in text or "{%" in text for text in texts):
        return None
    if any(path is None or path[0] not in (*ROOTS, *LOOP_ROOTS) for path in paths):
        return None
    pieces: list[str | Path] = [texts[0]]
    for path, text in zip(paths, texts[1:], strict=True):
        pieces += [path or (), text]
    single = len(paths) == 1 and not "".join(texts).strip()
    return PlainTemplate(tuple(piece for piece in pieces if piece != ""), single, html, isolates)


def _liquid(source: str, environment: Liquid) -> LiquidTemplate:
    _refuse_unclosed(source)
    try:
        bound = environment.from_string(source)
        bound.nodes = rewrite(bound.nodes)
        reading = reading_of(bound)
    except ResourceLimitError as error:
        raise _limit(error) from error
    except (LiquidError, RecursionError) as error:
        reason = "too deeply nested" if isinstance(error, RecursionError) else str(error.args[0])
        raise ExpressionError(Code.TEMPLATE_SYNTAX, reason=reason) from error
    output = _only_output(bound, source)
    left_out = output is not None and "skip_if_empty" in source
    return LiquidTemplate(
        bound, output, left_out, reading.paths, reading.guarded, reading.fallbacks
    )


def _refuse_unclosed(source: str) -> None:
    # The library's scanner takes time by the square of what is left open.
    for start, end in (("{{", "}}"), ("{%", "%}")):
        if source.rfind(start) > source.rfind(end):
            raise ExpressionError(Code.TEMPLATE_SYNTAX, reason=f"{start} without {end}")
    for block in ("raw", "doc"):
        if len(re.findall(rf"\{{%-?\s*{block}\b", source)) > source.count(f"end{block}"):
            raise ExpressionError(Code.TEMPLATE_SYNTAX, reason=f"{block} without end{block}")


def _only_output(bound: BoundTemplate, source: str) -> Printed | None:
    if not source.strip().startswith("{{"):
        return None
    outputs = [node for node in bound.nodes if isinstance(node, Printed)]
    others = (node for node in bound.nodes if not isinstance(node, Printed))
    blank = all(not str(node).strip() for node in others)
    return outputs[0] if len(outputs) == 1 and blank else None


def render_text(source: str, scope: NameScope, *, html: bool = False) -> str:
    """Return a stored message template filled in from `scope`. Raises ExpressionError."""
    text = compile_template(source, html=html).text(scope)
    return text if isinstance(text, str) else ""


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
    return list(compile_template(source).paths)


def paths_in(value: Json) -> Iterator[Path]:
    """Yield the paths that the templates in `value` read, however deep they lie."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from paths_in(element)
    elif isinstance(value, str) and is_template(value):
        yield from template_paths(value)
