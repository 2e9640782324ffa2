"""A draft may be wrong and unfinished; what is published does not notice."""

import pytest

from tests.support.definitions import publish_log
from workflows.definition.errors import InvalidDocument
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.services.definitions.drafts import discard_draft, edited, free_key, mark, save_draft

UNFINISHED = {"name": "", "trigger_type": "", "steps": [{"action": "no_such_thing"}]}


@pytest.fixture
def definition(tenant):
    return publish_log(tenant, "log", "new_order")


def test_a_draft_may_be_wrong_and_changes_nothing_that_runs(tenant, definition):
    before = definition.definition

    save_draft(tenant, "user:ops", definition, UNFINISHED)

    definition.refresh_from_db()
    assert definition.draft == UNFINISHED
    assert edited(definition) == UNFINISHED
    assert (definition.definition, definition.version) == (before, 1)
    assert (definition.name, definition.is_active) == ("Workflow log", True)
    assert definition.updated_by == "user:ops"
    assert WorkflowVersion.objects.count() == 1


def test_a_workflow_can_begin_as_a_draft_switched_off(tenant):
    definition = WorkflowDefinition(tenant=tenant, key="new", is_active=True)

    save_draft(tenant, "user:ops", definition, UNFINISHED)

    definition.refresh_from_db()
    assert (definition.version, definition.is_active) == (0, False)
    assert definition.name == "Workflow without a name"
    assert (definition.trigger_type, definition.trigger_types) == ("", [])


@pytest.mark.parametrize("document", [{"name": 5}, {"name": None, "trigger_type": ["x"]}, {}])
def test_any_object_can_be_a_draft(tenant, document):
    definition = save_draft(tenant, "x", WorkflowDefinition(tenant=tenant, key="new"), document)

    definition.refresh_from_db()
    assert definition.draft == document


def deep(levels):
    return {"steps": deep(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"name": "x" * 600_000}, "too_large"),
        (deep(100), "too_deep"),
        ({"name": "a\0b"}, "not_json"),
        ({"name": float("inf")}, "not_json"),
        ({"name": "\ud800"}, "not_json"),
        ([], "wrong_type"),
    ],
    ids=["large", "deep", "nul", "infinite", "surrogate", "list"],
)
def test_what_cannot_be_stored_is_refused(tenant, definition, document, code):
    with pytest.raises(InvalidDocument) as refused:
        save_draft(tenant, "user:ops", definition, document)

    assert [problem.code for problem in refused.value.problems] == [code]
    definition.refresh_from_db()
    assert definition.draft is None


def test_a_draft_that_says_what_is_published_is_none(tenant, definition):
    save_draft(tenant, "user:ops", definition, UNFINISHED)

    save_draft(tenant, "user:ops", definition, definition.definition)

    definition.refresh_from_db()
    assert definition.draft is None


def test_a_discarded_draft_is_gone(tenant, definition):
    save_draft(tenant, "user:ops", definition, UNFINISHED)

    discard_draft(tenant, "user:ops", definition)

    definition.refresh_from_db()
    assert definition.draft is None
    assert edited(definition) == definition.definition


def test_the_only_thing_that_a_workflow_has_is_not_discarded(tenant):
    definition = save_draft(tenant, "x", WorkflowDefinition(tenant=tenant, key="a"), UNFINISHED)

    discard_draft(tenant, "user:ops", definition)

    definition.refresh_from_db()
    assert definition.draft == UNFINISHED


def test_the_mark_changes_with_each_draft_and_version(tenant, definition):
    first = mark(definition)
    second = mark(save_draft(tenant, "x", definition, UNFINISHED))
    third = mark(save_draft(tenant, "x", definition, {**UNFINISHED, "name": "b"}))

    assert len({first, second, third}) == 3
    definition.refresh_from_db()
    assert mark(definition) == third


def test_a_free_key_avoids_those_of_the_tenant_only(tenant, other_tenant):
    document = {"name": "New order", "trigger_type": "new_order"}
    for key in ("new-order", "new-order-2"):
        WorkflowDefinition.objects.create(tenant=tenant, key=key, name=key)

    assert free_key(tenant, document) == "new-order-3"
    assert free_key(other_tenant, document) == "new-order"
    assert free_key(tenant, {"name": "طلب جديد", "trigger_type": "paid"}) == "paid"
