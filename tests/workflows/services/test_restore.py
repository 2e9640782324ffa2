"""Going back publishes an old version anew; nothing of the history is rewritten."""

import pytest

from actions.models.message_template import MessageTemplate
from tests.support.definitions import publish_log
from workflows.definition.errors import InvalidDocument
from workflows.models.definition import WorkflowVersion
from workflows.services.definitions.drafts import save_draft
from workflows.services.definitions.publish import (
    PublishedMeanwhile,
    publish,
    publish_again,
    take_as_draft,
)

TELL = {
    "name": "tell",
    "action": "send_email",
    "params": {"to": ["a@example.com"], "subject": "Hello", "template": "hello"},
}


@pytest.fixture
def definition(tenant):
    """A workflow whose first version needs a template and whose second does not."""
    template = MessageTemplate.objects.create(
        tenant=tenant, key="hello", name="Hello", channel="email", subject="Hello", text="Hello"
    )
    definition = publish_log(tenant, "log", "new_order", steps=[TELL])
    publish(tenant, "x", definition, {**definition.definition, "name": "Renamed"}, "Renamed")
    definition.template = template
    return definition


@pytest.fixture
def first(definition):
    return WorkflowVersion.objects.get(definition=definition, version=1)


def test_an_old_version_is_published_as_a_new_one(tenant, definition, first):
    version = publish_again(tenant, "user:ops", first, "Back to version 1: it was right", 2)

    assert (version.version, version.document) == (3, first.document)
    assert (version.note, version.published_by) == ("Back to version 1: it was right", "user:ops")
    definition.refresh_from_db()
    assert (definition.version, definition.name) == (3, "Workflow log")
    assert definition.is_active
    numbers = WorkflowVersion.objects.filter(definition=definition).values_list(
        "version", flat=True
    )
    assert sorted(numbers) == [1, 2, 3]


def test_a_draft_stays(tenant, definition, first):
    save_draft(tenant, "user:rana", definition, {"name": "Draft"})

    publish_again(tenant, "user:ops", first, "Back", 2)

    definition.refresh_from_db()
    assert definition.draft == {"name": "Draft"}


def test_a_version_that_no_longer_fits_is_refused(tenant, definition, first):
    definition.template.delete()

    with pytest.raises(InvalidDocument) as refused:
        publish_again(tenant, "user:ops", first, "Back", 2)

    assert [problem.code for problem in refused.value.problems] == ["unknown_reference"]
    definition.refresh_from_db()
    assert definition.version == 2
    assert WorkflowVersion.objects.count() == 2


def test_what_a_colleague_published_meanwhile_is_not_replaced(tenant, definition, first):
    publish(tenant, "user:rana", definition, {**definition.definition, "name": "Third"})

    with pytest.raises(PublishedMeanwhile):
        publish_again(tenant, "user:ops", first, "Back", 2)

    definition.refresh_from_db()
    assert (definition.version, definition.name) == (3, "Third")


def test_a_version_that_no_longer_fits_can_be_the_draft(tenant, definition, first):
    definition.template.delete()

    take_as_draft(tenant, "user:ops", first)

    definition.refresh_from_db()
    assert definition.draft == first.document
    assert definition.version == 2
