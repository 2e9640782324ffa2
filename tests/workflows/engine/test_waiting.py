"""Waits for a moment, an event, a decision: when they park, wake, remind and give up."""

from datetime import datetime, timedelta

import pytest

from tests.workflows.engine.walking import NOW, kind, program_of, say, walker
from workflows.engine.history.entries import Timing
from workflows.engine.outcomes import StepCompleted
from workflows.engine.progress import WaitType
from workflows.engine.statuses import RunStatus

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NUDGE = {"after": "1h", "every": "1h", "at_most": 3, "steps": [say("nudge")]}
NOTICE = {"after": "2d", "steps": [say("notice")]}
CHOICES = [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}]
FORM = [
    {"key": "note", "label": "Note", "type": "text"},
    {"key": "sum", "label": "Sum", "type": "number"},
]


def event(**params):
    match = {"id": "{{ trigger.id }}"}
    return kind("wait_for_event", type="goods.fetched", match=match, **params)


def approval(**params):
    asked = {"title": "Refund {{ trigger.id }}?", "approvers": ["sara"], "choices": CHOICES}
    return kind("approval", **{**asked, "form": FORM, **params})


class Wait:
    """A run that waits, woken at one moment after the other."""

    def __init__(self, *steps, trigger=None, **document):
        self.program = program_of(*steps, **document)
        self.trigger, self.results = trigger or {"id": 7}, []
        self.progress = self.note(self.walker().begin(0, None, NOW))

    def walker(self):
        return walker(self.program, self.results, trigger=self.trigger)

    def note(self, progress):
        self.results.extend(progress.entries)
        self.progress = progress
        return progress

    def wake(self, after, arrival=None):
        """Let the run be due `after` so long since it began."""
        parked = self.progress
        assert parked.status is RunStatus.WAITING
        now, step = NOW + after, parked.next_step
        return self.note(self.walker().begin(step, parked.pending, now, arrival))

    def do(self, after):
        """Carry out the step under way; whatever it is, it works."""
        timing = Timing(NOW + after, 1)
        outcome, now = StepCompleted({"ok": True}), NOW + after
        settled = self.walker().settle(self.progress.job, outcome, timing, now=now, jitter=0)
        return self.note(settled)


# A moment.


@pytest.mark.parametrize(
    ("until", "due_in"),
    [
        ("2026-11-22T13:00:00Z", HOUR),
        ("2026-11-22T12:00:00Z", None),
        ("2026-11-22T11:59:59Z", None),
        ("2026-11-22T15:00:00+03:00", None),
        ("2026-11-22T15:00:01+03:00", timedelta(seconds=1)),
    ],
)
def test_a_wait_parks_until_a_moment_to_come_and_not_for_a_past_one(until, due_in):
    run = Wait(kind("wait", until="{{ trigger.at }}"), say("b"), trigger={"at": until})

    assert run.progress.due_in == due_in
    assert (run.progress.status is RunStatus.WAITING) == (due_in is not None)
    if due_in:
        assert run.progress.wait_type is WaitType.TIME


EARLY = [timedelta(0), HOUR / 2, HOUR - timedelta(microseconds=1)]


@pytest.mark.parametrize("after", EARLY)
@pytest.mark.parametrize(
    "step",
    [
        kind("wait", **{"for": "1h"}),
        event(timeout="1h"),
        event(timeout="2d", reminders=[NUDGE]),
        approval(timeout="1h", timeout_choice="no"),
        approval(timeout="2d", reminders=[NUDGE]),
    ],
    ids=["wait", "event", "reminder of an event", "approval", "reminder of an approval"],
)
def test_woken_before_its_time_a_run_waits_on_for_the_rest(step, after):
    run = Wait(step, say("b"))
    before = run.progress

    run.wake(after)

    assert (run.progress.status, run.progress.due_in) == (RunStatus.WAITING, HOUR - after)
    assert run.progress.due_at == before.due_at == NOW + HOUR
    kept = {key: run.progress.pending[key] for key in before.pending if key != "timeout_choice"}
    assert kept == {key: before.pending[key] for key in kept}
    assert (run.progress.question, run.results) == (None, [])


@pytest.mark.parametrize("after", [HOUR, HOUR + timedelta(microseconds=1), 9 * DAY])
def test_a_wait_ends_once_its_moment_has_come(after):
    run = Wait(kind("wait", **{"for": "1h"}), say("b"))

    run.wake(after)

    assert run.progress.job.instruction.name == "b"
    [entry] = run.results
    assert entry["output"] == {"until": (NOW + HOUR).isoformat()}
    assert entry["duration_ms"] == round(after.total_seconds() * 1000)


def test_a_moment_that_is_none_fails_the_step():
    run = Wait(kind("wait", until="{{ trigger.at }}"), trigger={"at": "tomorrow"})

    assert (run.progress.status, run.results[0]["error"]["code"]) == (
        RunStatus.FAILED,
        "not_a_date",
    )


# An event.


def test_without_a_timeout_or_reminders_no_clock_wakes_the_run():
    run = Wait(event())

    assert (run.progress.due_in, run.progress.wait_type) == (None, WaitType.EVENT)
    awaited = run.progress.awaited
    assert (awaited.type, awaited.match, awaited.look_back) == (
        "goods.fetched",
        {"id": 7},
        timedelta(0),
    )
    assert awaited.behind is None


def test_woken_for_nothing_it_waits_on():
    run = Wait(event())
    first = run.progress

    run.wake(DAY)

    assert (run.progress, run.results) == (first, [])


def test_the_event_that_came_ends_the_wait():
    run = Wait(event(timeout="2d"), say("b", "{{ steps.it.output.payload.by }}"))

    run.wake(HOUR, {"payload": {"by": "Rami"}, "event_id": "e-1"})

    assert run.progress.job.input == {"text": "Rami"}
    assert run.results[0]["output"] == {
        "payload": {"by": "Rami"},
        "event_id": "e-1",
        "timed_out": False,
    }
    assert run.results[0]["duration_ms"] == 3_600_000


def test_an_event_that_came_counts_even_where_time_is_up_too():
    run = Wait(event(timeout="2d"), say("b"))

    run.wake(9 * DAY, {"payload": {}, "event_id": "e-1"})

    assert run.results[0]["output"]["timed_out"] is False


def test_time_is_up_and_the_step_fails_or_goes_its_own_way():
    fails = Wait(event(timeout="2d"))
    goes = Wait(event(timeout="2d", on_timeout=[say("sorry")]), say("b"))
    assert fails.progress.due_in == goes.progress.due_in == 2 * DAY

    fails.wake(2 * DAY)
    goes.wake(2 * DAY)

    assert fails.results[0]["error"] == {"code": "not_in_time", "params": {"seconds": 172_800}}
    assert goes.progress.job.instruction.name == "sorry"
    assert goes.results[0]["output"] == {"timed_out": True}


def test_an_event_that_ended_the_wait_does_not_end_it_in_the_next_round():
    loop = kind(
        "repeat",
        "loop",
        steps=[event()],
        until={
            "all": [{"field": "steps.it.output.payload.last", "operator": "equals", "value": 1}]
        },
        every="1s",
        at_most=3,
    )
    run = Wait(loop)
    assert run.progress.awaited.behind is None

    run.wake(HOUR, {"payload": {"last": 0}, "event_id": "e-1"})
    assert run.progress.wait_type is WaitType.TIME  # the loop rests
    run.wake(HOUR)

    assert run.progress.awaited.behind == "e-1"
    run.wake(2 * HOUR, {"payload": {"last": 1}, "event_id": "e-2"})
    assert run.progress.status is RunStatus.COMPLETED


# Reminders.


def test_a_reminder_runs_its_steps_and_the_wait_goes_on_as_it_was():
    run = Wait(event(timeout="9d", reminders=[NOTICE]), say("b"))
    first = run.progress
    assert first.due_in == 2 * DAY

    run.wake(2 * DAY)
    assert run.progress.job.instruction.name == "notice"
    run.do(2 * DAY + HOUR)

    parked = run.progress
    assert (parked.status, parked.due_in) == (RunStatus.WAITING, 7 * DAY - HOUR)
    assert parked.pending == {**first.pending, "reminders": 1}
    assert parked.awaited == first.awaited
    assert [entry["step_name"] for entry in run.results] == ["it", "notice"]
    assert run.results[0]["output"] == {"reminder": 1}


def test_missed_reminders_collapse_and_the_next_keeps_its_moment():
    run = Wait(event(reminders=[NUDGE]))

    run.wake(2.5 * HOUR)
    assert run.results[0]["output"] == {"reminder": 2}
    run.do(2.75 * HOUR)

    assert run.progress.due_in == HOUR / 4
    run.wake(3 * HOUR)
    run.do(3 * HOUR)
    assert [one["output"] for one in run.results if one["step_name"] == "it"] == [
        {"reminder": 2},
        {"reminder": 3},
    ]
    assert run.progress.due_in is None  # it waits for ever now


def test_a_reminder_that_came_due_during_the_steps_of_another_comes_at_once():
    run = Wait(event(reminders=[NUDGE]))
    run.wake(HOUR)

    run.do(2.5 * HOUR)

    assert run.progress.due_in == timedelta(0)


def test_a_timeout_goes_before_reminders_that_were_missed():
    run = Wait(event(timeout="3h", reminders=[NUDGE]))

    run.wake(5 * HOUR)

    assert [entry["step_name"] for entry in run.results] == ["it"]
    assert run.results[0]["error"]["code"] == "not_in_time"


def test_the_condition_of_a_wait_is_asked_when_it_begins_and_not_behind_a_reminder():
    today = {"field": "{{ now | date: '%d' }}", "operator": "equals", "value": "22"}
    run = Wait(event(reminders=[NOTICE]) | {"condition": {"all": [today]}})

    run.wake(2 * DAY)
    run.do(2 * DAY)

    assert run.progress.status is RunStatus.WAITING
    assert [entry["status"] for entry in run.results] == ["completed", "completed"]


def test_a_reminder_that_fails_ends_no_wait():
    broken = {**NUDGE, "steps": [say("nudge", "{{ trigger.missing }}")]}
    run = Wait(event(reminders=[broken]))

    run.wake(HOUR)

    assert (run.progress.status, run.progress.due_in) == (RunStatus.WAITING, HOUR)
    assert run.results[1]["error"]["code"] == "missing_value"


def test_a_retry_by_a_person_begins_the_wait_anew():
    run = Wait(event(timeout="2d"))
    run.wake(2 * DAY)
    tried = {"step": 0, "step_name": "it", "action": "wait_for_event", "attempts": [{"error": {}}]}

    again = walker(run.program, (), trigger={"id": 7}).begin(0, tried, NOW + 5 * DAY)

    assert (again.status, again.due_in) == (RunStatus.WAITING, 2 * DAY)
    assert again.pending["since"] == (NOW + 5 * DAY).isoformat()


# A decision.

DECIDED = {
    "choice": "yes",
    "answers": {"note": "fine"},
    "decided_by": "user:sara",
    "decided_at": "2026-11-23T08:00:00+00:00",
    "decided_via": "admin",
}


def test_a_question_is_asked_once():
    run = Wait(approval(timeout="7d", allow_self=False, reminders=[NUDGE]), say("b"))
    question = run.progress.question

    assert (question.step_name, question.asked["title"]) == ("it", "Refund 7?")
    assert (question.allow_self, question.expires_at) == (False, NOW + 7 * DAY)
    assert question.asked["choices"] == CHOICES
    assert run.progress.wait_type is WaitType.APPROVAL

    run.wake(HOUR)
    run.do(HOUR)
    assert (run.progress.status, run.progress.question) == (RunStatus.WAITING, None)


def test_a_decision_ends_the_wait_with_every_field_of_the_form():
    run = Wait(approval(), say("b", "{{ steps.it.output.answers.note }}"))

    run.wake(DAY, DECIDED)

    assert run.progress.job.input == {"text": "fine"}
    assert run.results[0]["output"] == {
        "choice": "yes",
        "answers": {"note": "fine", "sum": None},
        "decided_by": "user:sara",
        "decided_at": "2026-11-23T08:00:00+00:00",
        "timed_out": False,
    }


def test_a_decision_in_time_counts_though_the_run_hears_of_it_later():
    run = Wait(approval(timeout="7d", timeout_choice="no"))

    run.wake(9 * DAY, DECIDED)

    assert run.results[0]["output"]["choice"] == "yes"


CLOSED = {**DECIDED, "choice": "", "answers": {}, "decided_by": "", "decided_via": "timeout"}


@pytest.mark.parametrize("arrival", [None, CLOSED], ids=["not closed yet", "closed"])
def test_nobody_decided_and_the_agreed_choice_counts(arrival):
    run = Wait(approval(timeout="7d", timeout_choice="no"), say("b"))

    run.wake(7 * DAY, arrival)

    now = (NOW + 7 * DAY).isoformat()
    nobody = {"answers": {"note": None, "sum": None}, "decided_by": "", "decided_at": now}
    assert run.results[0]["output"] == {"choice": "no", **nobody, "timed_out": True}
    assert run.progress.job.instruction.name == "b"


@pytest.mark.parametrize("arrival", [None, CLOSED], ids=["not closed yet", "closed"])
def test_without_an_agreed_choice_the_step_fails(arrival):
    run = Wait(approval(timeout="7d"), on_failure=[say("tell")])

    run.wake(7 * DAY, arrival)

    assert run.results[0]["error"]["code"] == "not_in_time"
    assert run.progress.job.instruction.name == "tell"


def test_the_link_goes_into_the_reminder():
    run = Wait(approval(reminders=[NUDGE]))
    run.progress.pending["link"] = "https://x/approve"

    run.wake(HOUR)

    assert run.results[0]["output"] == {"reminder": 1, "link": "https://x/approve"}


def test_a_deadline_ends_any_wait_and_leaves_nothing_to_wake():
    for step in (event(), approval(), kind("wait", **{"for": "1h"})):
        run = Wait(step, on_failure=[say("tell")])
        parked, late = run.progress, NOW + DAY

        end = run.walker().expire(parked.next_step, parked.pending, late, late + HOUR)

        assert end.job.instruction.name == "tell"
        assert end.entries[0]["error"] == {
            "code": "deadline_passed",
            "params": {"deadline": late.isoformat()},
        }
        assert datetime.fromisoformat(end.entries[0]["started_at"]) == NOW
        assert end.cancels_children
