"""Changing a record: allowed fields of the tenant's own records, checked, in one transaction."""

import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from actions.errors import PermanentFailure
from actions.records import Record
from tenants.models.order import Order
from tenants.tracking.signals import records_changed

# Wider than the product's own, to reach the constraints.
RECORDS = [Record("orders", Order, "Orders", ("id",), ("total_amount", "number"))]
WIDER = f"{__name__}.RECORDS"


@pytest.fixture
def changes():
    told = []

    def listen(changes, **details):
        told.extend(changes)

    records_changed.connect(listen)
    yield told
    records_changed.disconnect(listen)


def refused(run, code, **params):
    with pytest.raises(PermanentFailure) as failure:
        run("update_record", **params)
    assert failure.value.code == code
    return failure.value.params


def test_changes_the_field_and_says_what_it_was(run, order):
    output = run(
        "update_record",
        table="orders",
        id=str(order.id),
        fields={"status": "confirmed", "note": "x"},
    )

    order.refresh_from_db()
    assert (order.status, order.note) == ("confirmed", "x")
    assert output == {
        "table": "orders",
        "id": str(order.id),
        "changed": {
            "status": {"from": "new", "to": "confirmed"},
            "note": {"from": "", "to": "x"},
        },
    }


def test_the_change_is_told_as_any_save_is(run, order, changes):
    run("update_record", table="orders", id=str(order.id), fields={"status": "confirmed"})

    [change] = changes
    assert change.changed_fields == {"status"}
    assert (change.previous["status"], change.current["status"]) == ("new", "confirmed")


def test_the_time_of_the_change_is_kept(run, order):
    before = order.updated_at

    run("update_record", table="orders", id=str(order.id), fields={"status": "confirmed"})

    order.refresh_from_db()
    assert order.updated_at > before


def test_other_fields_keep_what_others_wrote_meanwhile(run, order):
    Order.objects.filter(pk=order.pk).update(note="by hand")

    run("update_record", table="orders", id=str(order.id), fields={"status": "confirmed"})

    order.refresh_from_db()
    assert order.note == "by hand"


def test_the_same_value_changes_nothing_and_is_no_error(run, order, changes):
    output = run("update_record", table="orders", id=str(order.id), fields={"status": "new"})

    assert output["changed"] == {}
    assert changes == []


@pytest.mark.parametrize(
    "wanted",
    ["0199d3a0-0000-7000-8000-000000000001", "123", "", "'; DROP TABLE orders; --", "\x00"],
)
def test_a_record_that_does_not_exist(run, order, wanted):
    facts = refused(
        run, "record_not_found", table="orders", id=wanted, fields={"status": "confirmed"}
    )

    assert facts == {"table": "orders", "id": wanted}


def test_another_tenants_record_is_as_if_it_did_not_exist(run, other_tenant, changes):
    theirs = Order.objects.create(tenant=other_tenant, number="1")
    changes.clear()

    refused(
        run, "record_not_found", table="orders", id=str(theirs.id), fields={"status": "confirmed"}
    )

    theirs.refresh_from_db()
    assert (theirs.status, changes) == ("new", [])


def test_a_table_outside_the_allow_list(run, order):
    facts = refused(run, "table_not_allowed", table="users", id=str(order.id), fields={"a": 1})

    assert facts == {"table": "users"}


@pytest.mark.parametrize(
    "field", ["id", "tenant", "tenant_id", "number", "status__in", "__class__", "pk", "save"]
)
def test_a_field_outside_the_allow_list_changes_nothing_at_all(run, order, field):
    facts = refused(
        run,
        "field_not_allowed",
        table="orders",
        id=str(order.id),
        fields={"status": "confirmed", field: "1"},
    )

    order.refresh_from_db()
    assert (order.status, facts) == ("new", {"table": "orders", "field": field})


@pytest.mark.parametrize("value", ["lost", "", None, 7, True, "confirmed\x00", "x" * 100])
def test_a_value_that_the_field_cannot_have(run, order, value):
    facts = refused(
        run,
        "invalid_value",
        table="orders",
        id=str(order.id),
        fields={"note": "x", "status": value},
    )

    order.refresh_from_db()
    assert (order.status, order.note) == ("new", "")
    assert (facts["field"], facts["value"]) == ("status", str(value)[:100])
    assert facts["reason"]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("total_amount", "-1", "The total cannot be negative."),
        ("number", "1002", "There is already an order with this number."),
    ],
)
def test_a_record_that_would_break_a_constraint(run, order, settings, field, value, reason):
    settings.SAYR = {**settings.SAYR, "RECORDS": WIDER}
    Order.objects.create(tenant=order.tenant, number="1002")

    facts = refused(run, "record_refused", table="orders", id=str(order.id), fields={field: value})

    assert facts == {"table": "orders", "reason": reason}


def test_money_is_written_exactly(run, order, settings):
    settings.SAYR = {**settings.SAYR, "RECORDS": WIDER}

    output = run(
        "update_record", table="orders", id=str(order.id), fields={"total_amount": "10.10"}
    )

    assert output["changed"] == {"total_amount": {"from": "149.90", "to": "10.10"}}


def test_a_number_brings_no_binary_digits_along(run, order, settings):
    settings.SAYR = {**settings.SAYR, "RECORDS": WIDER}

    run("update_record", table="orders", id=str(order.id), fields={"total_amount": 1234567.89})

    order.refresh_from_db()
    assert str(order.total_amount) == "1234567.89"


def test_constraints_of_unchanged_fields_are_not_asked(run, order):
    with CaptureQueriesContext(connection) as queries:
        run("update_record", table="orders", id=str(order.id), fields={"status": "confirmed"})

    about_orders = [query["sql"] for query in queries if '"orders"' in query["sql"]]
    # The locking read is a prepared statement, past Django's log.
    assert [sql.split()[0] for sql in about_orders] == ["UPDATE"]


@pytest.mark.django_db(transaction=True)
def test_two_steps_at_once_wait_for_each_other(run, order):
    done = threading.Event()

    def second():
        try:
            run("update_record", table="orders", id=str(order.id), fields={"status": "shipped"})
        finally:
            connection.close()
            done.set()

    other = threading.Thread(target=second)
    with transaction.atomic():
        run("update_record", table="orders", id=str(order.id), fields={"status": "confirmed"})
        other.start()
        assert not done.wait(0.2)
    other.join()

    order.refresh_from_db()
    assert order.status == "shipped"


@pytest.mark.parametrize(
    "written",
    ["18.605", "\u200e18.605", "\u202a18.605\u202c", "١٨٫٦٠٥", "\u200f١٨٫٦٠٥"],  # noqa: RUF001
)
def test_an_amount_is_read_as_it_is_seen(run, order, settings, written):
    settings.SAYR = {**settings.SAYR, "RECORDS": WIDER}

    run("update_record", table="orders", id=str(order.id), fields={"total_amount": written})

    order.refresh_from_db()
    assert str(order.total_amount) == "18.605"


def test_a_text_is_stored_as_it_came(run, order):
    run("update_record", table="orders", id=str(order.id), fields={"note": "\u200fnote"})

    order.refresh_from_db()
    assert order.note == "\u200fnote"
