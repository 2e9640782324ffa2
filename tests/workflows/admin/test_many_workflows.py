"""Among many workflows: duplicated, tagged, found by what stands in them, each with its owner."""

import copy

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tests.workflows.admin.conftest import DOCUMENT
from workflows.models.definition import MAX_TAG, WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.duplicate import duplicate
from workflows.services.definitions.lifecycle import set_owner
from workflows.services.definitions.publish import publish
from workflows.services.definitions.search import matching
from workflows.services.definitions.tags import MAX_TAGS, set_tags, tags_in


def act(definition, name):
    return reverse(f"admin:workflows_workflowdefinition_{name}", args=[definition.pk])


# ---- Duplicates


def test_a_duplicate_is_a_draft_of_its_own_and_off(ops, world, tenant):
    set_tags(tenant, "user:ops", world.definition, ["Sales"])

    answer = ops.post(act(world.definition, "duplicate"))

    made = WorkflowDefinition.objects.of(tenant).exclude(pk=world.definition.pk).get()
    assert answer.url == reverse("admin:workflows_workflowdefinition_change", args=[made.pk])
    assert made.draft == {**world.definition.definition, "name": f"{world.secret} (copy)"}
    assert (made.version, made.is_active, made.definition) == (0, False, {})
    assert (made.key, made.tags) == (f"{world.secret}-copy", ["Sales"])
    assert (made.trigger_types, made.owner, made.managed_by) == ([], None, "")
    world.make_order("another")
    assert not WorkflowRun.objects.filter(definition=made).exists()


def test_a_draft_beside_what_is_published_is_what_is_duplicated(world, tenant, document):
    world.definition.draft = {**document, "name": "Newer"}
    world.definition.save()

    made = [duplicate(tenant, "user:ops", world.definition) for _ in range(3)]

    assert [one.name for one in made] == ["Newer (copy)", "Newer (copy 2)", "Newer (copy 3)"]
    assert len({one.key for one in made}) == 3
    world.definition.refresh_from_db()
    assert world.definition.draft == {**document, "name": "Newer"}


def test_a_name_as_long_as_may_be_stays_one(tenant, world, document):
    publish(tenant, "user:x", world.definition, {**document, "name": "x" * 200})

    made = duplicate(tenant, "user:ops", world.definition)

    assert len(made.name) == 200
    assert made.name.endswith("x (copy)")
    publish(tenant, "user:x", made, made.draft)


def test_what_is_kept_in_files_is_duplicated_to_be_edited_here(ops, world, page):
    WorkflowDefinition.objects.filter(pk=world.definition.pk).update(managed_by="git")

    answer = ops.post(act(world.definition, "duplicate"), follow=True)

    assert answer.context["has_change_permission"]


# ---- Tags


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", []),
        (" , ;,", []),
        ("Sales", ["Sales"]),
        ("Sales, sales ,SALES", ["Sales"]),
        ("Sales، التوصيل; Daily  mail", ["Sales", "التوصيل", "Daily mail"]),
        ("x" * 60, ["x" * MAX_TAG]),
        (",".join(map(str, range(30))), [str(number) for number in range(MAX_TAGS)]),
    ],
)
def test_tags_are_free_words_each_once(text, tags):
    assert tags_in(text) == tags


@given(st.text(max_size=200))
def test_what_was_read_is_read_again_as_the_same(text):
    found = tags_in(text)

    assert tags_in(", ".join(found)) == found


def test_tags_are_kept_as_the_company_spells_them_and_filter_the_list(ops, world, tenant, page):
    other = WorkflowDefinition.objects.create(tenant=tenant, key="o", name="Other one")
    ops.post(act(other, "tags"), {"tags": "Customer care"})

    answer = ops.post(act(world.definition, "tags"), {"tags": "customer CARE, Daily"})

    world.definition.refresh_from_db()
    assert world.definition.tags == ["Customer care", "Daily"]
    said = [str(one) for one in get_messages(answer.wsgi_request)]
    assert said[-1] == "Tags: Customer care, Daily."
    listed = ops.get(page(WorkflowDefinition) + "?tag=Daily").content.decode()
    assert world.secret in listed
    assert "Other one" not in listed
    assert 'href="/admin/workflows/workflowdefinition/?tag=Customer+care"' in listed
    assert "Customer care" in ops.get(page(other)).content.decode()


def test_the_tags_of_another_company_are_neither_shown_nor_written(ops, world, other_world, page):
    set_tags(other_world.tenant, "x", other_world.definition, ["Hidden"])

    assert "Hidden" not in ops.get(page(WorkflowDefinition)).content.decode()
    assert ops.post(act(other_world.definition, "tags"), {"tags": "x"}).status_code == 404
    assert ops.post(act(other_world.definition, "duplicate")).status_code == 404


@pytest.mark.parametrize("name", ["tags", "duplicate"])
def test_a_reader_changes_nothing(support, world, name):
    assert support.post(act(world.definition, name), {"tags": "x"}).status_code == 403
    world.definition.refresh_from_db()
    assert world.definition.tags == []
    assert WorkflowDefinition.objects.count() == 1


def test_the_list_names_the_owner_as_people_do(ops, ops_user, world, tenant, page):
    ops_user.first_name, ops_user.last_name = "Jad", "Rahme"
    ops_user.save()
    set_owner(tenant, "user:x", world.definition, ops_user)

    assert (
        '<td class="field-owned_by">Jad Rahme</td>'
        in ops.get(page(WorkflowDefinition)).content.decode()
    )


# ---- Search


@pytest.fixture
def wanted(tenant):
    """A workflow in which a bit of everything stands, beside another one."""
    MessageTemplate.objects.create(
        tenant=tenant,
        key="thanks",
        channel="email",
        name="Warm greeting",
        text="We owe you a pomegranate",
    )
    Connection.objects.create(tenant=tenant, key="shop-mail", name="Harbour post", kind="smtp")
    document = copy.deepcopy(DOCUMENT)
    document["name"] = "Cheerful"
    document["steps"][0]["label"] = "Weigh the parcel"
    document["steps"][0]["note"] = 'Zaatar "quoted" and back\\slash'
    document["steps"].append(
        {
            "name": "write",
            "action": "send_email",
            "params": {
                "to": ["ops@example.com"],
                "connection": "shop-mail",
                "template": "thanks",
                "subject": "Quinces for {{ trigger.customer_name }}",
            },
        }
    )
    definition = WorkflowDefinition(tenant=tenant, key="the-key", is_active=True)
    publish(tenant, "user:x", definition, document)
    definition.draft = {**document, "name": "Cheerful", "values": {"word": "Saffron"}}
    definition.tags = ["Lavender"]
    definition.save()
    WorkflowDefinition.objects.create(
        tenant=tenant, key="plain", name="Plain", draft={"name": "Plain", "steps": []}
    )
    return definition


FOUND_BY = [
    *("cheerful", "the-key", "lavender"),  # name, key, tag
    *("weigh PARCEL", "parcel weigh", "weigh"),  # a step
    *("whats", "mail", "send a mail", "webhook"),  # actions, in words and by name
    *("greeting", "pomegranate", "thanks"),  # a template: its name, its words, its key
    *("harbour", "shop-mail"),  # a connection
    *("quinces", "example.com"),  # words of a message
    *("saffron", "new order", "طلب"),  # the draft; what starts it, in both languages
    *("zaatar", '"quoted"', "back\\slash"),
]


@pytest.mark.parametrize("text", [one for one in FOUND_BY if one != "whats"])
def test_a_workflow_is_found_by_what_stands_in_it(tenant, wanted, text):
    assert list(matching(WorkflowDefinition.objects.of(tenant), text)) == [wanted]


@pytest.mark.parametrize(
    "text",
    [
        "whatsapp",  # nothing sends one
        "weigh nothing-like-this",
        *("steps", "params", "action"),  # the language's own words
        *(".*", "(", "[a-z]", "%", "_____", "$", '"', "\\", "'", "{{}}"),
    ],
)
def test_and_by_nothing_else(tenant, wanted, text):
    found = list(matching(WorkflowDefinition.objects.of(tenant), text))

    assert found in ([], [wanted])  # a sign may stand in it; no pattern, and no error
    if text[0] not in "\"\\'%$(":
        assert found == []


def test_templates_and_connections_of_another_company_find_nothing(ops, wanted, other_world, page):
    MessageTemplate.objects.create(
        tenant=other_world.tenant, key="thanks", channel="email", name="Foreign", text="Papaya"
    )

    assert "Cheerful" not in ops.get(page(WorkflowDefinition) + "?q=papaya").content.decode()
    listed = ops.get(page(WorkflowDefinition) + "?q=pomegranate").content.decode()
    assert "Cheerful" in listed
    assert "Plain" not in listed


@pytest.mark.parametrize("text", ["\x00", "\ud800", "x" * 5000, "a " * 500, "'; --"])
def test_hostile_words_find_nothing_and_break_nothing(ops, wanted, page, text):
    answer = ops.get(page(WorkflowDefinition), {"q": text.encode("utf-8", "surrogatepass")})

    assert answer.status_code == 200
