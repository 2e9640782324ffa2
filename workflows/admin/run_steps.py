"""The steps of a run, ready for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.safestring import SafeString

from actions import registry
from workflows.admin.step_bars import Bar, bars_of, span_of
from workflows.wording import badges, values
from workflows.wording.timeline import Attempt, Line, StepState
from workflows.wording.times import milliseconds

# Nothing has been done of these.
GREY: Final = frozenset({StepState.NOT_REACHED, StepState.SKIPPED, StepState.NEXT})
# What somebody who opens the page came to read.
READ_FIRST: Final = frozenset({StepState.FAILED, StepState.UNKNOWN, StepState.WAITING})


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

    line: Line
    badge: SafeString
    action: str
    icon: str
    took: str
    bars: tuple[Bar, ...]
    input: values.Shown | None
    output: values.Shown | None
    raw_input: str
    raw_output: str
    attempts: tuple[ShownAttempt, ...]

    @property
    def is_grey(self) -> bool:
        """Whether nothing has been done of it."""
        return self.line.state in GREY

    @property
    def is_open(self) -> bool:
        """Whether its values are unfolded from the start."""
        return self.line.state in READ_FIRST


def shown_steps(lines: Sequence[Line]) -> list[ShownStep]:
    """Return the steps, their values named as their actions name them."""
    span = span_of(lines)
    return [_shown(line, bars_of(line, span)) for line in lines]


def _shown(line: Line, bars: tuple[Bar, ...]) -> ShownStep:
    inputs, outputs = _schemas(line.action)
    return ShownStep(
        line=line,
        badge=badges.step_badge(line.state),
        action=badges.action_label(line.action),
        icon=badges.action_icon(line.action),
        took=milliseconds(line.duration_ms),
        bars=bars,
        input=_values(line.input, inputs),
        output=_values(line.output, outputs),
        raw_input=values.raw(line.input),
        raw_output=values.raw(line.output),
        attempts=tuple(_shown_attempt(attempt) for attempt in line.attempts),
    )


def _values(value: Any, schema: Mapping[str, Any] | None) -> values.Shown | None:
    return None if value is None else values.show(value, labels=values.titles(schema))


def _shown_attempt(attempt: Attempt) -> ShownAttempt:
    took = milliseconds(attempt.duration_ms)
    return ShownAttempt(attempt.number, attempt.started_at, took, attempt.error)


def _schemas(action: str) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    try:
        spec = registry.get(action)
    except registry.UnknownAction:
        return None, None
    return spec.params, spec.output
