"""What can be inserted before a workflow has ever run: columns, names, answers."""

import pytest
from django.utils import timezone

from actions import registry
from workflows.admin.editor.endpoints.samples import sample_of
from workflows.admin.editor.endpoints.values import groups_of
from workflows.admin.editor.presentation.kinds import PRESENTATIONS
from workflows.definition.kinds import KINDS
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.publish import publish


def step(name, action, **params):
    return {"name": name, "action": action, "params": params}


def offered(tenant, *steps):
    document = {"name": "x", "trigger_type": "payment_received", "steps": list(steps)}
    groups = groups_of(document, sample_of(tenant, None, document, timezone.now()))
    return {item["path"]: item for group in groups for item in group["items"]}


FIND = step("found", "find_records", table="orders")


def test_the_columns_of_a_chosen_table_are_there_at_once(tenant):
    items = offered(tenant, FIND)

    first = {path: one["label"] for path, one in items.items() if ".first." in path}
    assert first["steps.found.output.first.id"] == "First: Id"
    assert "steps.found.output.first.customer_phone" in first
    assert "steps.found.output.first" not in items
    assert all(one["example"] for path, one in items.items() if ".first." in path)


def test_of_columns_that_were_asked_for_only_those(tenant):
    items = offered(tenant, step("found", "find_records", table="orders", fields=["number"]))
    assert [p for p in items if ".first." in p] == ["steps.found.output.first.number"]


def test_the_newest_record_is_the_example(tenant, other_tenant):
    from tenants.models.order import Order

    for owner, number in ((tenant, "C-1"), (tenant, "C-2"), (other_tenant, "N-9")):
        Order.objects.create(tenant=owner, number=number, customer_name="R", total_amount="1")

    items = offered(tenant, FIND)

    assert items["steps.found.output.first.number"]["example"] == "C-2"


def test_an_element_of_what_was_found_has_its_columns(tenant):
    inner = step("say", "log_note", text="x")
    each = step("each", "for_each", items="{{ steps.found.output.records }}", steps=[inner])

    items = offered(tenant, FIND, each)

    assert "item.customer_phone" in items


def test_what_a_step_names_itself_is_there(tenant):
    items = offered(
        tenant,
        step("names", "set_values", values={"greeting": "Dear {{ tenant.name }}"}),
        step("made", "create_record", table="orders", fields={"number": "1"}),
        step("fetch", "http_request", method="GET", url="x", response={"pick": {"deal": "body.x"}}),
    )

    assert items["steps.names.output.greeting"]["example"] == f"Dear {tenant.name}"
    assert "steps.made.output.created.number" in items
    assert "steps.fetch.output.deal" in items


def test_what_another_workflow_hands_back_is_there(tenant):
    document = {
        "name": "Called",
        "trigger_type": "payment_received",
        "steps": [step("say", "log_note", text="x")],
        "output": {"total": "{{ trigger.amount }}", "word": "yes"},
    }
    publish(tenant, "t", WorkflowDefinition(tenant=tenant, key="called"), document)

    items = offered(tenant, step("call", "run_workflow", workflow="called", input={}))

    assert items["steps.call.output.word"]["example"] == "yes"
    assert "steps.call.output.total" in items


def test_the_answer_of_a_web_server_is_known_by_an_example(tenant):
    example = '{"order": {"id": 7, "lines": [{"sku": "A"}]}, "ok": true}'
    items = offered(tenant, step("fetch", "http_request", method="GET", url="x", example=example))

    assert items["steps.fetch.output.body.order.id"]["example"] == "7"
    assert "steps.fetch.output.body.ok" in items


@pytest.mark.parametrize("action", [*(one.name for one in registry.all_actions()), *KINDS])
def test_every_step_has_values_to_pick_with_labels(tenant, action):
    params = PRESENTATIONS[action].new() if action in PRESENTATIONS else {}

    items = offered(tenant, step("one", action, **params))

    assert all(one["label"] for one in items.values())
    assert "steps.one.status" in items
