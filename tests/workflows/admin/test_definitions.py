"""Workflows are published through the form, with every mistake named; and put away, not deleted."""

import json

import pytest
from django.contrib.admin.models import LogEntry

from workflows.models.definition import WorkflowDefinition, WorkflowVersion


def form(document, **values):
    """Return what the browser sends."""
    text = document if isinstance(document, str) else json.dumps(document, indent=2)
    return {"document": text.replace("\n", "\r\n"), "note": "A change", "is_active": "on", **values}


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def errors(answer):
    """Return what the form says of the document."""
    return [str(error) for error in answer.context["adminform"].form.errors.get("document", [])]


def test_a_new_workflow_is_published_with_name_trigger_and_key_from_its_document(
    ops, tenant, document, page
):
    answer = ops.post(
        page(WorkflowDefinition, "add"), form(document, tenant=tenant.pk, key="", note="First")
    )

    assert answer.status_code == 302
    definition = WorkflowDefinition.objects.get()
    assert (definition.tenant, definition.key) == (tenant, "new-order")
    assert (definition.name, definition.trigger_type) == ("New order", "new_order")
    assert (definition.version, definition.is_active) == (1, True)
    assert definition.updated_by == "user:ops"
    version = WorkflowVersion.objects.get()
    assert (version.version, version.note, version.published_by) == (1, "First", "user:ops")
    assert version.document == document


def test_saving_a_changed_document_publishes_a_version(ops, world, document, page):
    document["name"] = "Renamed"

    ops.post(page(world.definition), form(document, note="Renamed it"))

    world.definition.refresh_from_db()
    assert (world.definition.version, world.definition.name) == (2, "Renamed")
    assert WorkflowVersion.objects.get(version=2).note == "Renamed it"


def test_saving_an_unchanged_document_publishes_nothing(ops, world, page):
    text = ops.get(page(world.definition)).context["adminform"].form.initial["document"]

    answer = ops.post(page(world.definition), form(text, is_active=""), follow=True)

    world.definition.refresh_from_db()
    assert (world.definition.version, world.definition.is_active) == (1, True)
    assert WorkflowVersion.objects.count() == 1
    assert said(answer) == ["Nothing has changed. Version 1 is published and on."]


def test_every_mistake_is_listed_with_its_place_and_nothing_is_saved(ops, world, document, page):
    document["steps"][0]["action"] = "no_such_action"
    document["steps"][1]["params"]["url"] = "{{ trigger.no_such_field }}"
    document["extra"] = 1

    answer = ops.post(page(world.definition), form(document))

    listed = errors(answer)
    assert len(listed) == 3
    action, field = "Step 1 “Confirm the order”, “Action”", "Step 2 “Tell the shop”, “Address”"
    assert any(action in one and "/steps/0/action" in one for one in listed)
    assert any(field in one and "no_such_field" in one for one in listed)
    assert any("extra" in one for one in listed)
    content = answer.content.decode()
    assert "no_such_action" in content
    world.definition.refresh_from_db()
    assert world.definition.version == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": "x",\n  "steps": [}', "line 2, column 13"),
        ('{"name": "x", "name": "y"}', "stands twice"),
        ("[]", "The whole document"),
        ("", "required"),
        ('"\\ud800"', "half of a surrogate pair"),
    ],
)
def test_text_that_is_no_document_is_refused_and_shown_again(text, said, ops, world, page):
    answer = ops.post(page(world.definition), form(text))

    assert answer.status_code == 200
    assert said in " ".join(errors(answer))
    shown = answer.context["adminform"].form["document"].value()
    assert shown == text.replace("\n", "\r\n")


def test_text_that_the_database_cannot_hold_is_refused(ops, world, document, page):
    document["name"] = "nul \x00"

    answer = ops.post(page(world.definition), form(document))

    assert answer.status_code == 200
    assert errors(answer)


def test_what_is_typed_cannot_become_markup(ops, world, document, page):
    document["steps"][0]["action"] = "<script>alert(1)</script>"

    answer = ops.post(page(world.definition), form(document))

    assert "<script>alert(1)" not in answer.content.decode()


def test_a_document_published_by_a_colleague_meanwhile_is_not_overwritten(
    ops, world, document, page
):
    ops.post(page(world.definition), form(document, version_seen=1))
    document["name"] = "Mine"

    answer = ops.post(page(world.definition), form(document, version_seen=1))

    assert "A colleague published version 2" in str(answer.context["errors"])
    world.definition.refresh_from_db()
    assert world.definition.version == 2


def test_the_same_key_twice_is_a_mistake_of_the_form(ops, world, document, tenant, page):
    answer = ops.post(
        page(WorkflowDefinition, "add"), form(document, tenant=tenant.pk, key=world.secret)
    )

    assert answer.status_code == 200
    assert "There is already a workflow with this key." in answer.content.decode()


def test_support_reads_the_document(support, world, page):
    answer = support.get(page(world.definition)).content.decode()

    assert "confirmed" in answer
    assert "<textarea" not in answer


def test_a_workflow_is_archived_and_comes_back_switched_off(ops, world, page):
    chosen = {"_selected_action": world.definition.pk}

    ops.post(page(WorkflowDefinition), {"action": "archive_chosen", **chosen})

    world.definition.refresh_from_db()
    assert world.definition.archived_at
    assert not world.definition.is_active
    assert world.secret not in ops.get(page(WorkflowDefinition)).content.decode()
    archive = page(WorkflowDefinition) + "?archive=yes"
    assert world.secret in ops.get(archive).content.decode()

    ops.post(archive, {"action": "restore_chosen", **chosen})

    world.definition.refresh_from_db()
    assert (world.definition.archived_at, world.definition.is_active) == (None, False)
    told = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert told == ["Archived.", "Brought back from the archive."]


def test_workflows_are_switched_on_and_off_in_the_list(ops, world, page):
    chosen = {"_selected_action": world.definition.pk}

    ops.post(page(WorkflowDefinition), {"action": "switch_off", **chosen})
    world.definition.refresh_from_db()
    assert not world.definition.is_active

    ops.post(page(WorkflowDefinition), {"action": "switch_on", **chosen})
    world.definition.refresh_from_db()
    assert world.definition.is_active


def test_a_workflow_that_was_never_published_is_not_switched_on(ops, tenant, page):
    draft = WorkflowDefinition.objects.create(tenant=tenant, key="draft", name="Draft")

    answer = ops.post(
        page(WorkflowDefinition),
        {"action": "switch_on", "_selected_action": draft.pk},
        follow=True,
    )

    draft.refresh_from_db()
    assert not draft.is_active
    assert "has no published version yet" in answer.content.decode()


def test_nobody_deletes_a_workflow(ops, world, page):
    assert ops.post(page(world.definition, "delete"), {"post": "yes"}).status_code == 403
    assert WorkflowDefinition.objects.filter(pk=world.definition.pk).exists()


def test_the_list_counts_the_last_day(ops, world, page):
    world.end_run(world.run, "failed")
    world.make_order("second")

    shown = ops.get(page(WorkflowDefinition)).context["cl"].result_list[0].shown_figures

    assert (shown.runs, shown.failures) == (2, 1)


def test_the_list_asks_as_much_for_twenty_workflows_as_for_one(
    ops, world, document, page, django_assert_num_queries
):
    ops.get(page(WorkflowDefinition))
    with CountQueries() as one:
        ops.get(page(WorkflowDefinition))
    for number in range(20):
        WorkflowDefinition.objects.create(tenant=world.tenant, key=f"w{number}", name=f"W {number}")

    with django_assert_num_queries(len(one)):
        answer = ops.get(page(WorkflowDefinition))

    assert len(answer.context["cl"].result_list) == 21


def test_a_version_is_shown_with_who_when_and_what(support, world, page):
    answer = support.get(page(world.version)).content.decode()

    assert world.secret in answer
    assert "Confirm the order" in answer
    assert support.post(page(world.version), {}).status_code == 403


def CountQueries():
    """Count the queries of a block."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    return CaptureQueriesContext(connection)
