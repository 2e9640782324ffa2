"""Making a record: allowed fields, checked, the tenant's own."""

import pytest
from django.db import IntegrityError

from actions.errors import PermanentFailure
from actions.records import Record
from tenants.models.order import Order
from tenants.tracking.signals import records_changed

CREATABLE = ("number", "status", "customer_name", "customer_email", "total_amount", "note")
RECORDS = [
    Record("orders", Order, "Orders", ("id", "number"), ("status",), creatable=CREATABLE),
    Record("archive", Order, "Archive", ("id", "number"), ("status",)),
]


@pytest.fixture(autouse=True)
def _records(settings):
    settings.SAYR = {**settings.SAYR, "RECORDS": f"{__name__}.RECORDS"}


@pytest.fixture
def changes():
    told = []

    def listen(changes, **details):
        told.extend(changes)

    records_changed.connect(listen)
    yield told
    records_changed.disconnect(listen)


def refused(run, code, table="orders", **fields):
    with pytest.raises(PermanentFailure) as failure:
        run("create_record", table=table, fields=fields)
    assert failure.value.code == code
    assert not Order.objects.filter(number="77").exists()
    return failure.value.params


def test_makes_the_tenants_record_and_says_what_it_stored(run, tenant):
    output = run(
        "create_record",
        table="orders",
        fields={"number": "77", "customer_name": "نور", "total_amount": 149.9},
    )

    order = Order.objects.get()
    assert order.tenant == tenant
    assert (order.number, order.customer_name, order.status) == ("77", "نور", "new")
    assert output == {
        "table": "orders",
        "id": str(order.id),
        "created": {"number": "77", "customer_name": "نور", "total_amount": "149.90"},
    }


def test_it_is_told_as_any_new_record_is(run, changes):
    run("create_record", table="orders", fields={"number": "77"})

    [change] = changes
    assert (change.previous, change.current["number"]) == (None, "77")


def test_the_same_number_of_another_tenant_is_no_obstacle(run, tenant, other_tenant):
    Order.objects.create(tenant=other_tenant, number="77")

    run("create_record", table="orders", fields={"number": "77"})

    assert Order.objects.filter(tenant=tenant, number="77").count() == 1


def test_a_record_that_would_break_a_constraint(run, tenant, changes):
    Order.objects.create(tenant=tenant, number="1")
    changes.clear()

    facts = refused(run, "record_refused", number="1")

    assert facts == {"table": "orders", "reason": "There is already an order with this number."}
    assert (changes, Order.objects.count()) == ([], 1)


def test_what_only_the_database_sees_is_refused_in_words(run, monkeypatch):
    def race(*args, **kwargs):
        raise IntegrityError("duplicate key value\nDETAIL: secret")

    monkeypatch.setattr(Order, "save", race)

    facts = refused(run, "record_refused", number="77")

    assert facts == {"table": "orders", "reason": "duplicate key value"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "lost"),
        ("status", None),
        ("total_amount", "1" * 40),
        ("total_amount", "a lot"),
        ("total_amount", "NaN"),
        ("total_amount", "1.005"),
        ("customer_email", "nobody"),
        ("customer_name", "x" * 201),
        ("note", "a\x00b"),
    ],
)
def test_a_value_that_the_field_cannot_have(run, tenant, field, value):
    facts = refused(run, "invalid_value", number="77", **{field: value})

    assert (facts["field"], facts["value"]) == (field, str(value)[:100])
    assert facts["reason"]


def test_a_field_that_has_to_be_given(run, tenant):
    facts = refused(run, "invalid_value", note="x")

    assert (facts["field"], facts["value"]) == ("number", "")


def test_a_total_below_zero(run, tenant):
    facts = refused(run, "record_refused", number="77", total_amount="-1")

    assert facts["reason"] == "The total cannot be negative."


@pytest.mark.parametrize(
    "field",
    ["id", "pk", "tenant", "tenant_id", "tenant__key", "created_at", "source", "id; drop", "save"],
)
def test_a_field_outside_the_allow_list_makes_nothing(run, tenant, field):
    facts = refused(run, "field_not_creatable", number="77", **{field: "1"})

    assert facts == {"table": "orders", "field": field}


def test_a_table_in_which_nothing_may_be_made(run, tenant):
    assert refused(run, "creating_not_allowed", "archive", number="77") == {"table": "archive"}


def test_a_table_outside_the_allow_list(run, tenant):
    assert refused(run, "table_not_allowed", "users", number="77") == {"table": "users"}
