"""Where a run that has ended goes on: every way of ending, for every kind of step."""

import pytest

from tests.workflows.engine.walking import NOW, kind, program_of, say
from workflows.engine.decide import POISONED, Then
from workflows.engine.history.resuming import Ending, RetryScope, resumption
from workflows.engine.statuses import RunStatus

CANCELLED = Ending(RunStatus.CANCELLED, None, NOW)
SKIPPED = Ending(RunStatus.SKIPPED, "replaced_by_newer", NOW)
DEAD = Ending(RunStatus.FAILED, POISONED, NOW)
FAILED = Ending(RunStatus.FAILED, "down", NOW)
TIMES = {"started_at": NOW.isoformat(), "duration_ms": 5}


def program():
    return program_of(say("a"), say("b"), on_failure=[say("n")])


def done(name, **more):
    return {"step_name": name, "action": "say", "status": "completed", **TIMES, **more}


def failed(name, then=Then.STOP, **more):
    error = {"code": "down", "params": {}}
    return {**done(name), "status": "failed", "error": error, "then": then, **more}


def test_the_last_failure_of_the_work_is_the_one_that_goes_on():
    results = [
        done("n"),
        failed("n"),
        failed("a", Then.CONTINUE),
        failed("b", Then.ON_FAILURE, input={"text": "B"}),
        failed("n"),
    ]

    onward = resumption(program(), results, (1, None), FAILED)

    assert (onward.step, onward.pending["step_name"], onward.pending["input"]) == (
        1,
        "b",
        {"text": "B"},
    )
    assert onward.results == [results[0], results[1], results[2], results[4]]
    assert [one["error"]["code"] for one in onward.pending["attempts"]] == ["down"]
    assert onward.pending["forgiven"] == 1


# What the row keeps of the step under way, and what of it a retry goes on with.
CALL = {"step": 1, "step_name": "b", "action": "say", "input": {"text": "B"}}
QUESTION = {**CALL, "awaits": "approval", "approval_id": "x", "since": "s", "until": None}
EVENT = {**CALL, "awaits": "event", "since": "s", "until": None, "looks_back": True}
CHILDREN = {"oldest": "1", "first": "1", "last": "9"}
FAMILY = {**CALL, "awaits": "children", "children": CHILDREN}
KEPT = [
    (None, {"step": 1}),
    ({}, {"step": 1}),
    (CALL, CALL),
    ({**CALL, "begun": True, "faults": 1}, {**CALL, "in_doubt": True}),
    ({"begun": True, "rendered_at": "r"}, {"step": 1, "in_doubt": True, "rendered_at": "r"}),
    ({**CALL, "wake_at": "w", "since": "s"}, {"step": 1, "step_name": "b", "action": "say"}),
    (EVENT, {"step": 1, "step_name": "b", "action": "say"}),
    (QUESTION, {"step": 1, "step_name": "b", "action": "say"}),
    (FAMILY, {**FAMILY, "children": {**CHILDREN, "revive": RetryScope.ALL}}),
]


@pytest.mark.parametrize("ending", [CANCELLED, SKIPPED, DEAD])
@pytest.mark.parametrize(("kept", "pending"), KEPT)
def test_a_run_that_ended_inside_a_step_goes_on_there(kept, pending, ending):
    results = [failed("a", Then.CONTINUE)]

    onward = resumption(program(), results, (1, kept), ending)

    own = {key: value for key, value in onward.pending.items() if key != "attempts"}
    assert own.pop("forgiven", None) == (1 if ending is DEAD else None)
    assert (onward.step, own, onward.results) == (1, pending, results)


@pytest.mark.parametrize("ending", [CANCELLED, DEAD])
def test_one_that_ended_among_the_steps_for_its_failure_goes_on_in_what_failed(ending):
    program_ = program()
    [aside] = [one.index for one in program_.instructions if one.name == "n"]
    results = [failed("a", Then.ON_FAILURE, input={"text": "A"})]

    onward = resumption(program_, results, (aside, {**CALL, "step": aside}), ending)

    assert (onward.step, onward.pending["input"], onward.results) == (0, {"text": "A"}, [])


def test_a_step_with_children_takes_up_the_same_ones():
    steps = program_of(kind("for_each", items=[1], steps=[say("in")]))
    entry = {**failed("it"), "action": "for_each", "children": ["c-1", "c-9"]}

    onward = resumption(steps, [entry], (0, None), FAILED, scope=RetryScope.SETTLED)

    children = {"oldest": "c-1", "first": "c-1", "last": "c-9", "revive": RetryScope.SETTLED}
    assert (onward.pending["awaits"], onward.pending["children"]) == ("children", children)


def test_a_wait_that_a_reminder_interrupted_is_not_taken_up_again():
    results = [done("a", waiting={"approval_id": "x"}), failed("b")]

    onward = resumption(program(), results, (1, None), FAILED)

    assert onward.results == [done("a")]


def test_a_run_in_which_nothing_failed_goes_on_nowhere():
    assert resumption(program(), [done("a")], (1, None), FAILED) is None
