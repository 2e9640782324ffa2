"""Walking a program: skips, rendering errors, retries, and what each checkpoint carries."""

from datetime import UTC, datetime, timedelta

import pytest

from workflows.definition.catalogue import ActionSignature, Catalogue
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.scope import NameScope
from workflows.definition.validate import ValidDocument
from workflows.engine.advance import Walker
from workflows.engine.history.entries import Timing
from workflows.engine.outcomes import StepCompleted, StepFailed
from workflows.engine.statuses import RunStatus

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TIMING = Timing(NOW, 5)
CATALOGUE = Catalogue(
    actions={"say": ActionSignature({"type": "object", "properties": {"text": {"type": "string"}}})}
)


def say(name, text="hello", **more):
    return {"name": name, "action": "say", "params": {"text": text}, **more}


def program_of(*steps):
    document = {"name": "W", "trigger_type": "x", "steps": list(steps)}
    return load_program(compile_document(ValidDocument(document, CATALOGUE)))


def walker(program, results=(), trigger=None):
    def scope_for(entries, now):
        steps = {entry["step_name"]: entry for entry in entries}
        return NameScope(trigger=trigger or {}, steps=steps, now=now)

    return Walker(program, tuple(results), scope_for)


IF_WEB = {"all": [{"field": "trigger.source", "operator": "equals", "value": "web"}]}


def test_the_first_step_is_rendered_and_waits_for_hands():
    progress = walker(program_of(say("a", "{{trigger.who}}")), trigger={"who": "Rami"}).begin(
        0, None, NOW
    )

    assert progress.status is RunStatus.RUNNING
    assert (progress.job.instruction.name, progress.job.input) == ("a", {"text": "Rami"})
    assert progress.pending["input"] == {"text": "Rami"}


def test_skipped_steps_travel_in_the_checkpoint_of_the_step_before():
    program = program_of(say("a"), say("b", condition=IF_WEB), say("c"))
    trigger = {"source": "store"}
    job = walker(program, trigger=trigger).begin(0, None, NOW).job

    progress = walker(program, trigger=trigger).settle(
        job, StepCompleted({}), TIMING, now=NOW, jitter=0
    )

    assert [(e["step_name"], e["status"]) for e in progress.entries] == [
        ("a", "completed"),
        ("b", "skipped"),
    ]
    assert progress.entries[1]["reason"] == "condition_not_met"
    assert (progress.next_step, progress.job.instruction.name) == (2, "c")


def test_a_run_of_which_every_step_is_skipped_completes_without_hands():
    program = program_of(say("a", condition=IF_WEB))

    progress = walker(program, trigger={"source": "store"}).begin(0, None, NOW)

    assert (progress.status, progress.job) == (RunStatus.COMPLETED, None)


def test_a_missing_value_fails_the_step_and_names_the_path():
    progress = walker(program_of(say("a", "{{trigger.phone}}"), say("b"))).begin(0, None, NOW)

    assert progress.status is RunStatus.FAILED
    assert progress.entries[0]["error"]["code"] == "missing_value"
    assert progress.entries[0]["error"]["params"]["path"] == "trigger.phone"
    assert (progress.error, progress.next_step) == (progress.entries[0], 0)


def test_a_missing_value_in_a_step_that_may_fail_lets_the_run_go_on():
    program = program_of(say("a", "{{trigger.phone}}", on_error="continue"), say("b"))

    progress = walker(program).begin(0, None, NOW)

    assert [entry["status"] for entry in progress.entries] == ["failed"]
    assert progress.job.instruction.name == "b"


def test_later_steps_read_the_outputs_of_earlier_ones():
    program = program_of(say("a"), say("b", "{{steps.a.output.id}}"))
    job = walker(program).begin(0, None, NOW).job

    progress = walker(program).settle(job, StepCompleted({"id": 7}), TIMING, now=NOW, jitter=0)

    assert progress.job.input == {"text": "7"}


def test_a_retry_keeps_the_params_and_adds_the_attempt():
    program = program_of(say("a", "{{now}}"))
    job = walker(program).begin(0, None, NOW).job
    failed = StepFailed("unreachable", {"host": "x"}, is_temporary=True)

    parked = walker(program).settle(job, failed, TIMING, now=NOW, jitter=0)
    again = walker(program).begin(0, parked.pending, NOW + timedelta(hours=1)).job
    ended = walker(program).settle(again, StepCompleted({}), TIMING, now=NOW, jitter=0)

    assert (parked.status, parked.entries, parked.due_in) == (
        RunStatus.WAITING,
        (),
        timedelta(seconds=10),
    )
    assert (again.input, again.attempt) == (job.input, 2)
    assert [a["error"] and a["error"]["code"] for a in ended.entries[0]["attempts"]] == [
        "unreachable",
        None,
    ]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["completed"], RunStatus.COMPLETED),
        (["failed"], RunStatus.COMPLETED_WITH_ERRORS),
        (["unknown"], RunStatus.COMPLETED_WITH_ERRORS),
        (["skipped"], RunStatus.COMPLETED),
    ],
)
def test_the_end_remembers_errors_of_steps_finished_by_another_worker(statuses, expected):
    program = program_of(say("a"), say("b"))
    done = [{"step_name": "a", "action": "say", "status": status} for status in statuses]
    job = walker(program, done).begin(1, None, NOW).job

    ended = walker(program, done).settle(job, StepCompleted({}), TIMING, now=NOW, jitter=0)

    assert ended.status is expected
