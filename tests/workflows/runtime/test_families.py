"""Child runs: started with their parent's park, ended in turn, told in both directions."""

import pytest

from actions.errors import PermanentFailure
from actions.spec import Effect
from tests.support.machine import entries, output
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def calls(library):
    """What the probes were asked to do; those with "no" in it fail."""
    asked = []

    def probe(params, context):
        asked.append(params.get("to"))
        if params.get("to") == "no":
            raise PermanentFailure("refused")
        return {"did": params.get("to")}

    library(Effect.REPEATABLE, probe)
    return asked


def probe(name, to="ok", **more):
    return {"name": name, "action": "probe", "params": {"to": to}, **more}


def each(*steps, items="{{ trigger.people }}", **params):
    asked = {"items": items, "steps": list(steps), **params}
    return {"name": "each", "action": "for_each", "params": asked}


def roots():
    return WorkflowRun.objects.filter(parent_run=None).order_by("id")


def children():
    return WorkflowRun.objects.exclude(parent_run=None).order_by("item_index", "id")


def test_a_child_for_each_item_and_the_parent_goes_on_behind_them(
    tenant, machine, calls, publish_steps
):
    greet = probe("greet", "{{ item.name }} {{ item_index }} {{ trigger.shop }}")
    result = "{{ steps.greet.output.did }}"
    publish_steps(tenant, probe("first"), each(greet, result=result), probe("last"))
    fire(tenant, "x", {"shop": "Nour", "people": [{"name": "Rami"}, {"name": "Sara"}]})

    machine.work()

    [root] = roots()
    assert calls == ["ok", "Rami 0 Nour", "Sara 1 Nour", "ok"]
    assert root.status == "completed"
    assert entries(root) == [("first", "completed"), ("each", "completed"), ("last", "completed")]
    assert output(root, "each") == {
        "results": ["Rami 0 Nour", "Sara 1 Nour"],
        "items": 2,
        "succeeded": 2,
        "failed": 0,
    }
    assert [(one.status, one.trigger_payload, one.children_open) for one in children()] == [
        ("completed", {}, 0),
        ("completed", {}, 0),
    ]
    assert root.children_open == 0


def test_no_more_children_at_once_than_allowed(tenant, machine, calls, publish_steps):
    publish_steps(tenant, each(probe("greet"), concurrency=2))
    fire(tenant, "x", {"people": list(range(5))})
    machine.turn()

    seen = []
    while machine.turn(limit=1):
        live = children().filter(due_at__isnull=False, due_at__year__lt=9999)
        seen.append(live.count())

    assert max(seen) == 2
    assert roots().get().status == "completed"
    assert len(calls) == 5


def test_an_item_that_fails_does_not_stop_the_others(tenant, machine, calls, publish_steps):
    publish_steps(tenant, each(probe("greet", "{{ item }}"), result="{{ item }}"), probe("last"))
    fire(tenant, "x", {"people": ["a", "no", None]})

    machine.work()

    root = roots().get()
    assert root.status == "completed_with_errors"
    assert root.error_code == "items_failed"
    assert output(root, "each") == {
        "results": ["a", None, None],
        "items": 3,
        "succeeded": 1,
        "failed": 2,
    }
    assert entries(root)[-1] == ("last", "completed")


def test_where_one_failure_stops_the_others_the_step_fails_once_all_are_over(
    tenant, machine, calls, publish_steps
):
    step = each(probe("greet", "{{ item }}"), concurrency=1, if_one_fails="stop")
    publish_steps(tenant, step)
    fire(tenant, "x", {"people": ["a", "no", "b", "c"]})

    machine.work()

    root = roots().get()
    assert (root.status, root.error_code) == ("failed", "item_failed")
    assert root.step_results[-1]["error"]["params"]["item"] == 2
    assert [one.status for one in children()] == ["completed", "failed", "cancelled", "cancelled"]
    assert calls == ["a", "no"]


def test_a_retry_of_the_step_does_only_what_was_not_done(
    tenant, machine, calls, library, publish_steps
):
    step = each(
        probe("greet", "{{ item }}"), concurrency=1, if_one_fails="stop", result="{{ item }}"
    )
    publish_steps(tenant, step)
    fire(tenant, "x", {"people": ["a", "no", "b"]})
    machine.work()
    root = roots().get()
    calls.clear()

    root.refresh_from_db()
    library_answers = calls
    retry_failed_step(tenant, root.id)
    machine.work()

    assert library_answers == ["no"]
    root.refresh_from_db()
    assert (root.status, root.error_code) == ("failed", "item_failed")


def test_a_list_of_nothing_is_done_at_once(tenant, machine, calls, publish_steps):
    publish_steps(tenant, each(probe("greet")), probe("last"))
    fire(tenant, "x", {"people": []})

    machine.work()

    assert roots().get().status == "completed"
    assert (children().count(), calls) == (0, ["ok"])


def test_more_items_than_a_page_are_worked_on_in_pages(
    tenant, machine, calls, publish_steps, monkeypatch
):
    monkeypatch.setattr("workflows.engine.children.PAGE", 3)
    publish_steps(tenant, each(probe("greet"), result="{{ item }}", concurrency=3))
    fire(tenant, "x", {"people": list(range(8))})

    machine.work()

    assert output(roots().get(), "each")["results"] == list(range(8))
    assert len(calls) == 8


def test_lists_inside_lists_see_the_outer_item(tenant, machine, calls, publish_steps):
    inner = {
        "name": "inner",
        "action": "for_each",
        "params": {
            "items": "{{ item.sizes }}",
            "steps": [probe("say", "{{ outer.item.name }}-{{ item }}")],
            "result": "{{ steps.say.output.did }}",
        },
    }
    publish_steps(tenant, each(inner, result="{{ steps.inner.output.results }}"))
    fire(
        tenant,
        "x",
        {"people": [{"name": "shirt", "sizes": ["S", "M"]}, {"name": "cap", "sizes": []}]},
    )

    machine.work()

    assert output(roots().get(), "each")["results"] == [["shirt-S", "shirt-M"], []]


def test_stop_ends_the_item_or_the_run(tenant, machine, calls, publish_steps):
    end = {
        "name": "end",
        "action": "stop",
        "params": {"message": "enough", "scope": "run"},
        "condition": {"all": [{"field": "item", "operator": "equals", "value": 2}]},
    }
    publish_steps(tenant, each(end, probe("greet"), concurrency=1), probe("last"))
    fire(tenant, "x", {"people": [1, 2, 3]})

    machine.work()

    root = roots().get()
    assert root.status == "completed"
    assert calls == ["ok"]
    assert [one.status for one in children()] == ["completed", "completed", "cancelled"]


def test_branches_at_once_hand_back_by_name(tenant, machine, calls, publish_steps):
    arms = [
        {"name": "mail", "steps": [probe("a", "mail")], "result": "{{ steps.a.output.did }}"},
        {"name": "call", "steps": [probe("b", "call")], "result": "{{ steps.b.output.did }}"},
    ]
    both = {"name": "both", "action": "parallel", "params": {"branches": arms}}
    publish_steps(tenant, both, probe("last", "{{ steps.both.output.call }}"))
    fire(tenant, "x", {})

    machine.work()

    assert output(roots().get(), "both") == {"mail": "mail", "call": "call"}
    assert calls[-1] == "call"


def test_a_branch_that_fails_fails_the_step_by_default(tenant, machine, calls, publish_steps):
    arms = [
        {"name": "good", "steps": [probe("a")]},
        {"name": "bad", "steps": [probe("b", "no")]},
    ]
    both = {"name": "both", "action": "parallel", "params": {"branches": arms}}
    publish_steps(tenant, both)
    fire(tenant, "x", {})

    machine.work()

    root = roots().get()
    assert (root.status, root.error_code) == ("failed", "branch_failed")
    assert root.step_results[-1]["error"]["params"]["branch"] == "bad"


@pytest.fixture
def callee(tenant):
    document = {
        "name": "Callee",
        "trigger_type": "called",
        "steps": [probe("inside", "{{ trigger.who }}")],
        "output": {"said": "{{ steps.inside.output.did }}"},
    }
    definition = WorkflowDefinition(tenant=tenant, key="callee", is_active=True)

    def publish_it():
        publish(tenant, "tester", definition, document)
        return definition

    return publish_it


def call(**more):
    params = {"workflow": "callee", "input": {"who": "{{ trigger.name }}"}}
    return {"name": "call", "action": "run_workflow", "params": params, **more}


def test_another_workflow_is_called_with_an_input_and_hands_back_its_output(
    tenant, machine, calls, publish_steps, callee
):
    definition = callee()
    publish_steps(tenant, call(), probe("last", "{{ steps.call.output.said }}"))
    fire(tenant, "x", {"name": "Rami"})

    machine.work()

    assert calls == ["Rami", "Rami"]
    child = children().get()
    assert (child.definition_id, child.trigger_payload) == (definition.id, {})
    assert output(roots().get(), "call") == {"said": "Rami"}


def test_a_workflow_that_is_switched_off_cannot_be_called(
    tenant, machine, calls, publish_steps, callee
):
    definition = callee()
    publish_steps(tenant, call())
    WorkflowDefinition.objects.filter(pk=definition.pk).update(is_active=False)
    fire(tenant, "x", {"name": "Rami"})

    machine.work()

    root = roots().get()
    assert (root.status, root.error_code) == ("failed", "workflow_not_active")


def test_cancelling_a_parent_cancels_its_children(tenant, machine, calls, publish_steps):
    pause = {"name": "pause", "action": "wait", "params": {"for": "1h"}}
    publish_steps(tenant, each(pause, concurrency=2))
    fire(tenant, "x", {"people": [1, 2, 3]})
    machine.work()

    cancel(tenant, roots().get().id)

    assert {one.status for one in WorkflowRun.objects.all()} == {"cancelled"}
    assert not WorkflowRun.objects.exclude(due_at=None).exists()
