"""A failed run starts the workflows that wait for one, and nothing goes round in a circle."""

from uuid import uuid4

import pytest

from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.hooks import FailedRun, tell_failed
from workflows.services.definitions.catalogue import problems_of
from workflows.services.definitions.publish import publish
from workflows.services.events.evaluation import MAX_DEPTH
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db

NOTE = {"name": "note", "action": "log_note", "params": {"text": "{{trigger.error_message}}"}}


def publish_on(tenant, trigger_type, key, **more):
    definition = WorkflowDefinition(tenant=tenant, key=key, is_active=True)
    document = {"name": key.title(), "trigger_type": trigger_type, "steps": [NOTE], **more}
    if trigger_type == "x":
        document["steps"] = [{**NOTE, "params": {"text": "hello"}}]
    publish(tenant, "tester", definition, document)
    return definition


def failed_run(tenant, trigger_type="x", payload=None):
    """Fire an event that starts a workflow; return its run as one that has just failed."""
    fired = fire(tenant, trigger_type, payload or {"order_id": "o-1"}, subject=("orders", "7"))
    run = WorkflowRun.objects.get(pk=fired.run_ids[0])
    return facts(run)


def facts(run, **values):
    event = WorkflowEvent.objects.get(pk=run.event_id)
    known = {
        "run_id": run.pk,
        "definition_id": run.definition_id,
        "version": run.version,
        "event_id": run.event_id,
        "depth": event.depth,
        "payload": run.trigger_payload,
        "subject": (run.subject_type, run.subject_id),
        "started_at": run.created_at,
        "error_step": "note",
        "error_code": "http_500",
        "error_message": "The other side has a fault.",
    }
    return FailedRun(**{**known, **values})


def told():
    return WorkflowEvent.objects.filter(type="workflow.run_failed")


def test_a_workflow_that_waits_for_failures_starts_with_what_is_known(tenant):
    publish_on(tenant, "x", "orders")
    watcher = publish_on(tenant, "workflow.run_failed", "watcher")
    failed = failed_run(tenant)

    tell_failed(tenant.facts(), failed)

    event = told().get()
    assert event.payload == {
        "run_id": str(failed.run_id),
        "workflow": "Orders",
        "workflow_key": "orders",
        "version": 1,
        "trigger_type": "x",
        "error_step": "note",
        "error_code": "http_500",
        "error_message": "The other side has a fault.",
        "subject_type": "orders",
        "subject_id": "7",
        "started_at": failed.started_at.isoformat(),
        "order_id": "o-1",
    }
    assert (event.caused_by_run, event.depth, event.source) == (failed.run_id, 1, "engine")
    assert event.actor == f"run:{failed.run_id}"
    run = WorkflowRun.objects.get(event=event)
    assert (run.definition_id, run.status, run.subject_id) == (watcher.pk, "queued", "7")


def test_the_payload_is_what_the_editor_offers(tenant):
    publish_on(tenant, "x", "orders")
    publish_on(tenant, "workflow.run_failed", "watcher")
    tell_failed(tenant.facts(), failed_run(tenant))
    document = {"name": "W", "trigger_type": "workflow.run_failed", "steps": [NOTE]}
    fields = [f"{{{{trigger.{name}}}}}" for name in told().get().payload if name != "order_id"]

    assert problems_of(tenant, {**document, "steps": [with_note(" ".join(fields))]}) == []
    wrong = problems_of(tenant, {**document, "steps": [with_note("{{trigger.reason}}")]})
    assert [problem.code for problem in wrong] == ["unknown_trigger_field"]


def with_note(text):
    return {**NOTE, "params": {"text": text}}


def test_nothing_is_written_while_nobody_listens(tenant, other_tenant):
    publish_on(tenant, "x", "orders")
    publish_on(other_tenant, "workflow.run_failed", "watcher")
    off = publish_on(tenant, "workflow.run_failed", "off")
    WorkflowDefinition.objects.filter(pk=off.pk).update(is_active=False)

    tell_failed(tenant.facts(), failed_run(tenant))

    assert not told().exists()


def test_a_run_that_a_failure_started_tells_nobody(tenant):
    publish_on(tenant, "workflow.run_failed", "watcher")
    publish_on(tenant, "workflow.run_failed", "other")
    fired = fire(tenant, "workflow.run_failed", {"error_message": "e"})
    run = WorkflowRun.objects.get(pk=fired.run_ids[0])

    tell_failed(tenant.facts(), facts(run))

    assert told().count() == 1


def test_a_workflow_does_not_start_on_its_own_failure(tenant):
    watcher = publish_on(tenant, "workflow.run_failed", "watcher", also_on=["x"])
    # What its program names, an event of the other kind lacks.
    failed = failed_run(tenant)
    assert failed.definition_id == watcher.pk

    tell_failed(tenant.facts(), failed)

    event = told().get()
    assert [one["reason"] for one in event.evaluations] == ["own_change"]
    assert not WorkflowRun.objects.filter(event=event).exists()


def test_a_chain_that_is_too_long_is_cut_visibly(tenant):
    publish_on(tenant, "x", "orders")
    publish_on(tenant, "workflow.run_failed", "watcher")
    run = WorkflowRun.objects.get(pk=failed_run(tenant).run_id)

    tell_failed(tenant.facts(), facts(run, depth=MAX_DEPTH))

    assert [one["reason"] for one in told().get().evaluations] == ["chain_too_long"]


def test_trouble_while_telling_is_only_logged(tenant, caplog):
    publish_on(tenant, "x", "orders")
    publish_on(tenant, "workflow.run_failed", "watcher")
    run = WorkflowRun.objects.get(pk=failed_run(tenant).run_id)

    tell_failed(tenant.facts(), facts(run, definition_id=uuid4()))

    assert "run_failed_not_told" in caplog.text
    # The transaction that ends the run goes on.
    assert WorkflowRun.objects.filter(pk=run.pk).update(status="failed") == 1
