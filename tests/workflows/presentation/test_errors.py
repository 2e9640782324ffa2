"""Every code that the engine and the workers give has a sentence, with what they give it."""

from collections.abc import Mapping, Sequence

import pytest
from django.utils import timezone, translation

from tenants.core.text.listing import bare
from workflows.engine import children
from workflows.engine.children import ChildEnd, ChildRuns
from workflows.engine.outcomes import Doubt, FailureCode
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs.errors import SENTENCES, sentence

# What another run that failed tells: `**why` in the source.
WHY = {"code": "action_crashed", "step": "write_mail", "message": "It broke."}
REASON = {"reason": "boom"}
# What each code is given, by the engine and the workers themselves.
GIVEN: Mapping[FailureCode, Sequence[Mapping[str, object]]] = {
    FailureCode.ACTION_CRASHED: [REASON],
    FailureCode.APPROVER_NOT_ALLOWED: [{"approver": "rana@elsewhere.example"}],
    FailureCode.BRANCH_FAILED: [{"branch": "mail", **WHY}],
    FailureCode.CANCELLED: [{}],
    FailureCode.CHAIN_TOO_LONG: [{"most": 10}],
    FailureCode.DATABASE_TROUBLE: [REASON],
    FailureCode.DEADLINE_PASSED: [{"deadline": "2026-11-22T12:00:00+00:00"}],
    FailureCode.ENGINE_ERROR: [REASON],
    FailureCode.INPUT_NOT_STORABLE: [REASON],
    FailureCode.ITEMS_FAILED: [{"failed": 1, "items": 5}],
    FailureCode.ITEM_FAILED: [{"item": 2, **WHY}],
    FailureCode.LIMIT_REACHED: [
        {"limit": limit, "most": 10_000}
        for limit in ("items", "items_bytes", "result_bytes", "entries")
    ],
    FailureCode.NOT_IN_TIME: [{"rounds": 3}, {"seconds": 172_800}],
    FailureCode.OUTCOME_UNKNOWN: [{}, WHY, {"reason": Doubt.WORKER_DIED}],
    FailureCode.OUTPUT_NOT_JSON: [REASON],
    FailureCode.OUTPUT_TOO_LARGE: [{"bytes": 300_000, "limit_bytes": 262_144}],
    FailureCode.POISONED: [{"crashes": 5}],
    FailureCode.PROGRAM_UNREADABLE: [REASON],
    FailureCode.REFUSED_BY_DATABASE: [REASON],
    FailureCode.REPLACED_BY_NEWER: [{}],
    FailureCode.RESULT_NOT_STORABLE: [REASON],
    FailureCode.STEP_TIMED_OUT: [{"seconds": 2.5}],
    FailureCode.STOPPED: [{"message": "Enough."}],
    FailureCode.UNKNOWN_ACTION: [{"action": "gone"}],
    FailureCode.UNREADABLE_ROW: [{"column": "pending", **REASON}],
    FailureCode.WORKFLOW_FAILED: [{"workflow": "refund", **WHY}],
    FailureCode.WORKFLOW_NOT_ACTIVE: [{"workflow": "refund"}],
}
FAILURES = [(code, params) for code, given in GIVEN.items() for params in given]


def test_every_code_is_tried():
    assert set(GIVEN) == set(FailureCode)


@pytest.mark.parametrize(("code", "params"), [*FAILURES, ("condition_not_met", {})], ids=str)
def test_every_code_has_a_sentence_with_its_parameters(code, params):
    said = sentence(code, params)

    assert not said.startswith(code)
    assert "%(" not in said
    assert "{" not in said
    assert said.endswith((".", "boom"))


@pytest.mark.parametrize(
    ("code", "params", "expected"),
    [
        (
            "not_in_time",
            {"rounds": 3},
            "It was tried 3 times, and the condition was never met.",
        ),
        ("not_in_time", {"seconds": 172_800}, "It waited for 2 d 0 h, and nothing came."),
        (
            "item_failed",
            {"item": 2, **WHY},
            "Item 2 failed. At “Write mail”: It broke.",
        ),
        (
            "item_failed",
            {"item": 2, "code": "cancelled", "step": "", "message": ""},
            "Item 2 failed. The run was cancelled.",
        ),
        (
            "branch_failed",
            {"branch": "By mail", **WHY},
            "The branch “By mail” failed. At “Write mail”: It broke.",
        ),
        (
            "items_failed",
            {"failed": 1, "items": 5},
            "1 of 5 went wrong. The page of each says why.",
        ),
        (
            "limit_reached",
            {"limit": "items", "most": 10_000},
            "This is too much at once: the limit for the items of a list is 10000.",
        ),
        ("replaced_by_newer", {}, "A newer run with the same key has taken its place."),
    ],
)
def test_sentences(code, params, expected):
    assert sentence(code, params) == expected


def test_the_deadline_is_a_time_for_people():
    with timezone.override("UTC"):
        said = sentence("deadline_passed", {"deadline": "2020-11-22T12:00:00+00:00"})

    assert said == "The run was not done by its deadline, 22 Nov 2020 12:00."


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_without_its_parameters_a_sentence_is_still_something(code):
    with translation.override("ar"):
        assert sentence(code, None)


def test_a_child_that_was_cancelled_says_so_in_its_parents_error():
    end = ChildEnd(1, RunStatus.CANCELLED, None, {"code": "cancelled", "step": "", "message": ""})
    done = children.taken({}, ChildRuns(0, [end]))

    assert sentence("item_failed", {"item": 2, **done["1"]["failed"]}).endswith("was cancelled.")


def test_why_another_run_failed_is_told_in_the_readers_language_or_not_at_all():
    """It was written in English when that run ended, without the facts that a sentence needs."""
    with translation.override("ar"):
        told = bare(sentence("item_failed", {"item": 2, **WHY}))
        without_facts = sentence("item_failed", {"item": 2, **WHY, "code": "cancelled"})

    assert told == "فشل العنصر 2. عند «Write mail»: تجد السبب في صفحته."
    assert bare(without_facts).endswith("أُلغي التشغيل.")
