"""The whole table: every outcome in every status, under every way to treat an error."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from workflows.definition.retry import RetryPolicy
from workflows.engine.decide import Decision, IllegalTransition, Position, Then, decide
from workflows.engine.outcomes import (
    CancelAsked,
    DeadlinePassed,
    Outcome,
    RunStopped,
    StepCompleted,
    StepFailed,
    StepSkipped,
    StepUnknown,
)
from workflows.engine.statuses import RunStatus, StepStatus

HERE, AFTER, ELSEWHERE, BLOCK, ON_FAILURE = 3, 4, 7, 11, 20
RETRY = RetryPolicy(attempts=2, delay=timedelta(seconds=10), backoff=1)

OUTCOMES = {
    "completed": StepCompleted({"ok": True}),
    "completed, leads elsewhere": StepCompleted({}, ELSEWHERE),
    "completed with trouble": StepCompleted({}, trouble=StepFailed("items_failed", {"failed": 1})),
    "skipped": StepSkipped(),
    "failed, may be tried again": StepFailed("unreachable", {"host": "x"}, is_temporary=True),
    "failed": StepFailed("http_404", {"status": 404}),
    "unknown": StepUnknown(),
    "stopped": RunStopped("Enough"),
    "stopped as failed": RunStopped("No", has_failed=True),
    "too late": DeadlinePassed("2026-11-22T12:00:00+00:00"),
    "cancel": CancelAsked(),
}
# How a step treats its errors.
TREATMENTS = {
    "stop": {"on_error": "stop"},
    "continue": {"on_error": "continue"},
    "block": {"error_block": BLOCK},
    "block, then continue": {"error_block": BLOCK, "on_error": "continue"},
    "block for this code": {
        "error_block": BLOCK,
        "error_codes": frozenset({"http_404", "unreachable", "outcome_unknown"}),
    },
    "block for another code": {"error_block": BLOCK, "error_codes": frozenset({"http_500"})},
}
BLOCKED, STOPS = ["block"] * 3, "stop"
# One word for each treatment, in their order: what the run does.
TABLE = {
    "completed": ["on"] * 6,
    "completed, leads elsewhere": ["elsewhere"] * 6,
    "completed with trouble": ["on, flawed"] * 6,
    "skipped": ["on"] * 6,
    "failed, may be tried again": [STOPS, "go on", *BLOCKED, STOPS],
    "failed": [STOPS, "go on", *BLOCKED, STOPS],
    "unknown": [STOPS, "go on", *BLOCKED, STOPS],
    "stopped": ["end"] * 6,
    "stopped as failed": [STOPS] * 6,
    "too late": [STOPS] * 6,
    "cancel": ["cancel"] * 6,
}
STEP_STATUS = {
    "completed": StepStatus.COMPLETED,
    "completed, leads elsewhere": StepStatus.COMPLETED,
    "completed with trouble": StepStatus.COMPLETED,
    "skipped": StepStatus.SKIPPED,
    "failed, may be tried again": StepStatus.FAILED,
    "failed": StepStatus.FAILED,
    "unknown": StepStatus.UNKNOWN,
    "stopped": StepStatus.COMPLETED,
    "stopped as failed": StepStatus.FAILED,
    "too late": StepStatus.FAILED,
    "cancel": None,
}
ERROR = {
    "completed with trouble": ("items_failed", {"failed": 1}),
    "failed, may be tried again": ("unreachable", {"host": "x"}),
    "failed": ("http_404", {"status": 404}),
    "unknown": ("outcome_unknown", {}),
    "stopped as failed": ("stopped", {"message": "No"}),
    "too late": ("deadline_passed", {"deadline": "2026-11-22T12:00:00+00:00"}),
    "cancel": ("cancelled", {}),
}
CASES = [
    (name, treatment, word)
    for name, words in TABLE.items()
    for treatment, word in zip(TREATMENTS, words, strict=True)
]


def at(**facts):
    """Return where a run stands whose step has been tried as often as it may."""
    usual = {"status": RunStatus.RUNNING, "step": HERE, "after_step": AFTER, "attempt": 2}
    return Position(**{**usual, "retry": RETRY, **facts})


def test_the_table_knows_every_outcome():
    assert {type(one) for one in OUTCOMES.values()} == set(get_args(Outcome))
    assert list(TABLE) == list(OUTCOMES) == list(STEP_STATUS)


@pytest.mark.parametrize("status", [one for one in RunStatus if one is not RunStatus.RUNNING])
@pytest.mark.parametrize("name", OUTCOMES)
def test_nothing_happens_to_a_run_that_is_not_running(status, name):
    outcome = OUTCOMES[name]

    for treatment in TREATMENTS.values():
        with pytest.raises(IllegalTransition) as refused:
            decide(at(status=status, **treatment), outcome)
        assert (refused.value.status, refused.value.outcome) == (status, type(outcome).__name__)


@pytest.mark.parametrize(("name", "treatment", "word"), CASES)
def test_in_the_middle_of_a_run(name, treatment, word):
    decision = decide(at(**TREATMENTS[treatment]), OUTCOMES[name])

    status, step, then = {
        "on": (RunStatus.RUNNING, AFTER, None),
        "on, flawed": (RunStatus.RUNNING, AFTER, None),
        "elsewhere": (RunStatus.RUNNING, ELSEWHERE, None),
        "go on": (RunStatus.RUNNING, AFTER, Then.CONTINUE),
        "block": (RunStatus.RUNNING, BLOCK, Then.ERROR_BLOCK),
        "stop": (RunStatus.FAILED, HERE, Then.STOP),
        "end": (RunStatus.COMPLETED, HERE + 1, None),
        "cancel": (RunStatus.CANCELLED, HERE, None),
    }[word]
    assert decision == expected(name, status, step, then)


@pytest.mark.parametrize("had_errors", [False, True])
@pytest.mark.parametrize(("name", "treatment", "word"), CASES)
def test_in_the_last_step(name, treatment, word, had_errors):
    place = at(after_step=None, had_errors=had_errors, **TREATMENTS[treatment])

    decision = decide(place, OUTCOMES[name])

    flawed = RunStatus.COMPLETED_WITH_ERRORS
    well = flawed if had_errors else RunStatus.COMPLETED
    status, step, then = {
        "on": (well, HERE + 1, None),
        "on, flawed": (flawed, HERE + 1, None),
        "elsewhere": (RunStatus.RUNNING, ELSEWHERE, None),
        "go on": (flawed, HERE + 1, Then.CONTINUE),
        "block": (RunStatus.RUNNING, BLOCK, Then.ERROR_BLOCK),
        "stop": (RunStatus.FAILED, HERE, Then.STOP),
        "end": (well, HERE + 1, None),
        "cancel": (RunStatus.CANCELLED, HERE, None),
    }[word]
    assert decision == expected(name, status, step, then)


@pytest.mark.parametrize("after_step", [AFTER, None])
@pytest.mark.parametrize(("name", "treatment", "word"), CASES)
def test_what_would_stop_a_run_leads_to_its_steps_for_failure_first(
    name, treatment, word, after_step
):
    place = at(after_step=after_step, **TREATMENTS[treatment])

    decision = decide(replace(place, on_failure=ON_FAILURE), OUTCOMES[name])

    if word == "stop":
        assert decision == expected(name, RunStatus.RUNNING, ON_FAILURE, Then.ON_FAILURE)
    else:
        assert decision == decide(place, OUTCOMES[name])


@pytest.mark.parametrize("after_step", [AFTER, None])
@pytest.mark.parametrize(("name", "treatment", "word"), CASES)
def test_a_run_that_has_failed_stays_failed_whatever_its_last_steps_do(
    name, treatment, word, after_step
):
    place = at(after_step=after_step, had_errors=True, **TREATMENTS[treatment])

    decision = decide(replace(place, on_failure=ON_FAILURE, has_failed=True), OUTCOMES[name])

    plain = decide(place, OUTCOMES[name])
    ends_well = {RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS}
    ended = RunStatus.FAILED if plain.status in ends_well else plain.status
    assert decision == replace(plain, status=ended)
    assert decision.next_step != ON_FAILURE


@pytest.mark.parametrize("facts", [{}, {"on_failure": ON_FAILURE}, {"has_failed": True}])
@pytest.mark.parametrize(("name", "treatment"), [case[:2] for case in CASES])
def test_only_a_temporary_failure_with_tries_left_waits(name, treatment, facts):
    place = at(**TREATMENTS[treatment], **facts)

    first = decide(replace(place, attempt=1), OUTCOMES[name])

    if name == "failed, may be tried again":
        code, params = ERROR[name]
        waits = Decision(RunStatus.WAITING, HERE, None, timedelta(seconds=10), code, params)
        assert first == waits
    else:
        assert first == decide(place, OUTCOMES[name])
        assert first.retry_in is None


def expected(name, status, step, then):
    code, params = ERROR.get(name, (None, {}))
    return Decision(
        status, step, STEP_STATUS[name], error_code=code, error_params=params, then=then
    )
