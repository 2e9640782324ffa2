"""Publishing says what is on now, in one message, and asks whether to switch on what is off."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.urls import reverse

from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.lifecycle import archive
from workflows.services.definitions.publish import publish

ON = "Version {} is published and on: the next events start it."
OFF = "Version {} is published, but switched off: nothing starts it."
OFF_AS_BEFORE = "Nothing has changed. Version {} is published, but switched off."


def said(answer):
    """Return the messages without their buttons."""
    told = (str(one) for one in get_messages(answer.wsgi_request))
    return [one.partition(" <form")[0] for one in told]


def sent(document, **values):
    return {"document": json.dumps(document), "note": "A change", **values}


def switch(definition):
    return reverse("admin:workflows_workflowdefinition_switch", args=[definition.pk])


@pytest.fixture
def off(tenant, document):
    """A workflow that is published and off."""
    definition = WorkflowDefinition(tenant=tenant, key="off")
    publish(tenant, "user:ops", definition, document)
    return definition


def test_the_first_publish_has_the_choice_made_and_a_later_one_has_not(ops, page, off):
    new = ops.get(page(WorkflowDefinition, "add")).content.decode()
    later = ops.get(page(off)).content.decode()

    assert '<input type="checkbox" name="is_active" id="id_is_active" checked>' in new
    assert '<input type="checkbox" name="is_active" id="id_is_active">' in later


def test_where_it_is_on_or_put_away_nothing_is_asked(ops, page, off, world, tenant):
    archive(tenant, "user:ops", off)

    for definition in (world.definition, off):
        assert 'name="is_active"' not in ops.get(page(definition)).content.decode()


@pytest.mark.parametrize(("ticked", "is_on"), [("on", True), ("", False)])
@pytest.mark.parametrize("changes", [True, False])
@pytest.mark.parametrize("was_on", [True, False])
def test_one_message_says_what_is_on_now(  # a table
    ops, page, off, document, ticked, is_on, changes, was_on
):
    WorkflowDefinition.objects.filter(pk=off.pk).update(is_active=was_on)
    changed = {**document, "name": "Renamed"} if changes else document

    answer = ops.post(page(off), sent(changed, is_active=ticked))

    off.refresh_from_db()
    assert (off.is_active, off.version) == (was_on or is_on, 2 if changes else 1)
    [told] = said(answer)
    if changes:
        assert told == (ON if off.is_active else OFF).format(2)
    elif off.is_active:
        assert told == "Nothing has changed. Version 1 is published and on."
    else:
        assert told == OFF_AS_BEFORE.format(1)
    [message] = get_messages(answer.wsgi_request)
    assert ('name="on"' in str(message)) is not off.is_active


def test_a_page_from_before_somebody_switched_it_off_does_not_switch_it_on(
    ops, page, world, document
):
    shown = ops.get(page(world.definition)).context["adminform"].form
    posted = {one.html_name: one.value() for one in shown if one.value() not in (None, False)}
    ops.post(switch(world.definition))

    ops.post(page(world.definition), {**posted, "document": json.dumps(document), "note": "x"})

    world.definition.refresh_from_db()
    assert (world.definition.version, world.definition.is_active) == (2, False)


def test_one_click_switches_it_on_and_another_off(ops, off):
    answer = ops.post(switch(off), {"on": "1"})
    off.refresh_from_db()
    assert off.is_active
    assert said(answer) == ["Switched on: the next events start version 1."]

    answer = ops.post(switch(off))
    off.refresh_from_db()
    assert not off.is_active
    log = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(log) == ["Switched on.", "Switched off."]


def test_what_has_no_version_or_is_put_away_is_not_switched_on(ops, off, tenant):
    draft = WorkflowDefinition.objects.create(tenant=tenant, key="draft", name="Draft")
    archive(tenant, "user:ops", off)

    for definition in (draft, off):
        ops.post(switch(definition), {"on": "1"})
        definition.refresh_from_db()
        assert not definition.is_active


def test_a_reader_switches_nothing(support, off):
    assert support.post(switch(off), {"on": "1"}).status_code == 403
    off.refresh_from_db()
    assert not off.is_active


def test_a_draft_switches_nothing(ops, page, off, document, tenant):
    ops.post(page(off), sent({**document, "name": "Later"}, is_active="on", _draft="1"))
    new = sent({**document, "name": "New"}, is_active="on", _draft="1", tenant=tenant.pk, key="new")
    ops.post(page(WorkflowDefinition, "add"), new)

    assert not WorkflowDefinition.objects.filter(is_active=True).exists()


def test_going_back_to_a_version_says_it_too(ops, off, tenant, document):
    publish(tenant, "user:ops", off, {**document, "name": "Second"})
    first = off.versions.get(version=1)

    url = reverse("admin:workflows_workflowversion_again", args=[first.pk])
    answer = ops.post(url, {"note": "Back", "seen": 2})

    assert said(answer) == [OFF.format(3)]


def test_the_list_and_the_page_show_it(ops, page, off, world, tenant):
    WorkflowDefinition.objects.create(tenant=tenant, key="draft", name="Draft", draft={})
    badge = '<span class="sayr-badge sayr-badge-{}">{}</span>'

    listed = ops.get(page(WorkflowDefinition)).content.decode()
    for tone, label in (
        ("unknown", "Published, off"),
        ("started", "On"),
        ("nothing", "Draft, not published yet"),
    ):
        assert badge.format(tone, label) in listed
    assert "Published, off" in ops.get(page(off)).content.decode()
    assert badge.format("started", "On") in ops.get(page(world.definition)).content.decode()


def test_the_history_says_which_version_was_published(ops, page, off, document):
    ops.post(page(off), sent({**document, "name": "Renamed"}))

    assert LogEntry.objects.get().get_change_message() == "Published version 2."
