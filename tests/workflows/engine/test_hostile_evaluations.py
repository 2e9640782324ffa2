"""What is worked out for a step can be ended from outside, and one walk does not take for ever."""

import pytest

from tests.workflows.engine.walking import NOW, kind, program_of, say, walker
from workflows.definition.budget import OPERATIONS
from workflows.engine.history.entries import Timing
from workflows.engine.outcomes import (
    CancelAsked,
    DeadlinePassed,
    Interrupted,
    Postponed,
    StepCompleted,
    StepFailed,
    WalkAbandoned,
)
from workflows.engine.statuses import RunStatus

ROUNDS = "{% for i in (1..9999) %}{% assign z = l | sort %}{% endfor %}"
LONG = "{% assign l = (1..900) | reverse %}" + ROUNDS
LONG_ROW = {"all": [{"field": LONG, "operator": "equals", "value": "x"}]}
LATE = DeadlinePassed(NOW.isoformat())
TIME_IS_UP = StepFailed("step_timed_out", {"seconds": 1})
OUTCOMES = {"cancel": CancelAsked(), "deadline": LATE, "time-out": TIME_IS_UP}
# Every kind of step that works something out, in each of the places where it does.
STEPS = {
    "params": say("it", LONG),
    "condition": say("it", condition=LONG_ROW),
    "branch": kind("branch", cases=[{"label": "a", "when": LONG_ROW, "steps": [say("in")]}]),
    "stop": kind("stop", outcome="failed", message=LONG),
    "wait": kind("wait", until=LONG),
    "emit_event": kind("emit_event", type="x.y", payload={"a": LONG}),
    "for_each": kind("for_each", items="{{ trigger.l }}", steps=[say("in")], condition=LONG_ROW),
    "parallel": kind(
        "parallel",
        branches=[{"name": name, "steps": [say(f"in_{name}")]} for name in "ab"],
        condition=LONG_ROW,
    ),
    "run_workflow": kind("run_workflow", workflow="inner", input={"a": LONG}),
    "wait_for_event": kind("wait_for_event", type="x.y", match={"a": LONG}, timeout="1h"),
    "approval": kind("approval", title=LONG, approvers=["sara"]),
}


class Outside:
    """Raises at the look of that number."""

    def __init__(self, problem, at=3):
        self.problem, self.at, self.looks, self.asked = problem, at, 0, []

    def check_for(self, evaluated):
        self.asked.append(evaluated)
        return self.look

    def look(self, spent):
        self.looks += 1
        if self.looks >= self.at:
            raise self.problem


def interrupted(step, problem, **document):
    outside = Outside(problem)
    program = program_of(step, **document)
    progress = walker(program, trigger={"l": [1]}, check_for=outside.check_for).begin(0, None, NOW)
    assert outside.looks == outside.at, "it went on"
    return progress


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("why", OUTCOMES)
def test_a_hostile_step_of_each_kind_is_ended_by_each_reason(name, why):
    progress = interrupted(STEPS[name], Interrupted(OUTCOMES[why]))

    ends = {
        "cancel": (RunStatus.CANCELLED, None),
        "deadline": (RunStatus.FAILED, "deadline_passed"),
        "time-out": (RunStatus.FAILED, "step_timed_out"),
    }
    error = progress.error["error"]["code"] if progress.error else None
    assert (progress.status, error) == ends[why]
    assert [entry["step_name"] for entry in progress.entries] == ([] if why == "cancel" else ["it"])
    assert progress.next_step == 0
    assert progress.closes_question or why == "time-out"


@pytest.mark.parametrize("name", STEPS)
def test_a_hostile_step_of_each_kind_can_be_left_for_later(name):
    progress = interrupted(STEPS[name], Postponed())

    assert (progress.status, progress.next_step) == (RunStatus.RUNNING, 0)
    assert progress.walks_on
    assert progress.pending == {"walks_on": True}


@pytest.mark.parametrize("name", STEPS)
def test_a_hostile_step_of_a_lost_run_writes_nothing(name):
    with pytest.raises(WalkAbandoned):
        interrupted(STEPS[name], WalkAbandoned())


def test_a_hostile_step_that_timed_out_may_be_dealt_with():
    step = {**STEPS["params"], "on_error": {"steps": [say("instead")], "then": "continue"}}

    progress = interrupted(step, Interrupted(TIME_IS_UP))

    assert progress.job.instruction.name == "instead"


def test_a_hostile_step_that_ends_by_the_deadline_leads_into_on_failure():
    progress = interrupted(STEPS["params"], Interrupted(LATE), on_failure=[say("tell")])

    assert progress.job.instruction.name == "tell"
    assert progress.has_failed


@pytest.mark.parametrize("doubt", ["begun", "in_doubt", "rendered_at"])
def test_what_may_have_been_done_is_never_left_for_later(doubt):
    outside = Outside(Postponed())
    walking = walker(program_of(STEPS["params"]), check_for=outside.check_for)

    walking.begin(0, {doubt: True}, NOW)

    assert [one.may_be_postponed for one in outside.asked] == [False]


def test_steps_for_a_run_that_has_failed_know_it():
    outside = Outside(Postponed(), at=99)
    program = program_of(say("a"), on_failure=[say("tell")])
    begun = walker(program, check_for=outside.check_for)
    failed = begun.settle(
        begun.begin(0, None, NOW).job, StepFailed("x"), Timing(NOW, 1), now=NOW, jitter=0
    )

    assert failed.job.instruction.name == "tell"
    assert [one.has_failed for one in outside.asked[-2:]] == [False, True]


def handing_over(problem):
    """Let a child come to its end, whose result takes long to work out."""
    each = kind("for_each", "each", items=[1], steps=[say("in")], result=LONG)
    program = program_of(each)
    body = program.instructions[0].body
    outside = Outside(problem)
    child = walker(program, is_child=True, entry=body, check_for=outside.check_for)
    job = child.begin(body, None, NOW).job
    progress = child.settle(job, StepCompleted({}), Timing(NOW, 1), now=NOW, jitter=0)
    assert outside.looks == outside.at
    return program, body, progress


def test_a_hostile_result_is_left_for_later_with_all_steps_done():
    program, body, progress = handing_over(Postponed())

    assert progress.walks_on
    assert [entry["step_name"] for entry in progress.entries] == ["in"]
    again = walker(program, progress.entries, is_child=True, entry=body)
    ended = again.begin(progress.next_step, {**progress.pending}, NOW)
    assert (ended.status, ended.error["error"]["code"]) == (RunStatus.FAILED, "too_much_work")


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (CancelAsked(), RunStatus.CANCELLED, None),
        (LATE, RunStatus.FAILED, "deadline_passed"),
    ],
)
def test_a_hostile_result_is_ended_from_outside(outcome, status, code):
    _program, _body, progress = handing_over(Interrupted(outcome))

    assert progress.status is status
    assert (progress.error["error"]["code"] if progress.error else None) == code
    if code is None:
        assert progress.pending["hands_over"]


def carried_on(program, trigger):
    """Walk to the next step to do as an executor does; return how much each write carried."""
    results, step, pending, carried = [], 0, None, []
    while True:
        progress = walker(program, results, trigger).begin(step, pending, NOW)
        carried.append(len(progress.entries))
        results += progress.entries
        step, pending = progress.next_step, progress.pending
        if not progress.walks_on:
            return progress, carried


def test_a_hostile_walk_is_written_once_it_took_as_much_work_as_one_step_may():
    rounds = "{% for i in (1..7000) %}{% assign z = trigger.l | sort %}{% endfor %}"
    heavy = {"all": [{"field": rounds, "operator": "equals", "value": "x"}]}
    program = program_of(*(say(f"s{n}", condition=heavy) for n in range(3)), say("end"))
    trigger = {"l": list(range(20))}
    scope = walker(program, trigger=trigger).scope(NOW)
    program.instructions[0].should_run(scope)
    at_once = OPERATIONS // scope.budget.spent + 1

    progress, carried = carried_on(program, trigger)

    assert progress.job.instruction.name == "end"
    assert sum(carried) == 3
    assert max(carried) == at_once < 3
