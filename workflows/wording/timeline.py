"""A run's steps as lines: what was done, what is under way, what was not reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from workflows.engine.statuses import RunStatus, StepStatus
from workflows.wording.actors import actor_words
from workflows.wording.errors import sentence
from workflows.wording.values import spelt_out

Json = Any


class StepState(StrEnum):
    """What a line of the timeline says of its step."""

    COMPLETED = StepStatus.COMPLETED.value
    FAILED = StepStatus.FAILED.value
    SKIPPED = StepStatus.SKIPPED.value
    UNKNOWN = StepStatus.UNKNOWN.value
    REUSED = StepStatus.REUSED.value
    RUNNING = "running"
    WAITING = "waiting"
    NEXT = "next"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of the version that the run executes."""

    name: str
    label: str
    action: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """All of a run that its story is told from."""

    status: RunStatus
    plan: Sequence[PlannedStep]
    results: Sequence[Mapping[str, Json]]
    pending: Mapping[str, Json] | None = None
    error_code: str | None = None
    error_message: str | None = None
    due_at: str = ""  # of a run that waits, as a clock shows it: for a retry, or for a time
    is_paused: bool = False  # the tenant: nothing starts


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a step."""

    number: int
    started_at: datetime | None
    duration_ms: int | None
    error: str  # "" if it went well


@dataclass(frozen=True, slots=True)
class Line:
    """A step as people read it."""

    number: int
    name: str
    label: str
    action: str
    state: StepState
    started_at: datetime | None = None
    duration_ms: int | None = None
    error: str = ""
    reason: str = ""  # why it was skipped, or who said that it was done
    input: Json = None
    output: Json = None
    attempts: tuple[Attempt, ...] = ()


def timeline(facts: RunFacts) -> tuple[Line, ...]:
    """Return a line for each step: what was done, what is under way, what was not reached."""
    by_name = {entry["step_name"]: entry for entry in facts.results}
    lines = [
        _line(number, step, by_name.pop(step.name, None), facts)
        for number, step in enumerate(facts.plan, 1)
    ]
    for number, (name, entry) in enumerate(by_name.items(), len(lines) + 1):
        lines.append(_line(number, PlannedStep(name, "", entry["action"]), entry, facts))
    return tuple(lines)


def step_error(entry: Mapping[str, Json]) -> str:
    """Return why a step failed, in the reader's language; "" if it did not."""
    error = entry.get("error")
    return sentence(error["code"], error.get("params")) if error else ""


def run_error(facts: RunFacts) -> str:
    """Return why the run as a whole ended, if no step says it; "" if nothing went wrong."""
    return facts.error_message or (sentence(facts.error_code, {}) if facts.error_code else "")


def _line(
    number: int, step: PlannedStep, entry: Mapping[str, Json] | None, facts: RunFacts
) -> Line:
    label = step.label or spelt_out(step.name)
    if entry is None:
        return _unfinished(number, step, label, facts)
    return Line(
        number=number,
        name=step.name,
        label=label,
        action=entry["action"],
        state=StepState(entry["status"]),
        started_at=_moment(entry),
        duration_ms=entry.get("duration_ms"),
        error=step_error(entry),
        reason=_reason(entry),
        input=entry.get("input"),
        output=entry.get("output"),
        attempts=_attempts(entry.get("attempts", ())),
    )


def _reason(entry: Mapping[str, Json]) -> str:
    if entry.get("settled_by"):
        return _("%(person)s looked, and said that it was done.") % {
            "person": actor_words(entry["settled_by"])
        }
    return sentence(entry["reason"], {}) if entry.get("reason") else ""


def _unfinished(number: int, step: PlannedStep, label: str, facts: RunFacts) -> Line:
    pending = facts.pending or {}
    if pending.get("step_name") != step.name:
        state = _first_state(number, facts)
        return Line(number, step.name, label, step.action, state)
    dead = facts.status is RunStatus.FAILED
    return Line(
        number=number,
        name=step.name,
        label=label,
        action=step.action,
        state=_state_under_way(facts.status),
        error=run_error(facts) if dead else "",
        input=pending.get("input"),
        attempts=_attempts(pending.get("attempts", ())),
    )


def _first_state(number: int, facts: RunFacts) -> StepState:
    # A run that was claimed a moment ago has nothing stored of its first step.
    is_first = number == 1 and not facts.results and not (facts.pending or {}).get("step_name")
    if is_first and not facts.status.has_ended:
        return _state_under_way(facts.status)
    return StepState.NOT_REACHED


def _state_under_way(status: RunStatus) -> StepState:
    match status:
        case RunStatus.RUNNING:
            return StepState.RUNNING
        case RunStatus.WAITING:
            return StepState.WAITING
        case RunStatus.QUEUED:
            return StepState.NEXT
        case RunStatus.FAILED:
            return StepState.FAILED
        case _:
            return StepState.NOT_REACHED


def _attempts(stored: Sequence[Mapping[str, Json]]) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(number, _moment(one), one.get("duration_ms"), step_error(one))
        for number, one in enumerate(stored, 1)
    )


def _moment(entry: Mapping[str, Json]) -> datetime | None:
    written = entry.get("started_at")
    return datetime.fromisoformat(written) if written else None
