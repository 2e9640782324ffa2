"""A company whose connections are switched off: steps fail in words, nothing goes another way."""

from uuid import uuid4

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import mail as outbox
from django.test import override_settings
from django.urls import reverse
from django.utils.translation import override

from actions import connection_test, registry
from actions.errors import PermanentFailure
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from actions.spec import ActionContext
from tests.support.people import make_member
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.runs.errors import sentence
from workflows.services.definitions.drafts import save_draft
from workflows.services.onboarding.gallery import switched_off
from workflows.services.onboarding.sandbox import connect_to_sandbox

pytestmark = pytest.mark.django_db(transaction=True)

MAIL = {"to": ["a@example.com"], "subject": "S", "text": "T"}
POST = {"text": "T", "channel": "#orders"}
PHONE = {"phone": "03 123 456", "template": "hello"}
WEB = {"method": "GET", "url": "a"}
# The action, what it is given, the kinds of connection it may use, and whether it needs one.
STEPS = {
    "mail": ("send_email", MAIL, ["smtp"]),
    "slack": ("team_notify", POST, ["slack"]),
    "slack and teams": ("team_notify", POST, ["slack", "teams"]),
    "whatsapp": ("whatsapp_notify", PHONE, ["whatsapp"]),
}


def connect(tenant, kind, key="", **more):
    return Connection.objects.create(
        tenant=tenant,
        key=key or kind,
        name=f"Our {key or kind}",
        kind=kind,
        settings={"host": "mail.example", "base_url": "https://a.example"},
        is_active=False,
        **more,
    )


@pytest.fixture
def sandbox(outside, settings):
    """The outside world, which the settings allow; it keeps what arrives."""
    allowed = [outside.host_and_port, f"127.0.0.1:{outside.smtp_port}"]
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
    outside.journal.forget()
    for rule in outside.journal.behaviours():
        outside.behave(rule.channel, "ok", path=rule.path)
    return outside


@pytest.fixture
def as_tenant(tenant):
    """The context of a step of the company's."""
    return ActionContext(
        tenant=tenant.facts(),
        run_id=uuid4(),
        step_name="step",
        idempotency_key="key-1",
        timeout_seconds=10,
        render_text=lambda source, *, html=False: source,
    )


@pytest.fixture
def fail(tenant, as_tenant, sandbox):
    """Do a step and its dry run; return how they failed, which is the same."""
    MessageTemplate.objects.create(
        tenant=tenant, key="hello", name="hello", channel="whatsapp", text="Hello"
    )

    def failed(action, params, do="run"):
        spec = registry.get(action)
        with pytest.raises(PermanentFailure) as failure:
            getattr(spec, do)(params, as_tenant)
        return failure.value

    def both(action, params):
        failures = [failed(action, params, do) for do in ("run", "preview")]
        assert failures[0].code == failures[1].code
        assert (sandbox.received(), outbox.outbox) == ([], [])
        return failures[0]

    return both


@pytest.mark.parametrize(("action", "params", "kinds"), STEPS.values(), ids=STEPS)
def test_with_all_switched_off_a_step_fails_and_sends_nothing(fail, tenant, action, params, kinds):
    for kind in kinds:
        connect(tenant, kind)

    failure = fail(action, params)

    names = [f"Our {kind}" for kind in kinds]
    assert (failure.code, failure.params) == ("connection_all_off", {"connections": names})


@pytest.mark.parametrize(("action", "params", "kinds"), STEPS.values(), ids=STEPS)
def test_one_that_is_named_and_off(fail, tenant, action, params, kinds):
    connect(tenant, kinds[0], "ours")

    failure = fail(action, {**params, "connection": "ours"})

    assert (failure.code, failure.params) == ("connection_off", {"connection": "Our ours"})


def test_another_companys_switched_off_server_is_nothing_to_this_one(
    as_tenant, sandbox, other_tenant
):
    connect(other_tenant, "smtp")

    registry.get("send_email").run(MAIL, as_tenant)

    assert len(outbox.outbox) == 1


def test_a_web_call_without_a_connection_needs_none(tenant, as_tenant, sandbox):
    connect(tenant, "http")

    answer = registry.get("http_request").run(
        {"method": "GET", "url": f"{sandbox.base_url}/hook/a"}, as_tenant
    )

    assert answer["status"] == 200


def test_the_sentence_says_who_switched_it_off(fail, tenant, client):
    person = make_member(tenant, "nour", "operations")
    stored = connect(tenant, "smtp")
    kind = ContentType.objects.get_for_model(Connection)
    LogEntry.objects.create(
        user=person,
        content_type=kind,
        object_id=str(stored.pk),
        action_flag=CHANGE,
        change_message='[{"changed": {"fields": ["Active"]}}]',
    )

    failure = fail("send_email", MAIL)

    for language, words in (
        (
            "en",
            ["Switched off: Our smtp.", "switched off by nour on 2", "Switch the connection on"],
        ),
        ("ar", ["Our smtp", "nour", "أوقف"]),
    ):
        with override(language):
            said = sentence(failure.code, failure.params)
        assert [one for one in words if one not in said] == []


def test_the_page_that_switches_it_off_is_what_the_sentence_reads(fail, tenant, client):
    client.force_login(make_member(tenant, "nour", "operations"))
    stored = connect(tenant, "smtp")
    Connection.objects.filter(pk=stored.pk).update(is_active=True)
    page = reverse("admin:actions_connection_change", args=[stored.pk])

    form = {"name": "Our smtp", "host": "mail.example", "port": "25", "sender": "a@b.example"}
    answer = client.post(page, form, headers={"accept-language": "ar"})

    assert answer.status_code == 302
    assert not Connection.objects.get(pk=stored.pk).is_active
    assert fail("send_email", MAIL).params["by"] == "nour"


def test_the_trial_of_one_that_is_off(tenant):
    with pytest.raises(PermanentFailure, match="connection_off"):
        connection_test.try_out(connect(tenant, "smtp"))


def step(action, params, name="one"):
    return {"name": name, "action": action, "params": params}


@pytest.mark.parametrize(
    ("steps", "names"),
    [
        ([step("send_email", MAIL)], ["Our smtp"]),
        ([step("send_email", MAIL), step("send_email", MAIL, "two")], ["Our smtp"]),
        ([step("team_notify", {**POST, "connection": "teams"})], ["Our teams"]),
        ([step("http_request", WEB)], []),
        ([step("http_request", {**WEB, "connection": "http"})], ["Our http"]),
        ([step("log_note", {"text": "x"})], []),
    ],
)
def test_what_a_document_would_use_and_cannot(tenant, steps, names):
    for kind in ("smtp", "teams", "http"):
        connect(tenant, kind)

    found = switched_off(tenant, {"name": "x", "trigger_type": "x", "steps": steps})

    assert [one.name for one in found] == names


def test_the_editor_says_so_where_it_says_ready(tenant, ops_user, client):
    connect(tenant, "smtp")
    client.force_login(ops_user)
    form = {"name": "x", "trigger_type": "x", "steps": [step("send_email", MAIL)]}
    page = reverse("admin:workflows_workflowdefinition_add")
    definition = WorkflowDefinition(tenant=tenant, key="x", name="x")
    save_draft(tenant, "user:ops", definition, form)
    page = reverse("admin:workflows_workflowdefinition_change", args=[definition.pk])

    html = client.get(page).content.decode()

    assert "it cannot send while this is switched off" in html
    assert "Our smtp" in html


@override_settings()
def test_the_guide_leads_to_it_and_puts_nothing_in_its_place(tenant, ops_user, client, settings):
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"SANDBOX_URL": "http://127.0.0.1:9"}}
    stored = connect(tenant, "smtp")
    document = {"name": "x", "trigger_type": "x", "steps": [step("send_email", MAIL)]}
    save_draft(tenant, "user:ops", WorkflowDefinition(tenant=tenant, key="x", name="x"), document)
    client.force_login(ops_user)

    html = client.get(reverse("admin:index")).content.decode()

    assert "Our smtp (switched off)" in html
    assert reverse("admin:actions_connection_change", args=[stored.pk]) in html
    assert connect_to_sandbox(tenant) == []
