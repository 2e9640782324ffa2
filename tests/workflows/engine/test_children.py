"""What child runs to start, and what their ends mean for the step that started them."""

import pytest

from tests.workflows.engine.walking import kind, program_of, say
from workflows.engine.children import (
    MAX_BYTES,
    MAX_ITEMS,
    PAGE,
    ChildEnd,
    ChildRuns,
    goes_on,
    must_stop,
    next_children,
    outcome_of,
    taken,
    too_many,
)
from workflows.engine.history.resuming import RetryScope
from workflows.engine.outcomes import RunStopped, StepCompleted, StepFailed
from workflows.engine.progress import ChildRun, Spawn
from workflows.engine.statuses import RunStatus

REFUSED = {"code": "http_404", "step": "say_it", "message": "no"}
ENDED = [status for status in RunStatus if status.has_ended]
BAD = {RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.SKIPPED}


def each(**params):
    step = kind("for_each", items="{{ trigger.list }}", steps=[say("say_it")], **params)
    return program_of(step).instructions[0]


def both(**params):
    arms = [{"name": name, "label": name, "steps": [say(name)]} for name in ("left", "right")]
    return program_of(kind("parallel", branches=arms, **params)).instructions[0]


def called():
    return program_of(kind("run_workflow", workflow="inner")).instructions[0]


CONTINUE = {"if_one_fails": "continue"}


def done(index, result=None, status=RunStatus.COMPLETED):
    return ChildEnd(index, status, {"result": result})


def failed(index, status=RunStatus.FAILED):
    return ChildEnd(index, status, None, REFUSED)


def stopped(index, levels, *, has_failed=False):
    stop = {"levels": levels, "has_failed": has_failed, "message": "Enough"}
    return ChildEnd(index, RunStatus.COMPLETED, {"stop": stop})


# How many.


@pytest.mark.parametrize(
    ("items", "limit"),
    [
        ([1] * MAX_ITEMS, None),
        ([1] * (MAX_ITEMS + 1), {"limit": "items", "most": MAX_ITEMS}),
        (["x" * (MAX_BYTES - 4)], None),
        (["x" * (MAX_BYTES - 3)], {"limit": "items_bytes", "most": MAX_BYTES}),
        (["س" * (MAX_BYTES // 2 - 2)], None),  # two bytes each
        (["س" * (MAX_BYTES // 2 - 1)], {"limit": "items_bytes", "most": MAX_BYTES}),
        ([], None),
    ],
    ids=[
        "as many as may be",
        "one more",
        "as large as may be",
        "one byte more",
        "Arabic",
        "more Arabic",
        "none",
    ],
)
def test_a_list_has_its_limits(items, limit):
    problem = too_many(items)

    assert problem == (StepFailed("limit_reached", limit) if limit else None)


def test_items_are_started_in_pages():
    step, items = each(concurrency=7), list(range(2 * PAGE + 1))

    first = next_children(step, {"items": items}, {})
    second = next_children(step, {"items": items}, {str(i): {} for i in range(PAGE)})
    third = next_children(step, {"items": items}, {str(i): {} for i in range(2 * PAGE)})

    assert [len(page.children) for page in (first, second, third)] == [PAGE, PAGE, 1]
    assert first.children[0] == ChildRun(step.body, 0, 0)
    assert (second.children[0].item_index, second.children[-1].item_index) == (PAGE, 2 * PAGE - 1)
    assert third == Spawn((ChildRun(step.body, 2 * PAGE, 2 * PAGE),), 7)


def test_what_was_done_before_a_retry_is_not_started_again():
    spawn = next_children(each(), {"items": ["a", "b", "c"]}, {"1": {"result": "B"}})

    assert [(one.item_index, one.item) for one in spawn.children] == [(0, "a"), (2, "c")]


def test_the_branches_start_all_at_once_and_have_no_item():
    step = both()

    spawn = next_children(step, {}, {})
    rest = next_children(step, {}, {"0": {}})

    assert spawn.at_once == 2
    assert [one.entry for one in spawn.children] == [arm.body for arm in step.arms]
    assert {(one.item, one.has_item) for one in spawn.children} == {(None, False)}
    assert [one.item_index for one in rest.children] == [1]


def test_a_called_workflow_is_one_child_from_its_beginning():
    assert next_children(called(), {"input": {"n": 1}}, {}) == Spawn((ChildRun(0, 0, {"n": 1}),), 1)


# Whether the others go on.


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("step", [each(**CONTINUE), each(if_one_fails="stop"), both(), called()])
def test_the_others_are_ended_where_one_that_fails_stops_the_step(step, status):
    family = ChildRuns(1, [ChildEnd(0, status, None, REFUSED)])

    stops = getattr(step, "if_one_fails", "stop") == "stop"
    assert must_stop(step, family) == (stops and status in BAD)


@pytest.mark.parametrize("step", [each(**CONTINUE), both(**CONTINUE), called()])
def test_a_child_that_ends_the_runs_above_it_ends_the_others(step):
    assert must_stop(step, ChildRuns(3, [done(0), stopped(1, 0)]))


def test_with_nothing_ended_nothing_stops():
    assert not must_stop(each(if_one_fails="stop"), ChildRuns(3, []))


# What is kept of them.


def test_the_results_of_the_pages_come_together():
    before = {"0": {"result": "A"}}

    kept = taken(before, ChildRuns(0, [done(1, "B"), failed(2)]))

    assert kept == {"0": {"result": "A"}, "1": {"result": "B"}, "2": {"failed": REFUSED}}
    assert before == {"0": {"result": "A"}}


@pytest.mark.parametrize("status", sorted(BAD))
def test_an_end_without_an_error_is_told_by_its_status(status):
    assert taken({}, ChildRuns(0, [ChildEnd(0, status, None)])) == {
        "0": {"failed": {"code": status}}
    }


def test_an_end_with_errors_is_a_result_with_a_flaw():
    kept = taken({}, ChildRuns(0, [done(0, "A", RunStatus.COMPLETED_WITH_ERRORS)]))

    assert kept == {"0": {"result": "A", "flawed": True}}


ENDS = [status for status in RunStatus if status.has_ended]


@pytest.mark.parametrize("scope", RetryScope)
@pytest.mark.parametrize("is_settled", [True, False])
@pytest.mark.parametrize("code", ["down", "outcome_unknown"])
@pytest.mark.parametrize("status", ENDS)
def test_which_children_go_on_with_their_parent(status, code, is_settled, scope):
    end = ChildEnd(0, status, None, {"code": code}, is_settled=is_settled)

    interrupted = {RunStatus.CANCELLED, RunStatus.SKIPPED}
    went_wrong = {RunStatus.FAILED, RunStatus.COMPLETED_WITH_ERRORS}
    onward = {
        RetryScope.ALL: {*interrupted, RunStatus.FAILED},
        RetryScope.SETTLED: interrupted | (went_wrong if is_settled else set()),
        RetryScope.REST: interrupted | (went_wrong if code == "down" else set()),
    }
    assert goes_on(end, scope) == (status in onward[scope])


# What became of the step.


def outcome(step, *ends, before=None):
    family = ChildRuns(0, list(ends))
    return outcome_of(step, family, taken(before or {}, family))


def test_results_stand_in_the_order_of_the_items_not_of_their_texts():
    ends = [done(index, index) for index in reversed(range(12))]

    found = outcome(each(), *ends)

    counts = {"items": 12, "succeeded": 12, "failed": 0}
    assert found == StepCompleted({"results": list(range(12)), **counts})


def test_a_failed_item_is_null_and_the_step_has_trouble():
    found = outcome(each(**CONTINUE), done(0, "A"), failed(1), done(2, "C"))

    assert found.output == {"results": ["A", None, "C"], "items": 3, "succeeded": 2, "failed": 1}
    assert found.trouble == StepFailed("items_failed", {"failed": 1, "items": 3})


def test_a_flaw_inside_is_trouble_too_but_no_failure():
    flawed = done(1, "B", RunStatus.COMPLETED_WITH_ERRORS)

    found = outcome(each(if_one_fails="stop"), done(0, "A"), flawed)

    assert found.output == {"results": ["A", "B"], "items": 2, "succeeded": 2, "failed": 0}
    assert found.trouble == StepFailed("items_failed", {"failed": 1, "items": 2})


@pytest.mark.parametrize("status", sorted(BAD))
def test_the_first_item_that_failed_is_named(status):
    found = outcome(each(if_one_fails="stop"), failed(11, status), failed(2, status), done(1))

    assert found == StepFailed("item_failed", {"item": 3, **REFUSED})


def test_a_failure_of_an_earlier_page_counts():
    found = outcome(each(if_one_fails="stop"), done(1), before={"0": {"failed": REFUSED}})

    assert found == StepFailed("item_failed", {"item": 1, **REFUSED})


def test_the_branches_hand_back_by_name():
    assert outcome(both(), done(1, "R"), done(0, "L")) == StepCompleted({"left": "L", "right": "R"})
    failing = outcome(both(), done(0, "L"), failed(1))
    assert failing == StepFailed("branch_failed", {"branch": "right", **REFUSED})
    going_on = outcome(both(**CONTINUE), done(0, "L"), failed(1))
    assert going_on.output == {"left": "L", "right": None}
    assert going_on.trouble.code == "items_failed"


def test_a_called_workflow_hands_back_what_it_says():
    assert outcome(called(), done(0, {"n": 2})) == StepCompleted({"n": 2})
    assert outcome(called(), done(0)) == StepCompleted(None)
    assert outcome(called(), failed(0)) == StepFailed(
        "workflow_failed", {"workflow": "inner", **REFUSED}
    )


@pytest.mark.parametrize("levels", [0, 1, 3])
@pytest.mark.parametrize("has_failed", [False, True])
def test_a_stop_of_the_whole_goes_before_whatever_failed(levels, has_failed):
    ends = [failed(0), stopped(1, levels, has_failed=has_failed)]

    for step in (each(**CONTINUE), each(if_one_fails="stop"), both()):
        assert outcome(step, *ends) == RunStopped("Enough", has_failed=has_failed, levels=levels)


def test_results_that_are_too_large_fail_the_step():
    found = outcome(each(), done(0, "x" * MAX_BYTES))

    assert (found.code, found.params["limit_bytes"]) == ("output_too_large", MAX_BYTES)
    assert found.params["bytes"] > MAX_BYTES
