"""The demo's companies: complete, publishable, and the same however often they are made."""

import pytest
from django.utils import timezone

from actions.errors import PermanentFailure
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from actions.phones import to_e164
from config.demo.company.models import Invoice, Payment, Product, Refund, Signup
from config.demo.seed import Outside, seed
from tenants.models.api_key import ApiKey, KeyScope
from tenants.models.membership import Membership
from tenants.models.order import Order
from tenants.models.tenant import Tenant
from tenants.models.user import User
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun

COMPANY = (Signup, Invoice, Payment, Refund, Product)
MODELS = (
    Tenant, User, Membership, ApiKey, Connection, MessageTemplate, Order,
    WorkflowDefinition, WorkflowVersion, WorkflowEvent, WorkflowRun, *COMPANY,
)  # fmt: skip
OUTSIDE = Outside("http://127.0.0.1:8025", "127.0.0.1", 8026)
TODAYS_ORDERS = 12
CANCELLED_ORDERS = 3


@pytest.fixture
def key_file(tmp_path):
    return tmp_path / "demo-api-key"


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def everything():
    return {model: list(model.objects.order_by("pk").values()) for model in MODELS}


def test_seeding_twice_makes_the_same_rows(db, key_file):
    first = seed(OUTSIDE, key_file)
    made = everything()

    second = seed(OUTSIDE, key_file)

    assert second == first
    assert everything() == made
    assert all(made.values())


def test_a_sandbox_that_moved_changes_only_the_connections(db, key_file):
    seed(OUTSIDE, key_file)
    before = everything()

    seed(Outside("http://127.0.0.1:9025", "127.0.0.1", 9026), key_file)

    after = everything()
    assert [model for model in MODELS if after[model] != before[model]] == [Connection]
    cedar = {row.kind: row for row in Connection.objects.filter(tenant__key="cedar")}
    assert cedar["whatsapp"].settings["base_url"] == "http://127.0.0.1:9025"
    assert cedar["smtp"].settings["port"] == 9026
    assert cedar["slack"].settings["base_url"] == "http://127.0.0.1:9025/slack"
    assert cedar["teams"].open_secrets() == {"webhook_url": "http://127.0.0.1:9025/teams/cedar"}
    assert cedar["http"].settings["base_url"] == "http://127.0.0.1:9025/hook/accounting/"
    assert all(row.open_secrets() for row in cedar.values() if row.kind not in ("smtp", "http"))


def test_a_connection_to_a_real_provider_is_left_alone(db, key_file):
    seed(OUTSIDE, key_file)
    row = Connection.objects.get(tenant__key="cedar", key="whatsapp")
    row.settings = {"phone_number_id": "1"}
    row.secrets = {"access_token": "a real one"}
    row.save()

    seed(Outside("http://127.0.0.1:9025", "127.0.0.1", 9026), key_file)

    row.refresh_from_db()
    assert row.settings == {"phone_number_id": "1"}
    assert row.open_secrets() == {"access_token": "a real one"}


def test_what_people_changed_stays(db, key_file):
    seed(OUTSIDE, key_file)
    MessageTemplate.objects.filter(key="order_confirmed").update(text="ours")
    WorkflowDefinition.objects.filter(key="new-order").update(is_active=False)
    user = User.objects.get(username="ops")
    user.set_password("another")
    user.save()
    before = everything()

    seed(OUTSIDE, key_file)

    assert everything() == before


def test_todays_orders_start_runs_and_old_ones_do_not(db, key_file):
    seed(OUTSIDE, key_file)

    runs = WorkflowRun.objects.values_list("definition__key", flat=True)
    started = set(WorkflowRun.objects.values_list("subject_id", flat=True))
    assert sorted(runs) == ["cancelled-order"] * CANCELLED_ORDERS + ["new-order"] * TODAYS_ORDERS
    assert len(started) == CANCELLED_ORDERS + TODAYS_ORDERS
    assert Order.objects.count() > 2 * len(started)


def test_old_orders_sort_below_new_ones(db, key_file):
    seed(OUTSIDE, key_file)

    for tenant in Tenant.objects.all():
        orders = Order.objects.filter(tenant=tenant)
        assert list(orders.order_by("id")) == list(orders.order_by("created_at", "id"))


def test_every_company_has_some_of_each_record_and_they_fire_nothing(db, key_file):
    seed(OUTSIDE, key_file)

    for tenant in Tenant.objects.all():
        for model in COMPANY:
            rows = model.objects.filter(tenant=tenant)
            assert rows.count() >= 2, model
            assert list(rows.order_by("id")) == list(rows.order_by("created_at", "id"))
    assert {event.subject_type for event in WorkflowEvent.objects.all()} == {"orders"}


def test_there_is_something_for_the_gallery_to_find(db, key_file):
    seed(OUTSIDE, key_file)

    for tenant in Tenant.objects.all():
        today = timezone.localdate()
        overdue = Invoice.objects.filter(tenant=tenant, status="open", due_on__lt=today)
        assert overdue.filter(reminders=0).exists()
        # When the next one is sold, five are left.
        assert Product.objects.filter(tenant=tenant, quantity=6).exists()
        assert Refund.objects.filter(tenant=tenant, status="requested").exists()
        assert Signup.objects.filter(tenant=tenant, status="new").exists()


def test_exactly_one_phone_is_unusable_and_its_order_starts_a_run(db, key_file):
    seed(OUTSIDE, key_file)

    unusable = [order for order in Order.objects.select_related("tenant") if not _is_phone(order)]

    assert [order.number for order in unusable] == ["C-1019"]
    assert WorkflowRun.objects.filter(subject_id=unusable[0].id).exists()


def test_every_run_belongs_to_the_company_of_its_order(db, key_file):
    seed(OUTSIDE, key_file)

    for run in WorkflowRun.objects.all():
        assert Order.objects.get(id=run.subject_id).tenant_id == run.tenant_id


def test_people_see_their_company_only(db, key_file):
    seeded = seed(OUTSIDE, key_file)

    memberships = Membership.objects.order_by("user__username")
    found = list(memberships.values_list("user__username", "tenant__key", "role"))
    assert found == [
        ("najd-ops", "najd", "operations"),
        ("ops", "cedar", "operations"),
        ("support", "cedar", "support"),
    ]
    assert list(User.objects.filter(is_superuser=True).values_list("username")) == [("admin",)]
    for name, password, _may in seeded.people:
        user = User.objects.get(username=name)
        assert user.is_staff
        assert user.check_password(password)


def test_the_key_is_of_the_first_company_and_may_fire(db, key_file):
    seeded = seed(OUTSIDE, key_file)

    row = ApiKey.objects.get_from_key(seeded.api_key)
    assert row.tenant.key == "cedar"
    assert KeyScope.FIRE_EVENTS in row.scopes
    assert key_file.stat().st_mode & 0o077 == 0


def test_a_lost_key_is_replaced_not_added(db, key_file):
    first = seed(OUTSIDE, key_file)
    key_file.unlink()

    second = seed(OUTSIDE, key_file)

    assert second.api_key != first.api_key
    assert ApiKey.objects.get().is_valid(second.api_key)


def _is_phone(order):
    try:
        return bool(to_e164(order.customer_phone, order.tenant.country))
    except PermanentFailure:
        return False
