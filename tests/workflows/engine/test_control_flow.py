"""Branches, loops, waits, stops and what happens after errors, walked without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from workflows.definition.catalogue import ActionSignature, Catalogue
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.scope import NameScope
from workflows.definition.validate import ValidDocument
from workflows.engine.advance import Walker
from workflows.engine.history.entries import Timing, latest_handled
from workflows.engine.outcomes import StepCompleted, StepFailed
from workflows.engine.statuses import RunStatus

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}
CATALOGUE = Catalogue(actions={"say": ActionSignature(TEXT, {"type": "object"})})


def say(name, text="hello", **more):
    return {"name": name, "action": "say", "params": {"text": text}, **more}


def rows(field, operator, value):
    return {"all": [{"field": field, "operator": operator, "value": value}]}


class Run:
    """A run walked to its end by an executor that answers as it is told."""

    def __init__(self, *steps, trigger=None, answers=None, **document):
        shape = {"name": "W", "trigger_type": "x", "steps": list(steps), **document}
        self.program = load_program(compile_document(ValidDocument(shape, CATALOGUE)))
        self.trigger, self.answers = trigger or {}, answers or {}
        self.results, self.done, self.rests, self.now = [], [], [], NOW

    def scope(self, entries, now):
        steps = {entry["step_name"]: entry for entry in entries}
        handled = latest_handled(entries)
        error = {"error": {"code": handled["error"]["code"]}} if handled else {}
        return NameScope(trigger=self.trigger, steps=steps, run=error, now=now)

    def walker(self):
        return Walker(self.program, tuple(self.results), self.scope)

    def finish(self):
        progress = self.note(self.walker().begin(0, None, self.now))
        while not progress.status.has_ended:
            progress = self.note(self.step(progress))
        self.end = progress
        return self

    def step(self, progress):
        if progress.job is None:
            self.rests.append(progress.due_in)
            self.now += progress.due_in
            return self.walker().begin(progress.next_step, progress.pending, self.now)
        name = progress.job.instruction.name
        self.done.append((name, progress.job.input["text"]))
        outcome = self.answers.get(name, StepCompleted({"ok": True}))
        timing = Timing(self.now, 1)
        return self.walker().settle(progress.job, outcome, timing, now=self.now, jitter=0)

    def note(self, progress):
        self.results.extend(progress.entries)
        return progress

    @property
    def names(self):
        return [name for name, _text in self.done]


BROKEN = StepFailed("http_404", {"status": 404})


@pytest.mark.parametrize(
    ("risk", "names"),
    [
        ("HIGH", ["before", "hold", "ask", "after"]),
        ("LOW", ["before", "capture", "after"]),
        ("ODD", ["before", "note", "after"]),
    ],
)
def test_a_branch_takes_the_first_case_that_holds(risk, names):
    branch = {
        "name": "by_risk",
        "action": "branch",
        "params": {
            "cases": [
                {
                    "label": "High",
                    "when": rows("trigger.risk", "equals", "HIGH"),
                    "steps": [say("hold"), say("ask")],
                },
                {
                    "label": "Low",
                    "when": rows("trigger.risk", "equals", "LOW"),
                    "steps": [say("capture")],
                },
            ],
            "otherwise": [say("note")],
        },
    }

    run = Run(say("before"), branch, say("after"), trigger={"risk": risk}).finish()

    assert run.names == names
    assert run.end.status is RunStatus.COMPLETED
    chosen = {"HIGH": "High", "LOW": "Low", "ODD": "otherwise"}[risk]
    assert run.results[1]["output"] == {"case": chosen}


def test_a_branch_without_a_case_that_holds_goes_on():
    branch = {
        "name": "maybe",
        "action": "branch",
        "params": {
            "cases": [
                {"label": "A", "when": rows("trigger.a", "equals", "1"), "steps": [say("inside")]}
            ]
        },
    }

    assert Run(branch, say("after"), trigger={"a": "2"}).finish().names == ["after"]


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [("completed", RunStatus.COMPLETED, None), ("failed", RunStatus.FAILED, "stopped")],
)
def test_stop_ends_the_run(outcome, status, code):
    params = {"outcome": outcome, "message": "Enough"}
    if_asked = rows("trigger.stop", "equals", "yes")
    stop = {"name": "end", "action": "stop", "params": params, "condition": if_asked}

    run = Run(say("a"), stop, say("b"), trigger={"stop": "yes"}).finish()

    assert (run.names, run.end.status) == (["a"], status)
    assert (run.end.error and run.end.error["error"]["code"]) == code


def repeat(**params):
    shape = {
        "steps": [say("poll")],
        "until": rows("steps.poll.output.ready", "equals", "yes"),
        "every": "1m",
        "at_most": 3,
    }
    return {"name": "loop", "action": "repeat", "params": {**shape, **params}}


def test_a_loop_rests_between_rounds_and_ends_when_its_test_holds():
    run = Run(repeat(), say("after"))
    answers = iter([{"ready": "no"}, {"ready": "no"}, {"ready": "yes"}])

    class Answers(dict):
        def get(self, name, default):
            return StepCompleted(next(answers)) if name == "poll" else default

    run.answers = Answers()
    run.finish()

    assert run.names == ["poll", "poll", "poll", "after"]
    assert run.rests == [timedelta(minutes=1)] * 2
    rounds = [entry["output"] for entry in run.results if entry["step_name"] == "loop"]
    assert rounds == [
        {"round": 1, "done": False},
        {"round": 2, "done": False},
        {"round": 3, "done": False},
        {"round": 3, "done": True},
    ]


def test_a_loop_that_runs_out_fails():
    run = Run(repeat(), answers={"poll": StepCompleted({"ready": "no"})}).finish()

    assert (run.names, run.end.status) == (["poll"] * 3, RunStatus.FAILED)
    assert run.end.error["error"] == {"code": "not_in_time", "params": {"rounds": 3}}


@pytest.mark.parametrize("skips", range(4))
def test_a_loop_that_was_skipped_before_has_all_its_rounds(skips):
    """The inner loop is skipped in the first rounds of the outer one, then entered."""
    inner = {
        **repeat(until=rows("steps.poll.output.ready", "equals", "yes"), every="1m", at_most=2),
        "name": "inner",
        "condition": rows("steps.tick.output.due", "equals", "yes"),
    }
    outer = repeat(
        steps=[say("tick"), inner],
        until=rows("steps.tick.output.due", "equals", "yes"),
        at_most=9,
    )
    run = Run(outer, say("after"))
    due = iter(["no"] * skips + ["yes"])
    ready = iter(["no", "yes"])

    class Answers(dict):
        def get(self, name, default):
            if name == "tick":
                return StepCompleted({"due": next(due)})
            return StepCompleted({"ready": next(ready)}) if name == "poll" else default

    run.answers = Answers()
    run.finish()

    assert run.names == ["tick"] * (skips + 1) + ["poll", "poll", "after"]
    assert [entry.get("output") for entry in run.results if entry["step_name"] == "inner"] == [
        *[None] * skips,
        {"round": 1, "done": False},
        {"round": 2, "done": False},
        {"round": 2, "done": True},
    ]


@pytest.mark.parametrize("answers", [["no", "no", "yes"], ["yes"], ["no", "yes"]])
def test_the_condition_of_a_loop_is_asked_when_it_is_entered_and_not_before_each_round(answers):
    """It holds at first, and no more in the second round, a minute later."""
    loop = {**repeat(), "condition": rows("trigger.at", "within_last", "1m")}
    run = Run(loop, say("after"), trigger={"at": (NOW - timedelta(seconds=30)).isoformat()})
    said = iter(answers)

    class Answers(dict):
        def get(self, name, default):
            return StepCompleted({"ready": next(said)}) if name == "poll" else default

    run.answers = Answers()
    run.finish()

    assert run.names == ["poll"] * len(answers) + ["after"]
    assert run.end.status is RunStatus.COMPLETED
    assert run.results[-2]["output"] == {"round": len(answers), "done": True}


def test_a_wait_parks_and_goes_on():
    pause = {"name": "pause", "action": "wait", "params": {"for": "2h"}}

    run = Run(say("a"), pause, say("b")).finish()

    assert (run.names, run.rests) == (["a", "b"], [timedelta(hours=2)])
    entry = run.results[1]
    assert (entry["status"], entry["output"]) == (
        "completed",
        {"until": (NOW + timedelta(hours=2)).isoformat()},
    )
    assert entry["duration_ms"] == 7_200_000


def test_a_wait_until_a_past_time_does_not_wait():
    pause = {"name": "pause", "action": "wait", "params": {"until": "{{trigger.at}}"}}

    run = Run(pause, say("b"), trigger={"at": "2020-01-01T00:00:00Z"}).finish()

    assert (run.rests, run.names) == ([], ["b"])


@pytest.mark.parametrize(
    ("then", "names", "status", "code"),
    [
        ("continue", ["a", "repair", "b"], RunStatus.COMPLETED_WITH_ERRORS, "http_404"),
        ("stop", ["a", "repair"], RunStatus.FAILED, "http_404"),
    ],
)
def test_the_steps_for_an_error_run_first(then, names, status, code):
    on_error = {"steps": [say("repair", "{{run.error.code}}")], "then": then}

    run = Run(say("a", on_error=on_error), say("b"), answers={"a": BROKEN}).finish()

    assert (run.names, run.end.status) == (names, status)
    assert ("repair", "http_404") in run.done
    assert run.end.error["error"]["code"] == code
    assert run.end.next_step == (0 if then == "stop" else run.end.next_step)


@pytest.mark.parametrize(
    ("code", "names"), [("http_404", ["a", "repair", "b"]), ("refused", ["a"])]
)
def test_only_the_named_errors_lead_into_the_steps(code, names):
    on_error = {"steps": [say("repair")], "then": "continue", "codes": ["http_404"]}

    run = Run(say("a", on_error=on_error), say("b"), answers={"a": StepFailed(code)}).finish()

    assert run.names == names


def test_a_step_without_an_error_leaves_its_error_steps_alone():
    on_error = {"steps": [say("repair")], "then": "continue"}

    run = Run(say("a", on_error=on_error), say("b")).finish()

    assert (run.names, run.end.status) == (["a", "b"], RunStatus.COMPLETED)


def test_a_failed_run_does_its_steps_for_failure_and_stays_failed():
    run = Run(
        say("a", on_error="continue"),
        say("b"),
        say("c"),
        answers={"a": StepFailed("first"), "b": BROKEN},
        on_failure=[say("tell", "{{run.error.code}}"), say("tidy")],
    ).finish()

    assert run.names == ["a", "b", "tell", "tidy"]
    assert ("tell", "http_404") in run.done
    assert (run.end.status, run.end.error["step_name"], run.end.next_step) == (
        RunStatus.FAILED,
        "b",
        1,
    )


def test_a_failure_among_the_steps_for_failure_ends_the_run_with_the_first_error():
    run = Run(
        say("a"),
        answers={"a": BROKEN, "tell": StepFailed("other")},
        on_failure=[say("tell"), say("tidy")],
    ).finish()

    assert run.names == ["a", "tell"]
    assert run.end.error["error"]["code"] == "http_404"


def test_after_the_steps_for_an_error_a_stopped_run_does_those_for_failure():
    on_error = {"steps": [say("repair")], "then": "stop"}

    run = Run(
        say("a", on_error=on_error), say("b"), answers={"a": BROKEN}, on_failure=[say("tell")]
    ).finish()

    assert (run.names, run.end.status) == (["a", "repair", "tell"], RunStatus.FAILED)
    assert run.end.error["step_name"] == "a"


def test_kinds_nest():
    inner = {
        "name": "choose",
        "action": "branch",
        "params": {
            "cases": [
                {
                    "label": "Stop",
                    "when": rows("steps.poll.output.ready", "equals", "stop"),
                    "steps": [{"name": "end", "action": "stop", "params": {}}],
                }
            ]
        },
    }
    loop = repeat(steps=[say("poll"), inner])

    run = Run(loop, say("after"), answers={"poll": StepCompleted({"ready": "stop"})}).finish()

    assert (run.names, run.end.status) == (["poll"], RunStatus.COMPLETED)
