"""Waits for somebody else: when they end, and when a reminder is due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenants.core.json import Json
from workflows.definition.programs.instructions import Reminder
from workflows.engine.history.results import Results


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
    """Return the next call after those already made."""
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
