"""Every outcome in every status."""

from datetime import timedelta

import pytest

from workflows.definition.retry import RetryPolicy
from workflows.engine.decide import (
    MAX_CRASHES,
    Decision,
    IllegalTransition,
    Position,
    Then,
    decide,
    wait_after_crash,
)
from workflows.engine.outcomes import (
    CancelAsked,
    StepCompleted,
    StepFailed,
    StepSkipped,
    StepUnknown,
)
from workflows.engine.statuses import RunStatus, StepStatus

TEMPORARY = StepFailed("unreachable", {"host": "x"}, is_temporary=True)
PERMANENT = StepFailed("http_404", {"http_status": 404})
OUTCOMES = [StepCompleted({}), StepSkipped(), TEMPORARY, PERMANENT, StepUnknown(), CancelAsked()]
NO_RETRY = RetryPolicy(attempts=1)


def position(**changes):
    facts = {"status": RunStatus.RUNNING, "step": 1, "after_step": 2, "retry": NO_RETRY}
    return Position(**{**facts, **changes})


@pytest.mark.parametrize("status", [s for s in RunStatus if s is not RunStatus.RUNNING])
@pytest.mark.parametrize("outcome", OUTCOMES, ids=repr)
def test_nothing_can_happen_to_a_run_that_is_not_running(status, outcome):
    with pytest.raises(IllegalTransition) as refused:
        decide(position(status=status), outcome)

    assert (refused.value.status, refused.value.outcome) == (status, type(outcome).__name__)


RUNNING_TABLE = [
    # outcome, on_error, status, next step, status of the step
    (StepCompleted({}), "stop", RunStatus.RUNNING, 2, StepStatus.COMPLETED),
    (StepSkipped(), "stop", RunStatus.RUNNING, 2, StepStatus.SKIPPED),
    (PERMANENT, "stop", RunStatus.FAILED, 1, StepStatus.FAILED),
    (PERMANENT, "continue", RunStatus.RUNNING, 2, StepStatus.FAILED),
    (TEMPORARY, "stop", RunStatus.FAILED, 1, StepStatus.FAILED),
    (TEMPORARY, "continue", RunStatus.RUNNING, 2, StepStatus.FAILED),
    (StepUnknown(), "stop", RunStatus.FAILED, 1, StepStatus.UNKNOWN),
    (StepUnknown(), "continue", RunStatus.RUNNING, 2, StepStatus.UNKNOWN),
    (CancelAsked(), "stop", RunStatus.CANCELLED, 1, None),
    (CancelAsked(), "continue", RunStatus.CANCELLED, 1, None),
]


@pytest.mark.parametrize(("outcome", "on_error", "status", "step", "step_status"), RUNNING_TABLE)
def test_a_running_run_goes_where_the_table_says(outcome, on_error, status, step, step_status):
    decision = decide(position(on_error=on_error), outcome)

    assert (decision.status, decision.next_step, decision.step_status) == (
        status,
        step,
        step_status,
    )


@pytest.mark.parametrize(
    ("outcome", "had_errors", "on_error", "status"),
    [
        (StepCompleted({}), False, "stop", RunStatus.COMPLETED),
        (StepCompleted({}), True, "stop", RunStatus.COMPLETED_WITH_ERRORS),
        (StepSkipped(), False, "stop", RunStatus.COMPLETED),
        (StepSkipped(), True, "stop", RunStatus.COMPLETED_WITH_ERRORS),
        (PERMANENT, False, "continue", RunStatus.COMPLETED_WITH_ERRORS),
        (PERMANENT, False, "stop", RunStatus.FAILED),
        (StepUnknown(), False, "continue", RunStatus.COMPLETED_WITH_ERRORS),
    ],
)
def test_the_last_step_ends_the_run(outcome, had_errors, on_error, status):
    decision = decide(position(after_step=None, had_errors=had_errors, on_error=on_error), outcome)

    assert decision.status is status


def test_a_temporary_failure_waits_for_its_next_try():
    retry = RetryPolicy(attempts=3, delay=timedelta(seconds=10), backoff=2)

    first = decide(position(retry=retry, attempt=1), TEMPORARY)
    second = decide(position(retry=retry, attempt=2), TEMPORARY)
    third = decide(position(retry=retry, attempt=3), TEMPORARY)

    assert first == Decision(
        RunStatus.WAITING, 1, None, timedelta(seconds=10), "unreachable", {"host": "x"}
    )
    assert second.retry_in == timedelta(seconds=20)
    assert (third.status, third.retry_in) == (RunStatus.FAILED, None)


def test_a_permanent_failure_is_not_tried_again():
    decision = decide(position(retry=RetryPolicy(attempts=3)), PERMANENT)

    assert decision.status is RunStatus.FAILED


def test_the_wait_is_never_shorter_than_the_other_side_asked_for():
    retry = RetryPolicy(attempts=3, delay=timedelta(seconds=1))
    asked = StepFailed("http_429", is_temporary=True, retry_after=timedelta(minutes=2))

    assert decide(position(retry=retry), asked, jitter=0.99).retry_in == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("crashes", "seconds"), [(1, 0), (2, 4), (3, 8), (4, 16), (5, None), (6, None)]
)
def test_a_run_rests_longer_after_each_crash_and_then_no_more(crashes, seconds):
    wait = wait_after_crash(crashes)

    assert wait == (None if seconds is None else timedelta(seconds=seconds))
    assert MAX_CRASHES == 5


def test_a_run_that_is_known_to_have_ended_its_worker_rests_from_the_first_time_on():
    assert wait_after_crash(1, is_known=True) == timedelta(seconds=2)
    assert wait_after_crash(5, is_known=True) is None


PARTLY = StepFailed("some_refused", {"who": "b"}, output={"sent": 1}, so_far=["a"])
LATER = StepFailed("some_deferred", is_temporary=True, output={"sent": 1}, so_far=["a"])


@pytest.mark.parametrize("outcome", [PARTLY, LATER], ids=["for good", "out of tries"])
@pytest.mark.parametrize("on_error", ["stop", "continue"])
@pytest.mark.parametrize("block", [None, 7])
@pytest.mark.parametrize("codes", [None, frozenset({"other"})])
def test_what_is_done_in_part_goes_on_with_its_trouble(outcome, on_error, block, codes):
    where = position(on_error=on_error, error_block=block, error_codes=codes)

    decision = decide(where, outcome)

    assert decision == Decision(
        RunStatus.RUNNING,
        2,
        StepStatus.COMPLETED,
        error_code=outcome.code,
        error_params=outcome.params,
    )
    last = decide(position(after_step=None, on_error=on_error), outcome)
    assert last.status is RunStatus.COMPLETED_WITH_ERRORS


@pytest.mark.parametrize("outcome", [PARTLY, LATER], ids=["for good", "out of tries"])
def test_an_error_that_is_named_leads_to_its_steps_all_the_same(outcome):
    named = frozenset({"some_refused", "some_deferred"})

    decision = decide(position(error_block=7, error_codes=named), outcome)

    assert (decision.status, decision.next_step) == (RunStatus.RUNNING, 7)
    assert (decision.step_status, decision.then) == (StepStatus.COMPLETED, Then.ERROR_BLOCK)


def test_what_may_succeed_later_is_tried_while_there_are_tries():
    decision = decide(position(retry=RetryPolicy(attempts=2)), LATER)

    assert (decision.status, decision.step_status) == (RunStatus.WAITING, None)
    assert decide(position(retry=RetryPolicy(attempts=2)), PARTLY).status is RunStatus.RUNNING
