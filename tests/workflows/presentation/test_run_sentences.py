"""The sentence that support reads out, for every status a run can have."""

import pytest

from workflows.engine.statuses import RunStatus, StepStatus
from workflows.presentation.runs.entries import RunFacts
from workflows.presentation.runs.lines import StepState
from workflows.presentation.runs.plans import PlannedStep, VersionPlan
from workflows.presentation.runs.summary import summary
from workflows.presentation.runs.timeline import timeline

STEPS = (
    PlannedStep("confirm", "Confirm the order", "update_record"),
    PlannedStep("tell", "Tell the customer", "whatsapp_notify"),
    PlannedStep("mail", "", "send_email"),
)
PLAN = VersionPlan(STEPS)
CRASHED = {"code": "action_crashed", "params": {"reason": "boom"}}
CRASH_SENTENCE = "The action itself has a fault, tell a developer: boom"


UNCLEAR_SENTENCE = (
    "The worker died in the middle of this step, and nobody knows whether it was done. "
    "Look on the other side before you repeat it."
)


def entry(name, status=StepStatus.COMPLETED, **more):
    return {"step_name": name, "action": "x", "status": status, **more}


def failed(name):
    return entry(name, StepStatus.FAILED, error=CRASHED)


UNCLEAR = entry(
    "tell",
    StepStatus.UNKNOWN,
    error={"code": "outcome_unknown", "params": {"reason": "worker_died"}},
    then="stop",
)


def pending(name, attempts=()):
    return {"step_name": name, "action": "x", "input": {}, "attempts": list(attempts)}


def told(status, *results, **more):
    return summary(RunFacts(status, PLAN, results, **more))


@pytest.mark.parametrize(
    ("status", "results", "more", "sentence"),
    [
        (RunStatus.QUEUED, [], {}, "In the queue: it starts as soon as a worker is free."),
        (
            RunStatus.QUEUED,
            [],
            {"is_paused": True},
            "On hold: all workflows are paused, and this one starts when they go on.",
        ),
        (
            RunStatus.QUEUED,
            [entry("confirm")],
            {"pending": pending("tell")},
            "In the queue: it goes on with step 2 of 3, “Tell the customer” as soon as a worker"
            " is free.",
        ),
        (RunStatus.RUNNING, [], {}, "Under way: step 1 of 3, “Confirm the order”."),
        (
            RunStatus.RUNNING,
            [entry("confirm")],
            {"pending": pending("tell")},
            "Under way: step 2 of 3, “Tell the customer”.",
        ),
        (
            RunStatus.WAITING,
            [entry("confirm")],
            {"pending": pending("tell", [{"error": CRASHED}]), "due_at": "14:05"},
            f"Waiting: “Tell the customer” failed, and is tried again at 14:05. {CRASH_SENTENCE}",
        ),
        (
            RunStatus.WAITING,
            [entry("confirm")],
            {"pending": pending("tell", [{"error": CRASHED}] * 2), "due_at": "14:05"},
            "Waiting: “Tell the customer” failed 2 times, and is tried again at 14:05."
            f" {CRASH_SENTENCE}",
        ),
        (
            RunStatus.COMPLETED,
            [entry("confirm"), entry("tell"), entry("mail")],
            {},
            "Completed: “Confirm the order”, “Tell the customer” and “Mail” were done.",
        ),
        (
            RunStatus.COMPLETED,
            [entry("confirm"), entry("tell", StepStatus.SKIPPED), entry("mail")],
            {},
            "Completed: “Confirm the order” and “Mail” were done; “Tell the customer” was skipped.",
        ),
        (
            RunStatus.COMPLETED,
            [entry(step.name, StepStatus.SKIPPED) for step in STEPS],
            {},
            "Completed: there was nothing to do, “Confirm the order”, “Tell the customer” and"
            " “Mail” were skipped.",
        ),
        (
            RunStatus.COMPLETED_WITH_ERRORS,
            [entry("confirm"), failed("tell"), entry("mail")],
            {},
            "Completed with errors: “Confirm the order” and “Mail” were done,"
            f" but “Tell the customer” failed. {CRASH_SENTENCE}",
        ),
        (
            RunStatus.COMPLETED_WITH_ERRORS,
            [failed("confirm"), failed("tell"), failed("mail")],
            {},
            "Completed with errors: “Confirm the order”, “Tell the customer” and “Mail” failed."
            f" {CRASH_SENTENCE}",
        ),
        (
            RunStatus.FAILED,
            [entry("confirm"), failed("tell")],
            {},
            f"Failed at step 2 of 3, “Tell the customer”. {CRASH_SENTENCE}."
            " “Mail” was not reached.",
        ),
        (
            RunStatus.FAILED,
            [],
            {"pending": pending("confirm"), "error_message": "The worker died 5 times."},
            "Failed at step 1 of 3, “Confirm the order”. The worker died 5 times."
            " “Tell the customer” and “Mail” were not reached.",
        ),
        (RunStatus.CANCELLED, [], {}, "Cancelled before anything was done."),
        (
            RunStatus.CANCELLED,
            [entry("confirm")],
            {},
            "Cancelled: “Confirm the order” was done, the rest was not.",
        ),
        (
            RunStatus.CANCELLED,
            [entry("confirm"), UNCLEAR],
            {},
            "Cancelled: “Confirm the order” was done, the rest was not. It is not clear whether"
            f" “Tell the customer” was done. {UNCLEAR_SENTENCE}",
        ),
        (
            RunStatus.CANCELLED,
            [UNCLEAR],
            {},
            f"Cancelled. It is not clear whether “Tell the customer” was done. {UNCLEAR_SENTENCE}",
        ),
        (
            RunStatus.FAILED,
            [entry("confirm"), UNCLEAR],
            {
                "error_step": "tell",
                "error_code": "unreadable_row",
                "error_message": "What this run started with cannot be read.",
            },
            f"Failed at step 2 of 3, “Tell the customer”. {UNCLEAR_SENTENCE} What this run started"
            " with cannot be read. “Mail” was not reached.",
        ),
        (RunStatus.SKIPPED, [], {}, "Skipped: nothing was done."),
    ],
)
def test_a_run_tells_itself_in_a_sentence(status, results, more, sentence):
    assert told(status, *results, **more) == sentence


@pytest.mark.parametrize("status", RunStatus)
def test_every_status_has_a_sentence_even_without_a_version(status):
    assert summary(RunFacts(status, VersionPlan(), ()))


def test_more_than_three_steps_are_counted():
    plan = VersionPlan(tuple(PlannedStep(f"s{n}", "", "x") for n in range(5)))
    results = [entry(step.name) for step in plan.steps]

    assert summary(RunFacts(RunStatus.COMPLETED, plan, results)) == "Completed: 5 steps were done."


def test_the_timeline_has_a_line_for_every_step_reached_or_not():
    facts = RunFacts(
        RunStatus.RUNNING, PLAN, [entry("confirm", duration_ms=12)], pending=pending("tell")
    )

    lines = timeline(facts)

    assert [(line.number, line.label, line.state) for line in lines] == [
        (1, "Confirm the order", StepState.COMPLETED),
        (2, "Tell the customer", StepState.RUNNING),
        (3, "Mail", StepState.NOT_REACHED),
    ]


def test_steps_that_the_version_does_not_name_are_shown_after_it():
    lines = timeline(RunFacts(RunStatus.COMPLETED, VersionPlan(), [entry("gone")]))

    assert [line.name for line in lines] == ["gone"]


def test_what_another_service_said_ends_before_the_next_sentence_begins():
    said = {"code": "http_418", "params": {"host": "x.example", "status": 418, "answer": "tea."}}
    step = entry("tell", StepStatus.FAILED, then="stop", error=said)

    assert told(RunStatus.FAILED, entry("confirm"), step, error_step="tell").endswith(
        "It says: tea. “Mail” was not reached."
    )


def test_values_of_the_record_have_the_names_that_people_know():
    changed = {"read_at": "2026-11-30", "changed": {"customer_phone": ["03 12", "03 123 456"]}}
    facts = RunFacts(
        RunStatus.COMPLETED,
        VersionPlan(STEPS),
        [entry("confirm", record_values=changed)],
        payload_labels={"customer_phone": "هاتف"},
    )

    assert "هاتف: 03 123 456 instead of 03 12" in timeline(facts)[0].reason
