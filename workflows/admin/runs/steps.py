"""The steps of a run, ready for its page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from actions import registry
from workflows.admin.editor.endpoints.known import params_of
from workflows.admin.editor.endpoints.values import OUTPUTS
from workflows.admin.runs.bars import Bar, BarSpan, bars_of, span_of
from workflows.admin.runs.recipients import ShownRecipient, shown_recipients
from workflows.admin.runs.recovery import Recovery
from workflows.admin.runs.related import ShownFamily
from workflows.definition.kinds import KINDS
from workflows.presentation import badges, values
from workflows.presentation.runs.children import part_title
from workflows.presentation.runs.lines import Attempt, RelatedRuns, StepBranch, StepLine, StepState
from workflows.presentation.runs.plans import WayKind
from workflows.presentation.times import milliseconds, short_moment
from workflows.presentation.whatsapp import PARTS, told, value_names

# Nothing has been done of these.
GREY: Final = frozenset(
    {StepState.NOT_REACHED, StepState.NOT_TAKEN, StepState.SKIPPED, StepState.NEXT}
)
# What somebody who opens the page came to read.
READ_FIRST: Final = frozenset({StepState.FAILED, StepState.UNKNOWN, StepState.WAITING})
# What went wrong with these may be put right.
PUT_RIGHT: Final = frozenset({StepState.FAILED, StepState.UNKNOWN, StepState.PARTLY})
# Inside these somebody who opens the page looks.
LOOKED_INTO: Final = READ_FIRST | {StepState.RUNNING, StepState.NEXT, StepState.BROKEN_OFF}
MAX_ROUNDS: Final = 10  # the last ones; a loop may have taken a thousand

Families = Callable[[RelatedRuns], ShownFamily]


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    """A try of a step."""

    number: int
    started_at: datetime | None
    took: str
    error: str


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step."""

    line: StepLine
    badge: badges.Badge
    action: str
    icon: str
    took: str
    bars: tuple[Bar, ...]
    input: values.ShownValue | None
    output: values.ShownValue | None
    raw_input: str
    raw_output: str
    attempts: tuple[ShownAttempt, ...]
    key: str  # its place on the page: an id
    when: str
    message: Mapping[str, Any] | None = None  # what it sent, as its reader sees it
    parts: tuple["ShownPart", ...] = ()
    family: ShownFamily | None = None
    recovery: Recovery | None = None  # of a step that failed: what helps
    recipients: tuple[ShownRecipient, ...] = ()  # of a mail done in part

    @property
    def is_grey(self) -> bool:
        """Whether nothing has been done of it."""
        return self.line.state in GREY

    @property
    def counts_its_children(self) -> bool:
        """Whether how its child runs did is not said already."""
        return self.line.state not in {StepState.COMPLETED, StepState.PARTLY}

    @property
    def is_open(self) -> bool:
        """Whether its values are unfolded from the start."""
        return self.line.state in READ_FIRST


@dataclass(frozen=True, slots=True)
class ShownPart:
    """Steps inside a step; of a way that was not taken only what they are called."""

    title: str
    is_taken: bool
    verdict: str
    names: tuple[str, ...]
    steps: tuple[ShownStep, ...]
    key: str
    is_open: bool
    left_out: int = 0  # rounds before this one that are not shown
    earlier: str = ""  # the address at which they are shown
    left_out_behind: int = 0
    later: str = ""


@dataclass(frozen=True, slots=True)
class Rounds:
    """Which rounds of a loop somebody asked to see. Of every other loop the last are shown."""

    loop: str = ""  # the key of its step on the page
    first: int = 0  # counted from 0

    @classmethod
    def read(cls, asked: str) -> "Rounds":
        """Read the page's parameter; what makes no sense asks for nothing."""
        loop, _colon, first = asked.rpartition(":")
        is_number = first.isascii() and first.isdigit() and len(first) < 9
        return cls(loop, int(first)) if loop and is_number else cls()


def shown_steps(
    lines: Sequence[StepLine],
    families: Families | None = None,
    rounds: Rounds | None = None,
    helps: Mapping[str, Recovery] | None = None,
) -> list[ShownStep]:
    """Return the steps, their values named as their actions name them.

    `rounds`: None where a page has no way to the rounds that it leaves out. `helps`: what helps
    about the steps that failed, by name.
    """
    return _Page(span_of(list(_all(lines))), families, rounds, helps or {}).steps(lines)


def shown_parts(
    parts: Sequence[StepBranch],
    lines: Sequence[StepLine],
    families: Families | None = None,
    rounds: Rounds | None = None,
) -> tuple[ShownPart, ...]:
    """Return what stands behind the steps `lines`, on the same line of time."""
    return _Page(span_of(list(_all(lines))), families, rounds).parts(parts, "f")


def _all(lines: Sequence[StepLine]) -> Iterator[StepLine]:
    for line in lines:
        yield line
        for part in line.parts:
            yield from _all(part.lines)


@dataclass(frozen=True, slots=True)
class _Page:
    span: BarSpan | None
    families: Families | None
    rounds: Rounds | None
    helps: Mapping[str, Recovery] = field(default_factory=dict)

    def steps(self, lines: Sequence[StepLine], prefix: str = "") -> list[ShownStep]:
        return [self._step(line, f"{prefix}{line.number}") for line in lines]

    def parts(self, parts: Sequence[StepBranch], key: str) -> tuple[ShownPart, ...]:
        rounds = [
            number
            for number, part in enumerate(parts, 1)
            if part.is_taken and part.kind is WayKind.ROUND
        ]
        shown = self._shown_rounds(key, len(rounds))
        hidden = {*rounds[: shown.start], *rounds[shown.stop :]}
        found = {
            number: self._part(part, f"{key}-{number}")
            for number, part in enumerate(parts, 1)
            if number not in hidden
        }
        if shown.start:
            first = max(shown.start - MAX_ROUNDS, 0)
            link = _address(key, first, rounds[first]) if self.rounds is not None else ""
            one = rounds[shown.start]
            found[one] = replace(found[one], left_out=shown.start, earlier=link)
        if shown.stop < len(rounds):
            one, link = rounds[shown.stop - 1], _address(key, shown.stop, rounds[shown.stop])
            behind = len(rounds) - shown.stop
            found[one] = replace(found[one], left_out_behind=behind, later=link)
        return tuple(found.values())

    def _shown_rounds(self, key: str, count: int) -> range:
        """Return which of the rounds of a loop are shown: the last ones, or those asked for."""
        last = max(count - MAX_ROUNDS, 0)
        is_asked = self.rounds is not None and self.rounds.loop == key
        first = min(self.rounds.first, last) if self.rounds and is_asked else last
        return range(first, min(first + MAX_ROUNDS, count))

    def _step(self, line: StepLine, key: str) -> ShownStep:
        inputs, outputs = _schemas(line.action)
        fields, words = _inner_names(line), _inner_words(line)
        message = _message(line)
        output = _beside(line.output, message)
        return ShownStep(
            line=line,
            badge=badges.step_badge(line.state),
            action=badges.action_label(line.action),
            icon=badges.action_icon(line.action),
            took=milliseconds(line.duration_ms),
            bars=bars_of(line, self.span),
            input=_values(line.input, inputs, fields, words),
            output=_values(output, outputs, fields, words),
            raw_input=values.raw(line.input),
            raw_output=values.raw(line.output),
            attempts=tuple(_shown_attempt(attempt) for attempt in line.attempts),
            key=key,
            when=self._when(line.started_at),
            message=message,
            parts=self.parts(line.parts, key),
            family=self.families(line.kin) if line.kin and self.families else None,
            recovery=self.helps.get(line.name) if line.state in PUT_RIGHT else None,
            recipients=shown_recipients(line) if line.recipients else (),
        )

    def _part(self, part: StepBranch, key: str) -> ShownPart:
        is_alive = any(line.state in LOOKED_INTO for line in _all(part.lines))
        is_one_of_many = part.kind in {WayKind.ROUND, WayKind.REMINDER}
        return ShownPart(
            title=part_title(part),
            is_taken=part.is_taken,
            verdict="" if part.is_taken or part.may_come else _verdict(part.kind),
            names=() if part.is_taken else tuple(line.label for line in part.lines),
            steps=tuple(self.steps(part.lines, f"{key}-")) if part.is_taken else (),
            key=key,
            is_open=is_alive or not is_one_of_many,
        )

    def _when(self, moment: datetime | None) -> str:
        """Return the time; of a step on another day than the first, the day as well."""
        if moment is None:
            return ""
        local = timezone.localtime(moment)
        began = timezone.localtime(self.span.begin if self.span else moment)
        return f"{local:%H:%M:%S}" if local.date() == began.date() else short_moment(moment)


def _address(loop: str, first: int, number: int) -> str:
    """Return where the page shows a loop's rounds from the one counted `first`."""
    return f"?rounds={loop}:{first}#sayr-part-{loop}-{number}"


def _verdict(kind: WayKind) -> str:
    """Return what to say of a way that the run has passed by."""
    if kind in {WayKind.CASE, WayKind.OTHERWISE}:
        return _("not taken")
    return _("not needed")


def _inner_names(line: StepLine) -> dict[str, str]:
    """Return what is called how inside a step's values: the fields of its record, for example."""
    if line.action == "whatsapp_notify":
        return value_names()
    table = _table_of(line)
    # What a step has changed is told as {"status": {"from": …, "to": …}}.
    return {**values.record_fields(table), "from": _("From"), "to": _("To")} if table else {}


def _inner_words(line: StepLine) -> values.Words:
    """Return what people call the values of the record that a step reads or writes."""
    return values.record_words(_table_of(line))


def _table_of(line: StepLine) -> Any:
    return line.input.get("table") if isinstance(line.input, dict) else None


def _message(line: StepLine) -> dict[str, Any] | None:
    """Return the WhatsApp message that a step has sent. A dry run shows its own."""
    is_sent = line.action == "whatsapp_notify" and isinstance(line.output, dict)
    return told(line.output) if is_sent and not line.notes else None


def _beside(output: Any, message: Mapping[str, Any] | None) -> Any:
    """Return what is told of an output beside the picture of its message."""
    if message is None:
        return output
    return {name: value for name, value in output.items() if name not in PARTS}


def _values(
    value: Any,
    schema: Mapping[str, Any] | None,
    fields: Mapping[str, str],
    words: values.Words | None = None,
) -> values.ShownValue | None:
    if value is None:
        return None
    return values.show(value, labels=values.titles(schema), inner=fields, words=words)


def _shown_attempt(attempt: Attempt) -> ShownAttempt:
    took = milliseconds(attempt.duration_ms)
    return ShownAttempt(attempt.number, attempt.started_at, took, attempt.error)


def _schemas(action: str) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    if action not in KINDS:
        try:
            spec = registry.get(action)
        except registry.UnknownAction:
            return None, None
        return spec.params, spec.output
    named = {name: {"title": title} for name, title in OUTPUTS.get(action, {}).items()}
    return params_of(action), {"properties": named}
