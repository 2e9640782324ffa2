"""Steps that wait: for a moment, for an event, for a decision; and when a reminder is due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from tenants.core.json import Json
from tenants.core.text.names import one_line
from workflows.definition.approvers import can_be_asked
from workflows.definition.errors import ExpressionError
from workflows.definition.language import APPROVERS_BELONG
from workflows.definition.programs.instructions import (
    Approval,
    Instruction,
    Reminder,
    Wait,
    WaitForEvent,
)
from workflows.engine.history.entries import Entry
from workflows.engine.history.results import Results
from workflows.engine.outcomes import FailureCode, Outcome, StepCompleted, StepFailed
from workflows.engine.progress import (
    AwaitedEvent,
    Job,
    Progress,
    Question,
    WaitType,
    expected,
    named,
    since,
    stored,
)
from workflows.engine.statuses import StepStatus
from workflows.engine.walker import Steer, Walk


@dataclass(frozen=True, slots=True)
class ReminderCall:
    """One time that one reminder is due."""

    number: int  # of all calls of the wait, 1-based
    reminder: Reminder
    at: datetime


def calls(reminders: Sequence[Reminder], since: datetime) -> list[ReminderCall]:
    """Return every call of a wait that began at `since`, in order."""
    times = sorted(_times(reminders, since), key=lambda call: call[0])
    return [ReminderCall(number, reminder, at) for number, (at, reminder) in enumerate(times, 1)]


def _times(reminders: Sequence[Reminder], since: datetime) -> Iterator[tuple[datetime, Reminder]]:
    for reminder in reminders:
        for turn in range(reminder.at_most if reminder.every else 1):
            yield since + reminder.after + turn * (reminder.every or timedelta(0)), reminder


def next_call(reminders: Sequence[Reminder], pending: Mapping[str, Json]) -> ReminderCall | None:
    since = datetime.fromisoformat(pending["since"])
    return next(iter(calls(reminders, since)[pending["reminders"] :]), None)


def call_to_make(
    reminders: Sequence[Reminder], pending: Mapping[str, Json], now: datetime
) -> ReminderCall | None:
    """Return the call to make now, if one is due.

    Of calls of one reminder that were all missed, while no worker ran, only the last is made;
    that of another reminder comes in its turn.
    """
    since = datetime.fromisoformat(pending["since"])
    due = [one for one in calls(reminders, since)[pending["reminders"] :] if one.at <= now]
    if not due:
        return None
    first = due[0]
    same = 0
    while same + 1 < len(due) and due[same + 1].reminder is first.reminder:
        same += 1
    return due[same]


def resumed(results: Results, step_name: str) -> Mapping[str, Json] | None:
    """Return the pending data of a wait that a reminder interrupted, or None: it begins anew.

    The steps of a reminder lead back to the wait; what it is waiting for stands in the entry that
    the reminder left.
    """
    waiting: Mapping[str, Json] | None = results.latest.get(step_name, {}).get("waiting")
    return waiting


# The ids of the events that ended a wait before, in a loop, that it keeps in mind. Of older ones it
# knows that they came before.
MAX_SEEN: Final = 50


def wait(walker: Walk, job: Job, _done: Json, now: datetime) -> Outcome | Progress:
    """Wait for a moment, unless it is past."""
    instruction = expected(job.instruction, Wait)
    wake_at = instruction.wake_at(job.scope)
    if wake_at <= now:
        return StepCompleted({"until": wake_at.isoformat()})
    asked = replace(job, input=instruction.render(job.scope))
    pending = {**stored(asked), "wake_at": wake_at.isoformat(), "since": now.isoformat()}
    return _until_moment(walker, instruction, pending, (WaitType.TIME, wake_at), now)


def wake(
    walker: Walk, instruction: Instruction, pending: Mapping[str, Json], now: datetime
) -> Progress:
    """End a wait, or wait on if the run was woken before its time."""
    wake_at = datetime.fromisoformat(pending["wake_at"])
    if now < wake_at:
        return _until_moment(walker, instruction, pending, (WaitType.TIME, wake_at), now)
    return walker.over(instruction, pending, StepCompleted({"until": pending["wake_at"]}), now)


def ask(walker: Walk, job: Job, _done: Json, now: datetime) -> Progress:
    """Begin to wait for an event or a decision; or wait on, behind the steps of a reminder."""
    instruction = job.instruction
    if not job.attempts:
        waiting = resumed(walker.seen, instruction.name)
        if waiting:
            return _park(walker, instruction, waiting, now)
    params: Json = instruction.render(job.scope)
    if isinstance(instruction, Approval):
        _refuse_unreachable(params["approvers"])
    until = _until(instruction, now)
    pending = {
        **stored(replace(job, input=params)),
        "awaits": "approval" if isinstance(instruction, Approval) else "event",
        "since": now.isoformat(),
        "until": until.isoformat() if until else None,
        "reminders": 0,
    }
    parked = _park(walker, instruction, pending, now)
    if not isinstance(instruction, Approval):
        return parked
    parked = replace(parked, pending={**pending, "timeout_choice": instruction.timeout_choice})
    belongs = job.scope.language >= APPROVERS_BELONG
    strangers = [one for one in params["approvers"] if one not in instruction.named]
    question = Question(
        instruction.name, params, instruction.allow_self, until, strangers if belongs else ()
    )
    return replace(parked, question=question)


def _refuse_unreachable(approvers: Sequence[str]) -> None:
    """Raise ExpressionError for somebody whom no mail could reach and no member is called.

    Whoever is asked may come from a payload, and one address must not stand in the way of a mail.
    """
    for one in approvers:
        if not can_be_asked(one):
            raise ExpressionError("bad_approver", approver=one_line(one, 100))


def goes_on(walker: Walk, instruction: Instruction) -> bool:
    """Whether a wait is under way, and the steps of a reminder lead back to it."""
    return resumed(walker.seen, instruction.name) is not None


def awake(
    walker: Walk,
    instruction: Instruction,
    pending: Mapping[str, Json],
    arrival: Mapping[str, Json] | None,
    now: datetime,
) -> Progress:
    """Go on if what was waited for came or time is up; else remind, or wait on."""
    if arrival or is_up(pending, now):
        outcome = _answer(instruction, arrival, pending, now)
        return walker.over(instruction, pending, outcome, now)
    call = call_to_make(_reminders(instruction), pending, now)
    if call is None:
        return _park(walker, instruction, pending, now)
    link = {"link": pending["link"]} if "link" in pending else {}
    entry: Entry = {
        **named(pending),
        "status": StepStatus.COMPLETED,
        **since(pending, now).as_json(),
        "output": {"reminder": call.number, **link},
        # What the wait goes on with, once the steps of the reminder are done.
        "waiting": {**pending, "reminders": call.number},
    }
    walker.record(entry)
    return walker.walk(call.reminder.body, now)


def is_up(pending: Mapping[str, Json], at: datetime) -> bool:
    return bool(pending["until"]) and at >= datetime.fromisoformat(pending["until"])


def _next_moment(instruction: Instruction, pending: Mapping[str, Json]) -> datetime | None:
    """Return when the next reminder is due or time is up, whichever is first."""
    if "until" not in pending:
        return None  # children have no clock
    call = next_call(_reminders(instruction), pending)
    until = datetime.fromisoformat(pending["until"]) if pending["until"] else None
    return min((one for one in (until, call.at if call else None) if one), default=None)


def _park(
    walker: Walk, instruction: Instruction, pending: Mapping[str, Json], now: datetime
) -> Progress:
    """Wait until what is waited for comes, the next reminder is due, or time is up."""
    due = _next_moment(instruction, pending)
    if isinstance(instruction, WaitForEvent):
        parked = _until_moment(walker, instruction, pending, (WaitType.EVENT, due), now)
        return replace(parked, awaited=awaited(walker, instruction, pending))
    return _until_moment(walker, instruction, pending, (WaitType.APPROVAL, due), now)


def _until_moment(
    walker: Walk,
    instruction: Instruction,
    pending: Mapping[str, Json],
    wait: tuple[WaitType, datetime | None],
    now: datetime,
) -> Progress:
    """Park until a moment; None: until somebody wakes the run."""
    wait_type, due = wait
    due_in = max(due - now, timedelta(0)) if due else None
    return replace(walker.parked(instruction.index, pending, wait_type, due_in), due_at=due)


def awaited(walker: Walk, wait: WaitForEvent, pending: Mapping[str, Json]) -> AwaitedEvent:
    """Return which event ends a wait. One that ended this step before, in a loop, does not."""
    own = [one for one in walker.seen if one["step_name"] == wait.name]
    outputs = [one.get("output") or {} for one in own]
    ends = [output["event_id"] for output in outputs if "event_id" in output]
    seen = tuple(ends[-MAX_SEEN:])
    return AwaitedEvent(
        wait.event_type,
        pending["input"]["match"],
        wait.look_back,
        behind=seen[-1] if seen else None,
        seen=seen,
        knows_all=len(seen) == len(ends) and len(own) == walker.turns_of(wait),
    )


def is_due(instruction: Instruction, pending: Mapping[str, Json], now: datetime) -> bool:
    due = _next_moment(instruction, pending)
    return due is not None and due <= now


def _until(instruction: Instruction, now: datetime) -> datetime | None:
    if isinstance(instruction, WaitForEvent | Approval) and instruction.give_up_after:
        return now + instruction.give_up_after
    return None


def _reminders(instruction: Instruction) -> Sequence[Reminder]:
    return instruction.reminders if isinstance(instruction, WaitForEvent | Approval) else ()


def _answer(
    instruction: Instruction,
    arrival: Mapping[str, Json] | None,
    pending: Mapping[str, Json],
    now: datetime,
) -> Outcome:
    if arrival is not None and arrival.get("decided_via") != "timeout":
        shown = {key: value for key, value in arrival.items() if key != "decided_via"}
        if isinstance(instruction, Approval):
            shown["answers"] = {**_unanswered(pending), **shown["answers"]}
        return StepCompleted({**shown, "timed_out": False})
    if isinstance(instruction, WaitForEvent) and instruction.on_timeout is not None:
        return StepCompleted({"timed_out": True}, instruction.on_timeout)
    if isinstance(instruction, Approval) and instruction.timeout_choice is not None:
        nobody = {"answers": _unanswered(pending), "decided_by": "", "decided_at": now.isoformat()}
        return StepCompleted({"choice": instruction.timeout_choice, **nobody, "timed_out": True})
    waited = now - datetime.fromisoformat(pending["since"])
    return StepFailed(FailureCode.NOT_IN_TIME, {"seconds": round(waited.total_seconds())})


def _unanswered(pending: Mapping[str, Json]) -> dict[str, Json]:
    """Return every field of the form without a value: later steps may read any of them."""
    return {field["key"]: None for field in pending["input"]["form"]}


STEPS: Final[Mapping[type, Steer]] = {Wait: wait, WaitForEvent: ask, Approval: ask}
