"""Cases C3 and C4: a payment came in; sales hear of it, and the books have it once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from actions.models.connection import Connection
from tenants.models.api_key import ApiKey
from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import wait_until
from tests.support.time_travel import travel
from tests.support.web import running_web
from workflows.models.event import WorkflowEvent
from workflows.services.events.fire import fire
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.worker

PO = [{"name": "PO", "value": "PO-77"}]


@pytest.fixture
def sales(live):
    """Two companies with C3; both know a deal of that number."""
    for one in live:
        one.publish(case("c3_payment_to_crm"))
        one.order(number="PO-77", note="Open")
    return live[0]


def pay_invoice(company, **changes):
    invoice = {
        "id": "in_1",
        "amount_paid": 125000,
        "currency": "eur",
        "customer_name": "Acme",
        "custom_fields": PO,
    }
    fire(company.tenant, "invoice.payment_succeeded", {"data": {"object": {**invoice, **changes}}})
    [run] = company.ended()
    return run


def told(company):
    """Return the colours and texts of the Slack messages."""
    return [
        (message.body["attachments"][0]["color"], message.text)
        for message in company.received("slack")
    ]


GREEN, YELLOW, RED = "#2eb67d", "#ecb22e", "#e01e5a"


def test_c3_the_deal_is_set_paid_and_sales_hear_the_amount(sales, live, worker_groups):
    run = pay_invoice(sales)

    assert run.status == "completed"
    assert Order.objects.get(tenant=sales.tenant, number="PO-77").note == "Paid: Yes"
    assert told(sales) == [(GREEN, "Acme paid €1,250.00 for PO-77")]
    # The other company's deal of the same number is its own.
    assert Order.objects.get(tenant=live[1].tenant, number="PO-77").note == "Open"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(125050, "usd", "$1,250.50"), (125000, "jpy", "¥125,000"), (1250125, "kwd", "KWD 1,250.125")],
)
def test_c3_amounts_count_in_the_smallest_coin_of_their_currency(
    sales, worker_groups, amount, currency, shown
):
    pay_invoice(sales, amount_paid=amount, currency=currency)

    [(_, text)] = told(sales)
    assert text.replace("\u00a0", " ") == f"Acme paid {shown} for PO-77"


@pytest.mark.parametrize(
    "fields",
    [None, [], [{"name": "PO"}], [{"name": "PO", "value": None}], [{"name": "PO", "value": " "}]],
    ids=repr,
)
def test_c3_an_invoice_without_a_number_is_told_and_ends(sales, worker_groups, fields):
    run = pay_invoice(sales, custom_fields=fields)

    assert run.status == "completed"
    assert run.step_results[-1]["step_name"] == "no_po"
    assert told(sales) == [(YELLOW, "Invoice in_1 is paid and has no PO number")]
    assert Order.objects.get(tenant=sales.tenant).note == "Open"


def test_c3_a_number_nobody_knows_is_told_and_ends(sales, worker_groups):
    run = pay_invoice(sales, custom_fields=[{"name": "PO", "value": "PO-78"}])

    assert run.status == "completed"
    assert run.step_results[-1]["step_name"] == "no_deal"
    assert told(sales) == [(RED, "Deal PO-78 not found")]
    assert Order.objects.get(tenant=sales.tenant).note == "Open"


INTENT = {
    "id": "pi_9",
    "customer": "cus_1",
    "description": "Subscription",
    "amount": 5000,
    "amount_received": 5000,
    "currency": "usd",
}
CREATED = {"id": "77"}


@pytest.fixture
def books(live, settings):
    """A company that keeps books elsewhere, which do not know the payer yet; its web process."""
    settings.WHITENOISE_AUTOREFRESH = True
    company, _ = live
    base = f"{company.outside.base_url}/hook"
    for key in ("stripe", "books"):
        Connection.objects.create(
            tenant=company.tenant,
            key=key,
            name=key,
            kind="http",
            settings={"base_url": f"{base}/{key}"},
            secrets={"token": f"{key}-secret"},
        )
    company.publish(case("c4_payment_to_books"))
    payer = {"email": "nour@acme.example", "name": "Nour"}
    answers(company, "stripe/customers/cus_1", payer)
    answers(company, "books/customers?email=", {"customers": []})
    answers(company, "books/customers", CREATED, below="books/customers?email=")
    _, company.key = ApiKey.objects.create_key(name="stripe", tenant=company.tenant)
    with running_web() as caller:
        company.web = caller
        yield company


def answers(company, path, body, below=None):
    """Let the sandbox answer so; what was set last is asked first, so `below` is set again."""
    rules = {rule.path: rule for rule in company.outside.journal.behaviours()}
    company.outside.behave("hook", "answer", path=f"/hook/{path}", body=body)
    if below:
        company.outside.journal.behave(rules[f"/hook/{below}"])


def deliver(company, key=None, **headers):
    """Send the event as a provider does: over HTTP, with the payment's id as its key."""
    own = {"Authorization": f"Api-Key {company.key if key is None else key}"} if key != "" else {}
    return company.web().post_json(
        "/api/v1/triggers/payment_intent.succeeded/",
        {"data": {"object": INTENT}},
        Idempotency_Key=INTENT["id"],
        **own,
        **headers,
    )


def calls(company):
    """Return what the books were asked, in order."""
    found = [one for one in company.received("hook") if one.path.startswith("/hook/books/")]
    return [(one.method, one.path.removeprefix("/hook/books/").partition("?")[0]) for one in found]


NEW = [("GET", "customers"), ("POST", "customers"), ("POST", "salesreceipt")]


def test_c4_an_unknown_payer_is_created_and_gets_a_receipt(books, worker_groups):
    status, answer = deliver(books)

    [run] = books.ended()
    assert (status, [one["id"] for one in answer["runs"]]) == (202, [str(run.pk)])
    assert run.status == "completed"
    assert calls(books) == NEW
    looked, created, receipt = books.received("hook")[1:]
    assert looked.path.endswith("?email=nour%40acme.example")
    assert created.body == {"DisplayName": "Nour", "PrimaryEmailAddr": "nour@acme.example"}
    assert receipt.body == {
        "CustomerRef": "77",
        "UnitPrice": 50,
        "CurrencyRef": "USD",
        "Description": "Subscription",
        "PrivateNote": "Payment Intent pi_9",
    }
    assert {one.headers["authorization"] for one in (looked, created, receipt)} == {
        "Bearer books-secret"
    }
    assert "secret" not in str(run.step_results)


def test_c4_a_known_payer_is_found_and_both_ways_meet(books, worker_groups):
    answers(books, "books/customers?email=", {"customers": [{"id": "12"}]})

    deliver(books)

    [run] = books.ended()
    assert run.status == "completed"
    assert calls(books) == [("GET", "customers"), ("POST", "salesreceipt")]
    assert books.received("hook")[-1].body["CustomerRef"] == "12"


def test_c4_three_deliveries_at_once_make_one_receipt(books, worker_groups):
    with ThreadPoolExecutor(3) as threads:
        delivered = list(threads.map(lambda _: deliver(books), range(3)))

    [run] = books.ended()
    later = deliver(books)
    assert {status for status, _ in [*delivered, later]} == {202}
    assert len({answer["event_id"] for _, answer in [*delivered, later]}) == 1
    assert calls(books) == NEW
    assert books.runs().get() == run
    assert WorkflowEvent.objects.filter(tenant=books.tenant).count() == 1


def test_c4_only_who_has_the_key_is_heard(books, live, worker_groups):
    _, other = live
    _, strange = ApiKey.objects.create_key(name="other", tenant=other.tenant)

    without, _ = deliver(books, key="")
    wrong, _ = deliver(books, key="no.key")
    foreign, _ = deliver(books, key=strange)

    assert (without, wrong, foreign) == (401, 401, 202)
    # What the other company's key fires is the other company's event: nobody there listens.
    assert not books.runs().exists()
    assert not other.runs().exists()
    assert not WorkflowEvent.objects.filter(tenant=books.tenant).exists()


def test_c4_a_receipt_that_failed_is_tried_again_without_a_second_customer(books, worker_groups):
    books.outside.behave("hook", "fail", status=500, path="/hook/books/salesreceipt", times=2)
    deliver(books)
    wait_until(lambda: books.runs().filter(status="waiting", wait_type="retry").exists())

    travel(books.runs())
    [failed] = books.ended()
    assert (failed.status, failed.error_step) == ("failed", "receipt")
    retry_failed_step(books.tenant, failed.pk)

    [run] = wait_until(lambda: books.runs().filter(status="completed"))
    assert run.pk == failed.pk
    assert calls(books) == [*NEW, NEW[-1], NEW[-1]]
    receipts = books.received("hook")[-3:]
    assert len({one.idempotency_key for one in receipts}) == 1
    assert [one.status for one in receipts] == [500, 500, 200]
    assert len({str(one.body) for one in receipts}) == 1
