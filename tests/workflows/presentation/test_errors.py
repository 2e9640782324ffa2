"""Every code that the engine and the workers give has a sentence, with what they give it."""

import ast
from pathlib import Path

import pytest
from django.utils import timezone, translation

import workflows
from tenants.core.text.listing import bare
from workflows.engine import children, decide, limits
from workflows.engine.children import ChildEnd, ChildRuns
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs.errors import SENTENCES, sentence
from workflows.runtime.runs import store

SOURCES = [
    file
    for package in ("engine", "runtime")
    for file in sorted((Path(workflows.__file__).parent / package).rglob("*.py"))
]
CONSTANTS = {
    "OUTCOME_UNKNOWN": decide.OUTCOME_UNKNOWN,
    "DEADLINE_PASSED": decide.DEADLINE_PASSED,
    "STOPPED": decide.STOPPED,
    "LIMIT_REACHED": limits.LIMIT_REACHED,
}
# What another run that failed tells: `**why` in the source.
WHY = {"code": "action_crashed", "step": "write_mail", "message": "It broke."}
VALUES = {
    "action": "gone",
    "branch": "mail",
    "bytes": 300_000,
    "deadline": "2026-11-22T12:00:00+00:00",
    "failed": 1,
    "item": 2,
    "items": 5,
    "limit": "items",
    "limit_bytes": 262_144,
    "message": "Enough.",
    "most": 10_000,
    "reason": "boom",
    "rounds": 3,
    "seconds": 172_800,
    "workflow": "refund",
}


def failures():
    """Yield each code in the sources, with parameters as they are given there."""
    for file in SOURCES:
        text = file.read_text()
        for node in ast.walk(ast.parse(text if "StepFailed" in text else "")):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if is_call and node.func.id == "StepFailed" and (code := code_of(node.args[0])):
                yield code, params_of(node.args[1:])


def code_of(node):
    if isinstance(node, ast.Constant):
        return node.value
    return CONSTANTS.get(node.id) if isinstance(node, ast.Name) else None


def params_of(arguments):
    found = {}
    for argument in arguments:
        for key in argument.keys if isinstance(argument, ast.Dict) else ():
            found |= WHY if key is None else {key.value: VALUES[key.value]}
    return found


FAILURES = sorted(failures(), key=str)
OF_RUNS = [
    (decide.CANCELLED, {}),
    (decide.POISONED, {"crashes": 5}),
    (store.REPLACED, {}),
    ("condition_not_met", {}),
]


def test_the_sources_are_read():
    codes = {code for code, _params in FAILURES}

    assert {"items_failed", "item_failed", "not_in_time", "workflow_not_active"} <= codes
    assert len(FAILURES) >= 17


@pytest.mark.parametrize(("code", "params"), [*FAILURES, *OF_RUNS], ids=str)
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
