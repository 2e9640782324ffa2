"""The page of a run whose workflow branches: the steps it took are there, whatever their depth."""

import pytest
from django.utils import timezone

from actions.models.connection import Connection
from tests.support.company import case
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish

pytestmark = pytest.mark.django_db


def entry(name, action, **more):
    timing = {"started_at": "2026-11-22T12:00:00+00:00", "duration_ms": 5}
    return {"step_name": name, "action": action, "status": "completed", **timing, **more}


@pytest.fixture
def run(tenant):
    Connection.objects.create(tenant=tenant, key="slack", name="Slack", kind="slack")
    definition = WorkflowDefinition(tenant=tenant, key="risk", is_active=True)
    publish(tenant, "user:ops", definition, case("c6_risk_without_approval"))
    now = timezone.now()
    return WorkflowRun.objects.create(
        tenant=tenant,
        definition=definition,
        version=1,
        status="completed",
        started_at=now,
        completed_at=now,
        trigger_payload={"order_number": "1001", "risk_level": "HIGH"},
        step_results=[
            entry("find_order", "find_records", output={"count": 1}),
            entry("by_risk", "branch", output={"case": "High"}),
            entry("hold", "update_record", input={"table": "orders"}, output={}),
            entry(
                "think", "wait", input={"for": "2h"}, output={"until": "2026-11-22T14:00:00+00:00"}
            ),
            entry("tell_support", "team_notify", input={"text": "Review"}, output={}),
            entry("done", "emit_event", input={"type": "order.reviewed"}, output={}),
        ],
    )


def test_every_step_that_was_done_is_shown(client, ops_user, run):
    client.force_login(ops_user)

    answer = client.get(f"/admin/workflows/workflowrun/{run.pk}/change/")

    assert answer.status_code == 200
    text = answer.content.decode()
    for name in ("Find order", "By risk", "Hold", "Think", "Tell support", "Done"):
        assert name in text


def test_the_workflow_itself_can_be_opened(client, ops_user, run):
    client.force_login(ops_user)

    answer = client.get(f"/admin/workflows/workflowdefinition/{run.definition_id}/change/")

    assert answer.status_code == 200
