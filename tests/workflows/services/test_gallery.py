"""Every ready workflow, as it comes: started from, published, fired, carried out to its end."""

import re
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django.utils.translation import override

from actions import records
from actions.models.connection import Connection
from config.demo.company.models import Invoice, Payment, Product, Refund, Signup
from tenants.models.order import Order
from tests.support.company import Company
from tests.support.people import make_member
from tests.support.tenants import make_tenant
from tests.support.time_travel import travel
from workflows.admin.editor.endpoints.check import checked
from workflows.admin.editor.form.shape import to_form
from workflows.definition.scope import NameScope
from workflows.definition.templates import render_text
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.models.schedule import WorkflowSchedule
from workflows.services.approvals.approvers import Via, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.onboarding import gallery
from workflows.services.schedules.firing import fire_due

KEYS = [one.key for one in gallery.entries()]
CUSTOMER = {"customer_name": "Rami Haddad", "customer_email": "rami@example.com"}


class Stage(Company):
    """A company of its own that starts from the gallery."""

    def __init__(self, outside, machine, language="en"):
        name = f"stage-{uuid4().hex[:10]}"
        super().__init__(make_tenant(name, language=language), outside)
        self.connect()
        base = f"{outside.base_url}/hook/accounting/"
        settings = {"base_url": base}
        Connection.objects.create(
            tenant=self.tenant, key="accounting", name="Books", kind="http", settings=settings
        )
        self.machine = machine
        self.boss = make_member(self.tenant, f"boss-{name}", "operations")

    def begin(self, key):
        """Start from an entry, publish the draft as it is, and switch it on."""
        started = gallery.start(
            self.tenant, "user:ops", gallery.entry(key), address="me@cedar.example"
        )
        assert started.missing == ()
        self.register_templates()
        definition = started.definition
        definition.is_active = True
        publish(self.tenant, "user:ops", definition, definition.draft)
        return definition

    def work(self):
        self.machine.work()

    def later(self):
        """Let the next moment come that runs wait for."""
        travel(self.runs())
        self.work()

    def decide(self, choice, **answers):
        """Answer the open question."""
        open_one = WorkflowApproval.objects.get(tenant=self.tenant, decided_at=None)
        decider = user_decider(self.tenant, self.boss, Via.ADMIN)
        decide(self.tenant, open_one.pk, decider, GivenAnswer(choice, answers))
        self.work()

    def clock_strikes(self):
        """Let the schedules be due."""
        own = WorkflowSchedule.objects.filter(tenant=self.tenant)
        assert own.update(next_at=timezone.now() - timedelta(seconds=1)) == 1
        fire_due()
        self.work()

    def roots(self):
        return list(self.runs().filter(parent_run=None))

    def said(self):
        """Return what the sandbox received: where, and to whom."""
        found = []
        for channel in ("whatsapp", "smtp", "slack", "hook"):
            for one in self.received(channel):
                to = one.to if isinstance(one.to, str) else ", ".join(one.to)
                found.append((channel, to))
        return found


@pytest.fixture
def stage(outside, machine, settings):
    outside.journal.forget()
    allowed = [outside.host_and_port, f"127.0.0.1:{outside.smtp_port}"]
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
    return lambda language="en": Stage(outside, machine, language)


def order(stage, **values):
    return stage.order(**{"number": "C-1", **CUSTOMER, **values})


def new_order(stage):
    order(stage)
    stage.work()
    assert Order.objects.get(tenant=stage.tenant).status == "confirmed"
    return [("whatsapp", "+9613123456"), ("smtp", "me@cedar.example")]


def shipped_order(stage):
    made = order(stage)
    made.status = "shipped"
    made.save()
    stage.work()
    return [("whatsapp", "+9613123456")]


def late_order(stage):
    made = order(stage)
    made.status = "confirmed"
    made.save()
    stage.work()
    stage.later()
    assert stage.said() == [("smtp", "rami@example.com")]
    made.status = "shipped"
    made.save()
    stage.work()
    return [("whatsapp", "+9613123456"), ("smtp", "rami@example.com"), ("slack", "ops")]


def risky_order(stage):
    order(stage)
    payload = {"order_number": "C-1", "risk_level": "high", "reason": "Two cards"}
    fire(stage.tenant, "order_risk_analyzed", payload)
    stage.work()
    stage.later()
    stage.decide("cancel", comment="A fraud")
    assert Order.objects.get(tenant=stage.tenant).status == "cancelled"
    return [("smtp", "me@cedar.example"), ("slack", "ops"), ("slack", "ops"), ("slack", "ops")]


def signup(stage):
    Signup.objects.create(
        tenant=stage.tenant,
        business="Cedar Cafe",
        contact_name="Rami",
        email="rami@example.com",
        tax_number="300000000000003",
    )
    stage.work()
    stage.decide("approve", group="wholesale")
    stage.later()
    made = Signup.objects.get(tenant=stage.tenant)
    assert (made.status, made.customer_group) == ("approved", "wholesale")
    return [
        ("smtp", "rami@example.com"),
        ("smtp", "me@cedar.example"),
        ("smtp", "rami@example.com"),
    ]


def refund(stage):
    Refund.objects.create(
        tenant=stage.tenant, order_number="C-1", amount="480", reason="Broken", **CUSTOMER
    )
    stage.work()
    stage.decide("refund")
    made = Refund.objects.get(tenant=stage.tenant)
    assert (made.status, made.decided_by) == ("approved", f"user:{stage.boss.username}")
    return [("smtp", "rami@example.com"), ("slack", "ops")]


def payment(stage):
    due = timezone.localdate()
    Invoice.objects.create(tenant=stage.tenant, number="I-1", amount="480", due_on=due, **CUSTOMER)
    Payment.objects.create(
        tenant=stage.tenant,
        number="P-1",
        invoice_number="I-1",
        amount="480",
        payer_name="Rami",
        payer_email="rami@example.com",
    )
    stage.work()
    assert Invoice.objects.get(tenant=stage.tenant).status == "paid"
    assert Payment.objects.get(tenant=stage.tenant).booked_as
    return [("smtp", "rami@example.com"), ("hook", "/hook/accounting/receipts")]


def overdue(stage):
    due = timezone.localdate() - timedelta(days=3)
    for number in ("I-1", "I-2"):
        Invoice.objects.create(
            tenant=stage.tenant, number=number, amount="480", due_on=due, **CUSTOMER
        )
    stage.clock_strikes()
    made = Invoice.objects.filter(tenant=stage.tenant)
    assert list(made.values_list("reminders", flat=True)) == [1, 1]
    return [("smtp", "rami@example.com"), ("smtp", "rami@example.com"), ("slack", "ops")]


def low_stock(stage):
    product = Product.objects.create(
        tenant=stage.tenant,
        sku="TS-M",
        title="T-shirt",
        quantity=7,
        supplier_email="supplier@example.com",
    )
    for quantity in (6, 5, 4):
        product.quantity = quantity
        product.save()
    stage.work()
    assert Product.objects.get(tenant=stage.tenant).reordered_at
    return [("smtp", "supplier@example.com"), ("slack", "ops")]


def summary(stage):
    """Of four orders two came on the day before, on the company's clock."""
    now = timezone.now().astimezone(stage.tenant.zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for number, hours in enumerate((-26, -20, -1, 0)):
        made = order(stage, number=f"C-{number}")
        created = midnight + timedelta(hours=hours)
        Order.objects.filter(pk=made.pk).update(created_at=created)
    stage.clock_strikes()
    [run] = WorkflowRun.objects.filter(tenant=stage.tenant, parent_run=None)
    assert run.step_results[0]["output"]["count"] == 2
    return [("smtp", "me@cedar.example"), ("slack", "ops")]


PLAYS = {
    "new-order-processing": new_order,
    "order-status-updates": shipped_order,
    "order-fulfilment": late_order,
    "high-risk-order-review": risky_order,
    "signup-review": signup,
    "refund-approval": refund,
    "payment-to-accounting": payment,
    "overdue-invoice-reminders": overdue,
    "low-stock": low_stock,
    "daily-summary": summary,
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("key", KEYS)
def test_every_ready_workflow_runs_as_it_comes(stage, key, language):
    company = stage(language)
    company.begin(key)

    told = PLAYS[key](company)

    runs = company.roots()
    assert [(run.definition.key, run.status, run.error_code) for run in runs] == [
        (key, "completed", None)
    ]
    failed = [e for run in company.runs() for e in run.step_results if e["status"] == "failed"]
    assert failed == []
    assert company.said() == told
    for message in received(company):
        assert_proud(message)


# What a message is about: a number or a name that its reader knows.
KNOWN_TO_READERS = (
    *("C-1", "I-1", "I-2", "P-1", "TS-M", "T-shirt", "Cedar Cafe", "Rami"),
    *("Overdue invoices: 2", "الفواتير المتأخرة: 2", f"{timezone.now() - timedelta(days=1):%d}"),
)
LINK = re.compile(r"https?://\S+")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", re.IGNORECASE)
SUM = re.compile(r"\d[.,]\d\d\b")


def received(company):
    """Return the words that people got: each message's own, subject and HTML among them."""
    for channel in ("smtp", "slack"):
        for one in company.received(channel):
            yield from filter(None, (one.subject, one.text, one.html))
    # WhatsApp is sent the values alone; the step keeps what its reader sees.
    outputs = [e.get("output") or {} for run in company.runs() for e in run.step_results]
    yield from (one["text"] for one in outputs if "phone" in one and "template" in one)


def assert_proud(said):
    words = LINK.sub("", said)
    assert not UUID.search(words), words
    assert "{{" not in words, words
    assert "{%" not in words, words
    assert "None" not in words, words
    assert "user:" not in words, words
    assert any(known in words for known in KNOWN_TO_READERS), words
    assert not SUM.search(words) or "$" in words or "USD" in words, words


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("key", KEYS)
def test_no_card_of_a_ready_workflow_shows_code(tenant, key, language):
    with override(language):
        document = gallery.entry(key).in_language(language).document
        lines = checked(tenant, to_form(document))["summaries"]

        told = [str(line) for one in lines.values() for line in one.values()]
    assert told
    for line in told:
        assert not re.search(r"[{}%]|\bsum:|\bcount:|[Ww]ithout asking", line), line


def test_the_daily_summary_counts_yesterday_as_the_companys_calendar_has_it():
    """Whatever the hour: from midnight to midnight there, where the clocks change too."""
    steps = gallery.entry("daily-summary").in_language("en").document["steps"]
    places = {row["operator"]: row["value"] for row in steps[0]["params"]["where"]}
    zone = ZoneInfo("Asia/Beirut")
    scope = NameScope(
        {}, {}, {}, {}, {"time_zone": "Asia/Beirut"}, datetime(2026, 11, 30, 8, tzinfo=zone)
    )

    told = {name: render_text(place, scope) for name, place in places.items()}

    assert told == {
        "greater_or_equal": "2026-11-29T00:00:00+02:00",
        "less_than": "2026-11-30T00:00:00+02:00",
    }


def test_there_is_a_play_for_each():
    assert sorted(KEYS) == sorted(PLAYS)


def test_only_what_fits_the_declared_records_is_offered(monkeypatch):
    """Without the demo's tables there are the workflows about orders."""
    orders = [one for one in records.all_records() if one.alias == "orders"]
    monkeypatch.setattr(records, "all_records", lambda: orders)

    assert [one.key for one in gallery.entries()] == [
        "new-order-processing",
        "order-status-updates",
        "order-fulfilment",
        "high-risk-order-review",
        "daily-summary",
    ]
    assert gallery.entry("refund-approval") is None
