"""Which workflows a document may call."""

import pytest

from workflows.definition.errors import InvalidDocument
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.catalogue import catalogue_of, problems_of
from workflows.services.definitions.publish import publish

pytestmark = pytest.mark.django_db

NOTE = {"name": "note", "action": "log_note", "params": {"text": "x"}}


def document(*steps, name="A"):
    return {"name": name, "trigger_type": "anything", "steps": list(steps) or [NOTE]}


def calling(key):
    return document({"name": "call", "action": "run_workflow", "params": {"workflow": key}})


def published(tenant, key, **values):
    definition = WorkflowDefinition(tenant=tenant, key=key, **values)
    publish(tenant, "tester", definition, document(name=key.title()))
    return definition


def test_published_workflows_of_the_tenant_can_be_called(tenant, other_tenant):
    published(tenant, "refunds")
    published(other_tenant, "theirs")
    archived = published(tenant, "archived")
    archived.archived_at = archived.created_at
    archived.save()
    WorkflowDefinition.objects.create(tenant=tenant, key="draft", name="Draft")

    assert catalogue_of(tenant).workflows == {"refunds": "Refunds"}
    assert problems_of(tenant, calling("refunds")) == []
    for key in ("theirs", "archived", "draft"):
        [problem] = problems_of(tenant, calling(key))
        assert (problem.path, problem.code) == (
            "/steps/0/params/workflow",
            "unknown_reference",
        )


def test_a_workflow_that_runs_itself_is_not_published(tenant):
    definition = published(tenant, "refunds")

    with pytest.raises(InvalidDocument) as refused:
        publish(tenant, "tester", definition, calling("refunds"))

    assert [problem.code for problem in refused.value.problems] == ["calls_itself"]
    assert [one.code for one in problems_of(tenant, calling("refunds"), "refunds")] == [
        "calls_itself"
    ]
    assert problems_of(tenant, calling("refunds"), "orders") == []
    definition.refresh_from_db()
    assert definition.version == 1
