"""What became of a run: its steps as lines, and all of it in one sentence that can be read out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.engine.statuses import RunStatus, StepStatus
from workflows.wording.errors import sentence

Json = Any

MOST_NAMED: Final = 3  # more steps than this are counted instead of named


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
    retry_at: str = ""  # as a clock shows it; "" unless a failed step will be tried again
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
    reason: str = ""  # why it was skipped
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


def summary(facts: RunFacts) -> str:
    """Return the run's story in one sentence, with the reason behind it if something failed."""
    return _TELLERS[facts.status](facts, timeline(facts))


def _line(
    number: int, step: PlannedStep, entry: Mapping[str, Json] | None, facts: RunFacts
) -> Line:
    label = step.label or step.name
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
        reason=sentence(entry["reason"], {}) if entry.get("reason") else "",
        input=entry.get("input"),
        output=entry.get("output"),
        attempts=_attempts(entry.get("attempts", ())),
    )


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
        error=_run_error(facts) if dead else "",
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


def _queued(facts: RunFacts, lines: Sequence[Line]) -> str:
    if facts.is_paused:
        return _("On hold: all workflows are paused, and this one starts when they go on.")
    done = _in_state(lines, StepState.COMPLETED, StepState.SKIPPED, StepState.FAILED)
    following = _in_state(lines, StepState.NEXT)
    if done and following:
        return _("In the queue: it goes on with %(step)s as soon as a worker is free.") % {
            "step": _place(following[0], lines)
        }
    return _("In the queue: it starts as soon as a worker is free.")


def _running(facts: RunFacts, lines: Sequence[Line]) -> str:
    under_way = _in_state(lines, StepState.RUNNING)
    if not under_way:
        return _("Under way.")
    return _("Under way: %(step)s.") % {"step": _place(under_way[0], lines)}


def _waiting(facts: RunFacts, lines: Sequence[Line]) -> str:
    waits = _in_state(lines, StepState.WAITING)
    if not waits:
        return _("Waiting.")
    step = waits[0]
    if not step.attempts:
        return _("Waiting at %(step)s.") % {"step": _place(step, lines)}
    told = ngettext(
        "Waiting: %(step)s failed, and is tried again at %(time)s.",
        "Waiting: %(step)s failed %(count)s times, and is tried again at %(time)s.",
        len(step.attempts),
    ) % {"step": _quoted(step), "count": len(step.attempts), "time": facts.retry_at}
    return _sentences(told, step.attempts[-1].error)


def _completed(facts: RunFacts, lines: Sequence[Line]) -> str:
    done, skipped = _done(lines), _skipped(lines)
    if not done:
        return _("Completed: there was nothing to do, %(skipped)s.") % {"skipped": skipped}
    if not skipped:
        return _("Completed: %(done)s.") % {"done": done}
    return _("Completed: %(done)s; %(skipped)s.") % {"done": done, "skipped": skipped}


def _completed_with_errors(facts: RunFacts, lines: Sequence[Line]) -> str:
    wrong = _in_state(lines, StepState.FAILED, StepState.UNKNOWN)
    values = {"done": _done(lines), "failed": _failures(wrong)}
    told = (
        _("Completed with errors: %(done)s, but %(failed)s.")
        if values["done"]
        else _("Completed with errors: %(failed)s.")
    )
    return _sentences(told % values, wrong[0].error if wrong else "")


def _failed(facts: RunFacts, lines: Sequence[Line]) -> str:
    wrong = _in_state(lines, StepState.FAILED, StepState.UNKNOWN)
    if not wrong:
        return _sentences(_("Failed."), _run_error(facts))
    last = wrong[-1]
    told = _("Failed at %(step)s.") % {"step": _place(last, lines)}
    left = _in_state(lines, StepState.NOT_REACHED)
    rest = ngettext("%(steps)s was not reached.", "%(steps)s were not reached.", len(left)) % {
        "steps": _named(left)
    }
    return _sentences(told, last.error or _run_error(facts), rest if left else "")


def _cancelled(facts: RunFacts, lines: Sequence[Line]) -> str:
    done = _done(lines)
    if not done:
        return _("Cancelled before anything was done.")
    return _("Cancelled: %(done)s, the rest was not.") % {"done": done}


def _left_out(facts: RunFacts, lines: Sequence[Line]) -> str:
    return _sentences(_("Skipped: nothing was done."), facts.error_message or "")


def _run_error(facts: RunFacts) -> str:
    return facts.error_message or (sentence(facts.error_code, {}) if facts.error_code else "")


def _in_state(lines: Sequence[Line], *states: StepState) -> list[Line]:
    return [line for line in lines if line.state in states]


def _done(lines: Sequence[Line]) -> str:
    done = _in_state(lines, StepState.COMPLETED, StepState.REUSED)
    if not done:
        return ""
    told = ngettext("%(steps)s was done", "%(steps)s were done", len(done))
    return told % {"steps": _named(done)}


def _skipped(lines: Sequence[Line]) -> str:
    skipped = _in_state(lines, StepState.SKIPPED)
    if not skipped:
        return ""
    return ngettext("%(steps)s was skipped", "%(steps)s were skipped", len(skipped)) % {
        "steps": _named(skipped)
    }


def _failures(wrong: Sequence[Line]) -> str:
    return ngettext("%(steps)s failed", "%(steps)s failed", len(wrong)) % {"steps": _named(wrong)}


def _named(lines: Sequence[Line]) -> str:
    if len(lines) > MOST_NAMED:
        return ngettext("%(count)s step", "%(count)s steps", len(lines)) % {"count": len(lines)}
    names = [_quoted(line) for line in lines]
    if len(names) < 2:
        return "".join(names)
    comma = _(", ")
    return _("%(first)s and %(last)s") % {"first": comma.join(names[:-1]), "last": names[-1]}


def _quoted(line: Line) -> str:
    return _("“%(label)s”") % {"label": line.label}


def _place(line: Line, lines: Sequence[Line]) -> str:
    return _("step %(number)s of %(total)s, %(step)s") % {
        "number": line.number,
        "total": len(lines),
        "step": _quoted(line),
    }


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)


_TELLERS: Final[Mapping[RunStatus, Callable[[RunFacts, Sequence[Line]], str]]] = {
    RunStatus.QUEUED: _queued,
    RunStatus.RUNNING: _running,
    RunStatus.WAITING: _waiting,
    RunStatus.COMPLETED: _completed,
    RunStatus.COMPLETED_WITH_ERRORS: _completed_with_errors,
    RunStatus.FAILED: _failed,
    RunStatus.CANCELLED: _cancelled,
    RunStatus.SKIPPED: _left_out,
}
