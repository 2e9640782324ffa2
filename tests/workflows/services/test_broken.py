"""What published workflows name and no longer exists is found before a run finds it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from actions.models.message_template import MessageTemplate
from tenants.core.database.ids import lowest_id_at
from tests.support.definitions import publish_log
from workflows.models.definition import WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.schedule import WorkflowSchedule
from workflows.services.definitions.broken import NOTHING_FIRES, broken, count_broken
from workflows.services.definitions.drafts import save_draft
from workflows.services.definitions.lifecycle import archive
from workflows.services.events.fire import fire

PARAMS = {"to": ["a@example.com"], "subject": "Hello", "template": "hello"}
TELL = {"name": "tell", "action": "send_email", "params": PARAMS}
MONTHS = timedelta(days=90)


@pytest.fixture
def template(tenant):
    return MessageTemplate.objects.create(
        tenant=tenant, key="hello", name="Hello", channel="email", subject="Hello", text="Hello"
    )


@pytest.fixture
def definition(tenant, template):
    return publish_log(tenant, "tell", "new_order", steps=[TELL])


def codes(*tenants):
    found = broken(tenants, timezone.now())
    return [(one.definition.key, problem.code) for one in found for problem in one.problems]


def test_a_template_that_was_deleted_is_found_and_found_again_when_it_is_back(
    tenant, definition, template
):
    assert codes(tenant) == []

    template.delete()

    assert codes(tenant) == [("tell", "unknown_reference")]
    assert count_broken([tenant], timezone.now()) == 1

    MessageTemplate.objects.create(
        tenant=tenant, key="hello", name="Hello", channel="email", subject="Hello", text="Hello"
    )
    assert codes(tenant) == []


def test_a_step_inside_another_is_looked_at(tenant, definition, template):
    row = {"field": "trigger.source", "operator": "equals", "value": "web"}
    cases = [{"when": {"all": [row]}, "steps": [{**TELL, "name": "inner"}]}]
    branch = {"name": "by_source", "action": "branch", "params": {"cases": cases}}
    publish_log(tenant, "nested", "new_order", steps=[branch])

    template.delete()

    paths = [one.problems[0].path for one in broken([tenant], timezone.now())]
    assert "/steps/0/params/cases/0/steps/0/params/template" in paths


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action": "gone"}, "unknown_action"),
        ({"params": {**PARAMS, "subject": "{{ trigger.gone }}"}}, "unknown_trigger_field"),
    ],
)
def test_what_the_code_no_longer_has_is_found(tenant, definition, change, code):
    # As a deploy leaves it: the document was right when it was published.
    document = {**definition.definition, "steps": [{**TELL, **change}]}
    type(definition).objects.filter(pk=definition.pk).update(definition=document, version=2)

    assert codes(tenant) == [("tell", code)]


def test_drafts_and_archived_workflows_are_left_out(tenant, definition, template):
    save_draft(tenant, "x", definition, {"name": "Draft", "steps": "nonsense"})
    assert codes(tenant) == []

    template.delete()
    archive(tenant, "x", definition)

    assert codes(tenant) == []


def test_each_tenant_sees_its_own(tenant, other_tenant, definition, template):
    template.delete()

    assert codes(other_tenant) == []
    assert codes(other_tenant, tenant) == [("tell", "unknown_reference")]


def published_long_ago(definition):
    then = timezone.now() - MONTHS
    WorkflowVersion.objects.filter(definition=definition).update(published_at=then)


def test_an_event_that_nobody_fires_is_found_after_a_month(tenant):
    definition = publish_log(tenant, "odd", "parcel_lost")
    assert codes(tenant) == []

    published_long_ago(definition)

    assert codes(tenant) == [("odd", NOTHING_FIRES)]


def test_an_event_that_came_lately_is_fired_by_somebody(tenant):
    published_long_ago(publish_log(tenant, "odd", "parcel_lost"))

    fire(tenant, "parcel_lost", {}, source="api")

    assert codes(tenant) == []


def test_an_event_that_records_fired_and_no_longer_do_is_found_at_once(tenant):
    publish_log(tenant, "odd", "parcel_lost")

    fire(tenant, "parcel_lost", {}, source="record")

    assert codes(tenant) == [("odd", NOTHING_FIRES)]


def test_an_event_that_was_silent_for_long_is_found(tenant):
    publish_log(tenant, "odd", "parcel_lost")
    WorkflowEvent.objects.create(
        id=lowest_id_at(timezone.now() - MONTHS), tenant=tenant, type="parcel_lost", source="api"
    )

    assert codes(tenant) == [("odd", NOTHING_FIRES)]


def test_what_a_schedule_or_another_workflow_fires_is_known(tenant):
    published_long_ago(publish_log(tenant, "timed", "time_to_look"))
    published_long_ago(publish_log(tenant, "next", "looked"))
    WorkflowSchedule.objects.create(
        tenant=tenant, key="look", name="Look", event_type="time_to_look", cron="0 8 * * *"
    )
    emit = {"name": "tell", "action": "emit_event", "params": {"type": "looked"}}
    publish_log(tenant, "first", "new_order", steps=[emit])

    assert codes(tenant) == []
