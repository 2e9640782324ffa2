"""Whatever a workflow looks like and wherever its worker dies, it ends as if nobody had died.

Documents are drawn at random, carried out once undisturbed, then again with one death: before or
after any action, before or after any commit. Another worker takes over. Status, steps and outputs
are the same, events of `emit_event` (a step of effect database) are there exactly once, and at most
the one step that death interrupted was done again.
"""

from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from actions.errors import PermanentFailure
from actions.spec import Effect
from tests.support.machine import LEASE, Machine
from tests.support.time_travel import travel
from tests.workflows.runtime.fates import Death, Fate, die
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.runs import store
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.runs.entries import entries_of

pytestmark = pytest.mark.django_db(transaction=True)


@st.composite
def steps(draw, depth=0):
    """Return a list of steps, without names."""
    kinds = [call(), call(), emit(), stop() if depth else call()]
    if depth < 2:
        kinds += [branch(depth), each(depth), arms(depth), again(depth)]
    return draw(st.lists(st.one_of(kinds), min_size=1, max_size=3))


def call():
    on_error = st.sampled_from(["stop", "continue", "continue"])
    says = st.sampled_from(["a", "b", "c", "no"])
    return st.builds(
        lambda to, then: {"action": "probe", "params": {"to": to}, "on_error": then}, says, on_error
    )


def emit():
    return st.just({"action": "emit_event", "params": {"type": "told", "payload": {"x": 1}}})


def stop():
    ends = st.sampled_from(["completed", "failed"])
    return st.builds(
        lambda end: {"action": "stop", "params": {"outcome": end, "message": "end"}}, ends
    )


CONDITIONS = st.sampled_from(
    [
        {"all": [{"field": "trigger.yes", "operator": "is_true"}]},
        {"all": [{"field": "trigger.yes", "operator": "is_false"}]},
    ]
)


def branch(depth):
    return st.builds(
        lambda when, then, other: {
            "action": "branch",
            "params": {"cases": [{"when": when, "steps": then}], "otherwise": other},
        },
        CONDITIONS,
        steps(depth + 1),
        steps(depth + 1),
    )


def each(depth):
    return st.builds(
        lambda inside, count, at_once, fails: {
            "action": "for_each",
            "params": {
                "items": list(range(count)),
                "steps": inside,
                "concurrency": at_once,
                "if_one_fails": fails,
                "result": "{{ item }}",
            },
        },
        steps(depth + 1),
        st.integers(0, 3),
        st.integers(1, 2),
        # "stop" would make it a matter of timing how far the others come.
        st.just("continue"),
    )


def arms(depth):
    return st.builds(
        lambda one, two: {
            "action": "parallel",
            "params": {
                "branches": [{"name": "one", "steps": one}, {"name": "two", "steps": two}],
                "if_one_fails": "continue",
            },
            "on_error": "continue",
        },
        steps(depth + 1),
        steps(depth + 1),
    )


def again(depth):
    return st.builds(
        lambda inside: {
            "action": "repeat",
            "params": {
                "steps": inside,
                "until": {"all": [{"field": "trigger.yes", "operator": "is_true"}]},
                "every": "1s",
                "at_most": 2,
            },
        },
        steps(depth + 1),
    )


def named(inner, counter):
    """Return the steps with names, each its own."""
    done = []
    for step in inner:
        counter.append(1)
        name = f"s{len(counter)}"
        params = dict(step["params"])
        for key in ("steps", "otherwise"):
            if key in params:
                params[key] = named(params[key], counter)
        for key in ("cases", "branches"):
            if key in params:
                params[key] = [
                    {**one, "steps": named(one["steps"], counter)} for one in params[key]
                ]
        done.append({**step, "name": name, "params": params})
    return done


def without_unreachable(inner):
    """Cut what stands behind a `stop`: nobody may publish steps that no path reaches."""
    kept = []
    for step in inner:
        kept.append(step)
        if always_ends(step):
            break
    return kept


def always_ends(step):
    from workflows.definition.blocks import ends

    return ends(step)


def tidy(inner):
    for step in inner:
        params = step["params"]
        for key in ("steps", "otherwise"):
            if key in params:
                params[key] = tidy(params[key])
        for key in ("cases", "branches"):
            for one in params.get(key, ()):
                one["steps"] = tidy(one["steps"])
    return without_unreachable(inner)


def carry_out(tenant, fate):
    """Fire and work until nothing is left; a worker that dies is replaced."""
    fire(tenant, "x", {"yes": True})
    real_write = store.write

    def write(*arguments):
        fate.passes()
        written = real_write(*arguments)
        fate.passes()
        return written

    machine = Machine()
    with mock.patch.object(store, "write", write):
        for _ in range(300):
            travel(WorkflowRun.objects.filter(wait_type="time"))
            try:
                if not machine.turn(limit=1):
                    break
            except Death:
                die(machine)
                machine = Machine("south")
                take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)
        else:
            raise AssertionError("the runs go on for ever")
    machine.close()


def story(entry_list):
    """Return what does not depend on time or on ids."""
    kept = ("step_name", "status", "output", "reason", "then", "input")
    return [
        {key: entry[key] for key in kept if key in entry and entry["action"] != "emit_event"}
        | ({"code": entry["error"]["code"]} if "error" in entry else {})
        for entry in entry_list
    ]


def everything():
    """Return what is left of all runs, roots first, children in order."""
    told = WorkflowEvent.objects.filter(type="told").count()
    runs = WorkflowRun.objects.order_by("entry", "item_index", "status", "id")
    left = [(run.entry, run.item_index, run.status, story(entries_of(run))) for run in runs]
    return told, sorted(left, key=repr)


def forget():
    WorkflowRun.objects.all().delete()
    WorkflowEvent.objects.all().delete()


@settings(
    max_examples=40,
    deadline=None,
    # No shrinking: each example is a second of a real database's work.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(inner=steps(), where=st.integers(0, 10_000))
def test_the_end_is_that_of_no_crash(tenant, library_of_probes, inner, where):
    document = {"name": "W", "trigger_type": "x", "steps": tidy(named(inner, []))}
    definition = WorkflowDefinition.objects.filter(tenant=tenant, key="w").first()
    definition = definition or WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    publish(tenant, "tester", definition, document)
    calm = library_of_probes(Fate())
    forget()
    carry_out(tenant, calm)
    expected = everything()
    forget()

    fate = library_of_probes(Fate(at=where % max(calm.moment, 1) + 1))
    carry_out(tenant, fate)

    assert everything() == expected
    assert len(calm.calls) <= len(fate.calls) <= len(calm.calls) + 1
    forget()


@pytest.fixture
def library_of_probes(library):
    fates = []

    def probe(params, context):
        fate = fates[-1]
        fate.passes()
        fate.calls.append(context.idempotency_key)
        fate.passes()
        if params["to"] == "no":
            raise PermanentFailure("refused")
        return {"did": params["to"]}

    library(Effect.REPEATABLE, probe)

    def use(fate):
        fates.append(fate)
        return fate

    return use
