"""When a wait's reminders are due, and which of those that were missed are made up for."""

from datetime import UTC, datetime, timedelta

import pytest

from workflows.definition.programs.instructions import Reminder
from workflows.engine.history.results import Results
from workflows.engine.waiting import ReminderCall, call_to_make, calls, next_call, resumed

SINCE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NUDGE = Reminder(after=HOUR, every=HOUR, at_most=3, body=5)  # after 1, 2, 3 hours
NOTICE = Reminder(after=2 * HOUR + HOUR / 2, every=None, at_most=1, body=8)  # after 2.5


def pending(made=0):
    return {"since": SINCE.isoformat(), "reminders": made}


def after(hours):
    return SINCE + hours * HOUR


def test_the_calls_of_all_reminders_stand_in_one_order():
    made = calls([NOTICE, NUDGE], SINCE)

    assert made == [
        ReminderCall(1, NUDGE, after(1)),
        ReminderCall(2, NUDGE, after(2)),
        ReminderCall(3, NOTICE, after(2.5)),
        ReminderCall(4, NUDGE, after(3)),
    ]


def test_of_two_at_one_moment_the_first_in_the_document_comes_first():
    other = Reminder(after=2 * HOUR, every=None, at_most=1, body=9)

    assert [one.reminder.body for one in calls([NUDGE, other], SINCE)] == [5, 5, 9, 5]
    assert [one.reminder.body for one in calls([other, NUDGE], SINCE)] == [5, 9, 5, 5]


@pytest.mark.parametrize("every", [None, HOUR])
def test_without_every_a_reminder_comes_once_however_often_it_may(every):
    reminder = Reminder(after=DAY, every=every, at_most=4, body=1)

    assert len(calls([reminder], SINCE)) == (4 if every else 1)


def test_without_reminders_nothing_is_called():
    assert calls([], SINCE) == []
    assert next_call([], pending()) is None
    assert call_to_make([], pending(), after(99)) is None


@pytest.mark.parametrize(
    ("made", "hours"), [(0, 1), (1, 2), (2, 2.5), (3, 3), (4, None), (9, None)]
)
def test_the_next_call_is_the_one_behind_those_already_made(made, hours):
    call = next_call([NUDGE, NOTICE], pending(made))

    assert (call and call.at) == (hours and after(hours))


@pytest.mark.parametrize(
    ("made", "hours", "number"),
    [
        (0, 0.99, None),
        (0, 1, 1),  # at its moment, not only behind it
        (0, 1.5, 1),
        (0, 2, 2),  # two were missed: they collapse into the second
        (0, 2.4, 2),
        (0, 2.5, 2),  # the notice is due as well, and comes in its turn
        (2, 2.5, 3),
        (0, 99, 2),  # not the fourth: the notice lies between
        (2, 99, 3),
        (3, 99, 4),
        (4, 99, None),
        (1, 1.5, None),
    ],
)
def test_missed_calls_of_one_reminder_are_made_up_for_by_the_last(made, hours, number):
    call = call_to_make([NUDGE, NOTICE], pending(made), after(hours))

    assert (call and call.number) == number


def test_nothing_missed_is_called_twice_and_nothing_is_left_out_in_the_end():
    made, numbers = 0, []
    while call := call_to_make([NUDGE, NOTICE], pending(made), after(99)):
        made = call.number
        numbers.append((call.number, call.reminder.body))

    assert numbers == [(2, 5), (3, 8), (4, 5)]


def test_moments_count_from_the_start_of_the_wait_and_do_not_drift():
    late = pending(1)  # the first was called long after its moment

    assert next_call([NUDGE], late).at == after(2)


def entry(name, **more):
    return {"step_name": name, "status": "completed", **more}


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ([], None),
        ([entry("other", waiting={"reminders": 1})], None),
        ([entry("it")], None),
        ([entry("it", waiting={"reminders": 1})], {"reminders": 1}),
        ([entry("it", waiting={"reminders": 1}), entry("nudge")], {"reminders": 1}),
        (
            [entry("it", waiting={"reminders": 1}), entry("it", waiting={"reminders": 2})],
            {"reminders": 2},
        ),
        # It ended, and is entered again, in a loop: it begins anew.
        ([entry("it", waiting={"reminders": 1}), entry("it")], None),
    ],
)
def test_a_wait_that_a_reminder_interrupted_goes_on_where_it_was(results, found):
    assert resumed(Results(results), "it") == found
