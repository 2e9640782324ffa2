"""Drafts, versions, what differs between them, and the way back."""

import json

import pytest
from django.urls import reverse

from actions.models.message_template import MessageTemplate
from tests.workflows.admin.test_definitions import form
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.services.definitions.drafts import mark, save_draft
from workflows.services.definitions.lifecycle import keep_in_git
from workflows.services.definitions.publish import publish


def draft(document, **values):
    """Return what the browser sends when somebody saves a draft."""
    return form(document, note="", _draft="Save draft", **values)


def address(name, row):
    return reverse(f"admin:workflows_{name}", args=[row.pk])


def read(answer):
    return answer.content.decode()


def says(answer):
    return [str(message) for message in answer.context["messages"]]


@pytest.fixture
def changed(world, document):
    """The first workflow in two versions."""
    document["name"] = world.secret
    document["steps"][1]["params"]["url"] = "https://example.com/other"
    return publish(world.tenant, "user:rana", world.definition, document, "Another address")


def test_an_unfinished_draft_is_saved_and_runs_go_on(ops, world, document, page):
    document["steps"][0]["action"] = "no_such_action"
    document["name"] = ""

    answer = ops.post(page(world.definition), draft(document), follow=True)

    world.definition.refresh_from_db()
    assert world.definition.draft == document
    assert (world.definition.version, world.definition.name) == (1, world.secret)
    assert says(answer) == ["The draft is saved. Version 1 goes on until you publish."]
    assert answer.context["adminform"].form.initial["document"].count("no_such_action") == 1
    assert "You see a draft by" in read(answer)


def test_a_workflow_can_begin_as_a_draft(ops, tenant, page):
    begun = {"name": "", "trigger_type": "", "steps": []}

    answer = ops.post(
        page(WorkflowDefinition, "add"), draft(begun, tenant=tenant.pk, key=""), follow=True
    )

    made = WorkflowDefinition.objects.get()
    assert (made.version, made.draft, made.is_active) == (0, begun, False)
    assert made.key == "workflow-without-a-name"
    assert says(answer) == ["The draft is saved. It starts nothing yet."]
    assert "Draft, not published yet" in read(ops.get(page(WorkflowDefinition)))


def test_what_cannot_be_stored_is_no_draft_either(ops, world, page):
    answer = ops.post(page(world.definition), draft('{"name": 1e999, "steps": []}'))

    assert answer.status_code == 200
    world.definition.refresh_from_db()
    assert world.definition.draft is None


def test_publishing_a_draft_ends_it(ops, world, document, page):
    save_draft(world.tenant, "user:rana", world.definition, document)

    ops.post(page(world.definition), form(document, note="Done"))

    world.definition.refresh_from_db()
    assert (world.definition.version, world.definition.draft) == (2, None)
    assert WorkflowVersion.objects.get(version=2).note == "Done"


def test_publishing_what_is_published_ends_the_draft(ops, world, document, page):
    document["name"] = "Other"
    save_draft(world.tenant, "user:rana", world.definition, document)

    ops.post(page(world.definition), form(world.definition.definition))

    world.definition.refresh_from_db()
    assert (world.definition.version, world.definition.draft) == (1, None)


def test_a_new_version_needs_a_note(ops, world, document, page):
    answer = ops.post(page(world.definition), form(document, note=""))

    assert answer.status_code == 200
    assert "Say in one line what changed" in read(answer)
    world.definition.refresh_from_db()
    assert world.definition.version == 1


def test_a_draft_that_a_colleague_saved_meanwhile_is_not_overwritten(ops, world, document, page):
    seen = {"version_seen": 1, "draft_seen": mark(world.definition)}
    theirs = {**document, "name": "Theirs"}
    save_draft(world.tenant, "user:rana", world.definition, theirs)

    for sent in (draft(document, **seen), form(document, **seen)):
        answer = ops.post(page(world.definition), sent)

        assert "A colleague saved a draft while you were editing" in str(answer.context["errors"])
        shown = json.loads(_config(answer))["conflict"]
        assert (shown["who"], shown["is_draft"]) == ("rana", True)
    world.definition.refresh_from_db()
    assert (world.definition.version, world.definition.draft) == (1, theirs)


def _config(answer):
    bound = answer.context["adminform"].form["document"]
    widget = answer.context["adminform"].form.fields["document"].widget
    return json.dumps(widget.config(bound.value()))


def test_a_draft_is_discarded(ops, world, document):
    save_draft(world.tenant, "user:rana", world.definition, document)

    answer = ops.post(address("workflowdefinition_discard", world.definition), follow=True)

    assert says(answer) == ["The draft is discarded."]
    world.definition.refresh_from_db()
    assert world.definition.draft is None


def test_the_page_lists_versions_with_what_changed(support, world, changed, page):
    answer = support.get(page(world.definition))

    newest, oldest = answer.context["versions"]
    assert (newest.number, newest.publisher, newest.note) == (2, "rana", "Another address")
    assert newest.changed == (
        "Tell the shop: “Address” changed from “https://example.com/hook” "
        "to “https://example.com/other”."
    )
    assert (oldest.changed, oldest.compare_url) == ("", "")
    assert "Go back to this version" not in read(answer)


def test_two_versions_are_compared_in_words_and_as_text(support, world, changed):
    answer = support.get(
        address("workflowdefinition_compare", world.definition), {"old": "1", "new": "2"}
    )

    [group] = answer.context["changes"]
    assert group.title == "Tell the shop"
    content = read(answer)
    assert "https://example.com/<mark>other</mark>" in content
    assert "Another address" in content


def test_the_draft_is_compared_with_what_is_published_unless_somebody_chooses(
    ops, world, document, changed
):
    url = address("workflowdefinition_compare", world.definition)
    assert _compared(ops.get(url)) == ("1", "2")

    save_draft(world.tenant, "user:rana", world.definition, {**document, "name": "Draft"})

    assert _compared(ops.get(url)) == ("2", "draft")
    assert _compared(ops.get(url, {"old": "1", "new": "draft"})) == ("1", "draft")
    assert _compared(ops.get(url, {"old": "7", "new": "x"})) == ("2", "draft")


def _compared(answer):
    return answer.context["old"], answer.context["new"]


def test_what_documents_say_cannot_become_markup(ops, world, document):
    document["steps"][0]["label"] = document["name"] = "<script>alert(1)</script>"
    save_draft(world.tenant, "user:rana", world.definition, document)

    content = read(ops.get(address("workflowdefinition_compare", world.definition)))

    assert "<script>alert(1)" not in content
    assert "&lt;script&gt;alert(1)" in content


def test_the_way_back_shows_what_it_changes_and_publishes_anew(ops, world, changed):
    url = address("workflowversion_again", world.version)
    shown = ops.get(url)
    assert shown.context["form"].initial == {
        "note": f"Back to version 1: {world.secret}",
        "seen": 2,
    }
    assert [group.title for group in shown.context["changes"]] == ["Tell the shop"]

    answer = ops.post(url, {"note": "Back: the old address was right", "seen": 2}, follow=True)

    assert says(answer) == ["Version 3 is published and on: the next events start it."]
    newest = WorkflowVersion.objects.get(version=3)
    assert newest.document == world.version.document
    assert (newest.note, newest.published_by) == ("Back: the old address was right", "user:ops")


def test_the_way_back_needs_a_note(ops, world, changed):
    answer = ops.post(address("workflowversion_again", world.version), {"note": " ", "seen": 2})

    assert answer.status_code == 200
    assert WorkflowVersion.objects.count() == 2


def test_the_way_back_looks_again_if_somebody_published(ops, world, changed, document):
    publish(world.tenant, "user:rana", world.definition, {**document, "name": "Third"}, "Third")

    answer = ops.post(
        address("workflowversion_again", world.version), {"note": "Back", "seen": 2}, follow=True
    )

    assert says(answer) == ["A colleague published version 3 meanwhile. Look again."]
    assert WorkflowVersion.objects.count() == 3


def test_a_version_that_no_longer_fits_says_why_and_can_be_mended_as_a_draft(ops, world, document):
    tell = {"to": ["a@example.com"], "subject": "Hello", "template": world.secret}
    document["steps"][1] = {"name": "tell", "action": "send_email", "params": tell}
    publish(world.tenant, "user:rana", world.definition, document, "By mail")
    publish(world.tenant, "user:rana", world.definition, world.version.document, "By call")
    MessageTemplate.objects.all().delete()
    url = address("workflowversion_again", WorkflowVersion.objects.get(version=2))

    content = read(ops.get(url))
    assert "does not fit what exists today" in content
    assert "Step 2 “Tell”, “Message template”" in content
    assert reverse("admin:actions_messagetemplate_add") in content

    ops.post(url, {"note": "Back", "seen": 3})
    assert WorkflowVersion.objects.count() == 3

    answer = ops.post(url, {"as_draft": "1"}, follow=True)
    assert says(answer) == ["Version 2 is your draft now."]
    world.definition.refresh_from_db()
    assert world.definition.draft == document


def test_support_and_other_companies_change_nothing(
    support, other_ops_user, client, world, changed, document
):
    kept = {**document, "name": "Draft"}
    save_draft(world.tenant, "user:rana", world.definition, kept)
    again = address("workflowversion_again", world.version)
    others = [address(f"workflowdefinition_{name}", world.definition) for name in ("discard",)]

    for url in (again, *others):
        assert client.post(url, {"note": "x", "seen": 2}).status_code == 403
    assert client.get(again).status_code == 403
    client.force_login(other_ops_user)
    compare = address("workflowdefinition_compare", world.definition)
    for url in (again, compare, *others):
        assert client.post(url, {"note": "x", "seen": 2}).status_code == 404

    world.definition.refresh_from_db()
    assert (world.definition.version, world.definition.draft) == (2, kept)


def test_a_workflow_kept_in_git_is_read_only_until_it_is_taken_over(ops, world, document, page):
    keep_in_git(world.tenant, "command:workflows", world.definition)
    shown = read(ops.get(page(world.definition)))
    assert "kept in files under version control" in shown
    assert "<textarea" not in shown

    assert ops.post(page(world.definition), form(document)).status_code == 403
    assert ops.get(address("workflowversion_again", world.version)).status_code == 403
    chosen = {"action": "switch_off", "_selected_action": world.definition.pk}
    ops.post(page(WorkflowDefinition), chosen)
    world.definition.refresh_from_db()
    assert (world.definition.version, world.definition.is_active) == (1, False)

    answer = ops.post(address("workflowdefinition_take_over", world.definition), follow=True)

    assert says(answer) == ["The workflow is edited here from now on."]
    assert "kept in files under version control" not in read(answer)
    ops.post(page(world.definition), form(document))
    world.definition.refresh_from_db()
    assert world.definition.version == 2


def test_support_does_not_take_over(support, world):
    keep_in_git(world.tenant, "command:workflows", world.definition)

    url = address("workflowdefinition_take_over", world.definition)
    assert support.post(url).status_code == 403
    assert support.get(url).status_code == 405
    world.definition.refresh_from_db()
    assert world.definition.managed_by == "git"


def test_a_version_leads_to_what_changed_and_back(ops, world, changed, page):
    first, second = read(ops.get(page(world.version))), read(ops.get(page(changed)))

    assert "Go back to this version" in first
    assert "See every difference" not in first
    assert "Go back to this version" not in second
    assert "“Address” changed from" in second


def test_of_long_texts_the_words_that_differ_are_marked(ops, world, document):
    text = "Thank you for your order. It is on its way and will be with you very soon."
    params = {"to": ["a@example.com"], "subject": "Hello", "text": text}
    document["steps"][1] = {"name": "tell", "action": "send_email", "params": params}
    publish(world.tenant, "x", world.definition, document)
    params = {**params, "text": text.replace("very soon", "tomorrow <b>")}
    changed = {
        **document,
        "steps": [document["steps"][0], {**document["steps"][1], "params": params}],
    }
    publish(world.tenant, "x", world.definition, changed)

    content = read(ops.get(address("workflowdefinition_compare", world.definition)))

    assert "with you <b>tomorrow</b> <b>&lt;b&gt;</b>.</ins>" in content


@pytest.fixture
def of_the_first_language(world, document):
    """The first workflow, published when decimals still went out as text; changed in a draft."""
    WorkflowVersion.objects.filter(pk=world.version.pk).update(language_version=1)
    document["steps"][1]["params"]["body"] = {"amount": "{{ trigger.price }}"}
    document["steps"][1]["params"]["url"] = "https://example.com/{{ trigger.price }}"
    document["trigger_type"] = "told"
    save_draft(world.tenant, "user:rana", world.definition, document)
    return world.definition


def test_publishing_in_the_newest_language_says_first_which_numbers_change(
    ops, world, of_the_first_language, page
):
    editor = read(ops.get(page(of_the_first_language)))
    compared = ops.get(address("workflowdefinition_compare", of_the_first_language))
    back = ops.get(address("workflowversion_again", world.version))

    [first, *_others] = compared.context["changes"]
    assert (first.title, len(first.lines)) == ("Numbers now stay numbers", 2)
    assert first.lines[1].text == "Step 2 “Tell the shop”, “Body”, “Amount”: {{ trigger.price }}"
    assert "went out as text (“149.9”)" in read(compared)
    assert "went out as text (“149.9”)" in editor
    # The old version has no such place.
    assert "Numbers now stay numbers" not in read(back)


def test_what_was_published_in_the_newest_language_changes_no_numbers(
    ops, world, of_the_first_language, page
):
    WorkflowVersion.objects.filter(pk=world.version.pk).update(language_version=2)

    compared = ops.get(address("workflowdefinition_compare", of_the_first_language))

    assert "Numbers now stay numbers" not in read(compared)
    assert "Numbers now stay numbers" not in read(ops.get(page(of_the_first_language)))
