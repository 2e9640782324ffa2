"""The statements of one row are those that Django would write."""

from unittest.mock import patch

import pytest
from django.db import connection, models, transaction
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext

from tenants.models.order import Order
from tenants.models.tenant import Tenant
from tenants.tracking import rows as tracking_rows
from tenants.tracking.changes import locked_with, values_of
from tenants.tracking.signals import records_changed

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return Tenant.objects.create(key="cedar", name="Cedar")


def statements_of(act):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act()
    return [one["sql"] for one in captured if "SAVEPOINT" not in one["sql"]]


def by_django():
    """Let Django write every statement."""
    return patch.object(tracking_rows, "_prepared", lambda *_: None)


@pytest.mark.parametrize(
    "given",
    [
        {"number": "A-1"},
        {"number": "A-2", "total_amount": "149.90", "note": "50% off; \"quoted\" 'text'"},
        {"number": "A-3", "created_at": "2026-01-02T03:04:05Z"},
    ],
)
def test_a_row_is_inserted_with_djangos_own_statement(tenant, given):
    rows = [Order(tenant=tenant, **given) for _ in range(2)]
    rows[1].id = rows[0].id

    def insert(row):
        with patch("django.utils.timezone.now", return_value=tenant.created_at):
            [statement] = [
                one for one in statements_of(row.save) if one.startswith('INSERT INTO "o')
            ]
        row.delete()
        return statement

    ours = insert(rows[0])
    with by_django():
        theirs = insert(rows[1])

    assert ours == theirs
    assert values_of(rows[0]).keys() == values_of(rows[1]).keys()


def test_a_locked_row_is_updated_and_told_as_django_would(tenant):
    order = Order.objects.create(tenant=tenant, number="A-1", total_amount="10.00")
    told = []

    def note(changes, **_):
        told.extend((one.previous["note"], one.current["note"]) for one in changes)

    records_changed.connect(note)
    try:
        for number, how in enumerate(
            (patch.object(tracking_rows, "MAX_REMEMBERED", 5), by_django())
        ):
            with how, transaction.atomic(), locked_with(order, values_of(order)):
                order.note = f"note {number}"
                order.save()
    finally:
        records_changed.disconnect(note)

    order.refresh_from_db()
    assert order.note == "note 1"
    assert told == [("", "note 0"), ("note 0", "note 1")]


def test_an_expression_is_written_by_django(tenant):
    order = Order.objects.create(tenant=tenant, number="A-1", customer_name="KARIM")

    with transaction.atomic(), locked_with(order, values_of(order)):
        order.customer_name = Lower(models.F("customer_name"))
        order.save()

    order.refresh_from_db()
    assert order.customer_name == "karim"
