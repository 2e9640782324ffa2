"""Tell a stored story again: a program of back then, what happens to it, and what it does.

A file of `golden/` has `programs`, by the key of their workflow (the first is the one under test;
`null`: the program of that name beside the language's tests), and `stories`. A story has

    payload, previous   of the event that starts the run
    answers             step -> what its actions say, one after the other: {"output"} or
                        {"fails", "params", "temporary"}; without any they say {"did": step}
    meanwhile           while the run waits: "travel", "miss the deadline", {"event", "payload"},
                        {"decide", "answers"}
    expect              what came of it: status, error, steps, calls, events, children
"""

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

from actions import registry
from actions.errors import PermanentFailure, TemporaryFailure
from tenants.core.json.jsontext import loads, readable
from tests.support.machine import Machine
from tests.support.time_travel import travel
from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.approvals.approvers import Decider, Via
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.definitions.publish import awaited_types
from workflows.services.events.drafts import EventDraft
from workflows.services.events.fire import fire, fire_all
from workflows.services.runs.entries import entries_of

GOLDEN = Path(__file__).parent / "golden"
COMPILED = Path(__file__).parents[1] / "definition" / "golden"
DECIDER = Decider("user:head", Via.ADMIN, is_free=True)
# What is another each time: moments, ids, how long it took.
VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.:+]*Z?"), "<moment>"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r'"seconds":\d+'), '"seconds":"<seconds>"'),
    (re.compile(r"https?://[^/]+(?=/admin/)"), "<site>"),
]


def stored(name):
    """Return the programs and the stories of a file."""
    return loads((GOLDEN / f"{name}.json").read_text())


def publish_stored(tenant, programs, file):
    """Make active workflows of stored programs: nothing is compiled again."""
    for key, own in programs.items():
        program = own or json.loads((COMPILED / f"{file}.json").read_text())["program"]
        types = program["trigger_types"]
        definition = WorkflowDefinition.objects.create(
            tenant=tenant,
            key=key,
            name=program["name"],
            trigger_type=types[0],
            trigger_types=types,
            awaited_types=sorted(awaited_types(program)),
            is_active=True,
            version=1,
        )
        WorkflowVersion.objects.create(
            tenant=tenant, definition=definition, version=1, document={}, program=program
        )


class Actors:
    """Stand in for every action of the library: they say what the story wants."""

    def __init__(self, answers):
        self._answers = {step: list(said) for step, said in answers.items()}
        self.calls = {}

    def __call__(self, params, context):
        self.calls.setdefault(context.step_name, []).append(params)
        told = self._answers.get(context.step_name)
        answer = told.pop(0) if told else {"output": {"did": context.step_name}}
        if "fails" not in answer:
            return answer["output"]
        kind = TemporaryFailure if answer.get("temporary") else PermanentFailure
        raise kind(answer["fails"], **answer.get("params", {}))

    @contextmanager
    def on_stage(self):
        """Put them in the place of the library's functions; effects and schemas stay."""
        registry.load()
        specs = {name: replace(spec, run=self) for name, spec in registry._specs.items()}
        with mock.patch.dict(registry._specs, specs):
            yield self


def tell(tenant, story):
    """Let the story happen; return what came of it."""
    actors, machine = Actors(story.get("answers", {})), Machine()
    definition = WorkflowDefinition.objects.filter(tenant=tenant).earliest("id")
    draft = EventDraft(definition.trigger_type, story["payload"], story.get("previous"))
    try:
        with actors.on_stage():
            fire_all(tenant.facts(), [draft])
            machine.work()
            for act in story.get("meanwhile", ()):
                _do(tenant, act)
                machine.work()
    finally:
        machine.close()
    return without_what_varies(_outcome(definition, actors))


def without_what_varies(told):
    """Return it with moments and ids as signs."""
    text = readable(told)
    for pattern, sign in VARYING:
        text = pattern.sub(sign, text)
    return loads(text)


def _do(tenant, act):
    if act in ("travel", "miss the deadline"):
        runs = WorkflowRun.objects.filter(tenant=tenant)
        assert travel(runs, past_deadline=act != "travel")
    elif "event" in act:
        fire(tenant, act["event"], act["payload"])
    else:
        approval = WorkflowApproval.objects.get(tenant=tenant, decided_at=None)
        decide(tenant, approval.pk, DECIDER, GivenAnswer(act["decide"], act.get("answers", {})))


def _outcome(definition, actors):
    run = WorkflowRun.objects.filter(definition=definition, parent_run=None).first()
    if run is None:
        return None
    own = WorkflowRun.objects.filter(tenant=definition.tenant_id)
    children = own.exclude(parent_run=None).order_by("id")
    fired = WorkflowEvent.objects.filter(tenant=definition.tenant_id, caused_by_run__isnull=False)
    events = fired.order_by("id")
    return {
        **_told_of(run),
        "calls": actors.calls,
        "events": [[one.type, one.payload, one.subject_type, one.subject_id] for one in events],
        "children": [{"item": one.item_index, **_told_of(one)} for one in children],
    }


def _told_of(run):
    error = {"step": run.error_step, "code": run.error_code} if run.error_code else None
    return {"status": run.status, "error": error, "steps": [_step(e) for e in entries_of(run)]}


def _step(entry):
    kept = ("status", "output", "error", "reason", "then")
    told = {"step": entry["step_name"], **{key: entry[key] for key in kept if key in entry}}
    tries = len(entry.get("attempts", ()))
    return {**told, "tries": tries} if tries else told
