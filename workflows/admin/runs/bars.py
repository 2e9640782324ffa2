"""A run's steps as bars on one line of time: when each try began, and how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workflows.presentation.runs.lines import Attempt, StepLine, StepState

# The bars' own unit: a picture of this width is stretched to whatever place it has.
FULL: Final = 1000
THINNEST: Final = 8  # a step of a millisecond in a run of a day is still to be seen


@dataclass(frozen=True, slots=True)
class Bar:
    """One try. Both numbers are of FULL."""

    offset: int
    width: int
    tone: str  # good, bad or wait


@dataclass(frozen=True, slots=True)
class BarSpan:
    """From the first thing that was done to the last."""

    begin: datetime
    took: timedelta

    def place(self, started_at: datetime, took: timedelta, tone: str) -> Bar:
        """Return the bar of something that took `took`, inside the picture whatever it says."""
        whole = max(self.took, timedelta(milliseconds=1))
        width = max(round(took / whole * FULL), THINNEST)
        offset = round((started_at - self.begin) / whole * FULL)
        offset = min(max(offset, 0), FULL - THINNEST)
        return Bar(offset, min(width, FULL - offset), tone)


def span_of(lines: Sequence[StepLine]) -> BarSpan | None:
    """Return the time in which the steps were done; None if none was begun."""
    tries = [(begun, took) for line in lines for begun, took, _failed in _tries(line)]
    if not tries:
        return None
    begin = min(begun for begun, _took in tries)
    return BarSpan(begin, max(begun + took for begun, took in tries) - begin)


def bars_of(line: StepLine, span: BarSpan | None) -> tuple[Bar, ...]:
    """Return a bar for each try of a step, and one for the time it waited in between."""
    tries = list(_tries(line))
    if span is None or not tries:
        return ()
    first, last = tries[0], tries[-1]
    waits = [span.place(first[0], last[0] - first[0], "wait")] if len(tries) > 1 else []
    done = [span.place(begun, took, "bad" if failed else "good") for begun, took, failed in tries]
    return (*waits, *done)


def _tries(line: StepLine) -> Sequence[tuple[datetime, timedelta, bool]]:
    stated: Sequence[Attempt | StepLine] = line.attempts or (line,)
    return [
        (one.started_at, timedelta(milliseconds=one.duration_ms or 0), _has_failed(one))
        for one in stated
        if one.started_at is not None
    ]


def _has_failed(one: Attempt | StepLine) -> bool:
    is_partly = isinstance(one, StepLine) and one.state is StepState.PARTLY
    return bool(one.error) and not is_partly
