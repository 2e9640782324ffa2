"""The gallery and the guided first run, as people meet them."""

import pytest
from django.urls import reverse

from actions.connection_test import try_out
from actions.models.connection import Connection, ConnectionKind
from actions.models.message_template import MessageTemplate
from actions.sandbox.connections import values_of
from tests.support.people import make_member
from tests.support.tenants import make_tenant
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import WorkflowRehearsal
from workflows.models.schedule import WorkflowSchedule
from workflows.services.definitions.publish import publish
from workflows.services.onboarding import gallery

GALLERY = "/admin/workflows/workflowdefinition/gallery/"
HOME = "/admin/"


@pytest.fixture
def new_tenant(db):
    """A company on its first day."""
    return make_tenant("new", "New Company", language="ar")


@pytest.fixture
def person(client, new_tenant):
    """Somebody of its operations, at their browser."""
    user = make_member(new_tenant, "newcomer", "operations")
    user.email = "newcomer@example.com"
    user.save()
    client.force_login(user)
    return client


def begin(person, key="new-order-processing"):
    answer = person.post(f"{GALLERY}{key}/", follow=True)
    return answer, WorkflowDefinition.objects.get(key=key)


def steps(person):
    """Return what the guide says of each step: done, next or open; None without a guide."""
    context = person.get(HOME).context
    if context["beginnings"] is None:
        return None
    return ["done" if s.is_done else "next" if s.is_next else "open" for s in context["guide"]]


def test_the_gallery_shows_each_with_its_picture_and_what_it_needs(person):
    answer = person.get(GALLERY)

    shown = {card.ready.key: card for card in answer.context["cards"]}
    assert list(shown) == [one.key for one in gallery.entries()]
    card = shown["new-order-processing"]
    assert [mark.icon for mark in card.picture.marks] == ["pencil", "message", "mail"]
    assert [(need.label, need.is_met) for need in card.needs] == [("WhatsApp Cloud API", False)]
    assert "?kind=whatsapp" in answer.content.decode()


def test_starting_makes_a_draft_in_the_companys_language_with_what_it_brings(person, new_tenant):
    answer, made = begin(person)

    assert answer.redirect_chain[-1][0] == reverse(
        "admin:workflows_workflowdefinition_change", args=[made.pk]
    )
    assert (made.tenant, made.version, made.is_active) == (new_tenant, 0, False)
    assert made.name == "معالجة الطلبات الجديدة"
    assert made.draft["values"] == {"operations": "newcomer@example.com"}
    templates = MessageTemplate.objects.filter(tenant=new_tenant)
    assert set(templates.values_list("key", "language")) == {
        ("order_confirmed", "ar"),
        ("ops_new_order_summary", "ar"),
    }
    for template in templates:
        template.full_clean()
    assert "Before you can publish it, connect:" in answer.content.decode()


def test_what_is_there_is_never_overwritten(person, new_tenant):
    mine = {"tenant": new_tenant, "key": "order_confirmed", "name": "Mine", "channel": "whatsapp"}
    MessageTemplate.objects.create(text="My words", **mine)
    begin(person)
    begin_again = person.post(f"{GALLERY}new-order-processing/", follow=True)

    assert MessageTemplate.objects.get(key="order_confirmed").text == "My words"
    keys = WorkflowDefinition.objects.filter(tenant=new_tenant).values_list("key", flat=True)
    assert sorted(keys) == ["new-order-processing", "new-order-processing-2"]
    assert "message template" not in str(next(iter(begin_again.context["messages"])))


def test_a_schedule_is_made_once(person, new_tenant):
    begin(person, "daily-summary")
    person.post(f"{GALLERY}daily-summary/")

    [made] = WorkflowSchedule.objects.filter(tenant=new_tenant)
    assert (made.event_type, made.is_active) == ("daily_summary", True)
    assert made.next_at is not None


def test_a_slack_of_another_key_serves_as_well(person, new_tenant):
    Connection.objects.create(tenant=new_tenant, key="crew", name="Crew", kind="slack")
    _answer, made = begin(person, "low-stock")

    assert made.draft["steps"][-1]["params"]["connection"] == "crew"


def test_readers_and_strangers_make_nothing(client, person, new_tenant, other_tenant, support_user):
    stranger = {"tenant": str(other_tenant.pk)}
    assert person.post(f"{GALLERY}low-stock/", stranger).status_code == 403
    assert person.post(f"{GALLERY}unheard-of/").status_code == 404
    client.force_login(support_user)
    assert client.get(GALLERY).status_code == 403
    assert client.post(f"{GALLERY}low-stock/").status_code == 403
    assert not WorkflowDefinition.objects.exists()
    assert not MessageTemplate.objects.exists()


def test_the_list_of_workflows_leads_to_the_gallery(person):
    listed = person.get("/admin/workflows/workflowdefinition/").content.decode()

    assert f'href="{GALLERY}"' in listed
    content = person.get(GALLERY).content.decode()
    assert "/admin/workflows/workflowdefinition/add/" in content
    assert "/admin/workflows/workflowdefinition/import/" in content


def test_the_guide_leads_to_the_first_run(person, new_tenant):
    assert steps(person) == ["next", "open", "open", "open", "open"]

    _answer, made = begin(person)
    assert steps(person) == ["done", "next", "open", "open", "open"]

    Connection.objects.create(tenant=new_tenant, key="wa", name="WA", kind="whatsapp")
    assert steps(person) == ["done", "done", "next", "open", "open"]

    WorkflowRehearsal.objects.create(tenant=new_tenant, document={}, status="done")
    assert steps(person) == ["done", "done", "done", "next", "open"]

    made.is_active = True
    publish(new_tenant, "user:newcomer", made, made.draft)
    assert steps(person) == ["done", "done", "done", "done", "next"]
    assert "/admin/tenants/order/add/" in person.get(HOME).content.decode()

    new_tenant.orders.create(number="1")
    assert steps(person) == ["done"] * 5
    assert "Your first workflow is live" in person.get(HOME).content.decode()


def test_the_guide_is_closed_for_good(person, new_tenant):
    close = f"/admin/workflows/workflowdefinition/guide/{new_tenant.pk}/close/"
    person.post(close)
    person.post(close)

    assert steps(person) is None
    closed = WorkflowEvent.objects.filter(tenant=new_tenant, type="workflows.guide_closed")
    assert [one.actor for one in closed] == ["user:newcomer"]


def test_only_the_companys_own_people_close_its_guide(person, other_tenant):
    close = f"/admin/workflows/workflowdefinition/guide/{other_tenant.pk}/close/"

    assert person.post(close).status_code == 404
    assert not WorkflowEvent.objects.exists()


@pytest.fixture
def sandbox(settings, outside):
    """An installation that has one."""
    given = {
        "SANDBOX_URL": outside.base_url,
        "ALLOWED_PRIVATE_HOSTS": [outside.host_and_port],
    }
    settings.SAYR = {**settings.SAYR, "ACTIONS": given}
    return outside


def to_sandbox(tenant):
    return f"/admin/workflows/workflowdefinition/guide/{tenant.pk}/sandbox/"


def test_what_is_missing_is_led_to_the_sandbox_in_one_click(person, new_tenant, sandbox):
    begin(person)
    assert to_sandbox(new_tenant) in person.get(HOME).content.decode()

    answer = person.post(to_sandbox(new_tenant), follow=True)

    assert steps(person)[:3] == ["done", "done", "next"]
    assert f'href="{sandbox.base_url}/"' in answer.content.decode()
    assert to_sandbox(new_tenant) not in answer.content.decode()
    [made] = Connection.objects.all()
    assert (made.tenant, made.kind, made.key) == (new_tenant, "whatsapp", "whatsapp")
    assert try_out(made)


@pytest.mark.parametrize(
    ("kind", "key"), [("slack", ""), ("teams", ""), ("http", "accounting"), ("http", "other")]
)
def test_every_kind_reaches_the_sandbox(new_tenant, sandbox, kind, key):
    values = values_of(new_tenant, ConnectionKind(kind), sandbox.base_url, key)

    made = Connection.objects.create(tenant=new_tenant, key=key or kind, kind=kind, **values)

    assert try_out(made)


def test_a_key_that_is_taken_is_left_alone(person, new_tenant, sandbox):
    begin(person)
    taken = {"tenant": new_tenant, "kind": "whatsapp", "is_active": False}
    Connection.objects.create(key="whatsapp", name="Ours", **taken)

    person.post(to_sandbox(new_tenant))

    assert Connection.objects.get().name == "Ours"


def test_without_a_sandbox_none_is_offered(person, new_tenant):
    begin(person)

    assert to_sandbox(new_tenant) not in person.get(HOME).content.decode()
    person.post(to_sandbox(new_tenant))
    assert not Connection.objects.exists()


def test_only_operations_of_the_company_connect_it(
    client, person, new_tenant, other_tenant, sandbox
):
    begin(person)
    assert person.post(to_sandbox(other_tenant)).status_code == 404
    client.force_login(make_member(new_tenant, "reader", "support"))
    assert client.post(to_sandbox(new_tenant)).status_code == 403
    assert not Connection.objects.exists()
