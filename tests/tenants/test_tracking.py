"""What saves of tracked records tell."""

import pytest
from django.core import serializers
from django.db.models import F, Value
from django.db.models.functions import Concat

from tenants.models.order import Order
from tenants.tracking import BulkConflictRefused, records_changed


@pytest.fixture
def told(db):
    """Collect what is told."""
    heard = []

    def listen(sender, changes, **_kwargs):
        heard.append(changes)

    records_changed.connect(listen)
    yield heard
    records_changed.disconnect(listen)


@pytest.fixture
def order(tenant):
    return Order.objects.create(tenant=tenant, number="1", status="new", total_amount="10.00")


def test_a_new_record_has_no_previous_values(tenant, told):
    order = Order.objects.create(tenant=tenant, number="1", total_amount="149.9")

    [[change]] = told
    assert (change.id, change.tenant_id, change.previous) == (order.id, tenant.id, None)
    assert str(change.current["total_amount"]) == "149.9"


def test_a_changed_record_tells_before_and_after_from_the_database(order, told):
    stale = Order.objects.get(pk=order.pk)
    Order.objects.filter(pk=order.pk).update(status="confirmed")
    told.clear()

    stale.status = "shipped"
    stale.save()

    [[change]] = told
    assert change.previous["status"] == "confirmed"
    assert change.current["status"] == "shipped"
    assert change.changed_fields == {"status"}


def test_a_save_that_changes_nothing_tells_nothing(order, told):
    told.clear()

    order.save()

    assert told == []


def test_update_fields_tells_only_what_was_written(order, told):
    told.clear()
    order.status, order.note = "confirmed", "typed but not saved"

    order.save(update_fields=["status"])

    [[change]] = told
    assert change.changed_fields == {"status"}


def test_an_expression_is_read_back_from_the_database(order, told):
    told.clear()
    order.total_amount = F("total_amount") + 5

    order.save()

    [[change]] = told
    assert str(change.current["total_amount"]) == "15.00"


def test_bulk_create_tells_of_every_row_at_once(tenant, told):
    Order.objects.bulk_create([Order(tenant=tenant, number=str(n)) for n in range(3)])

    [changes] = told
    assert [change.current["number"] for change in changes] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "options",
    [
        {"ignore_conflicts": True},
        {
            "update_conflicts": True,
            "update_fields": ["status"],
            "unique_fields": ["tenant", "number"],
        },
    ],
)
def test_bulk_create_refuses_conflict_options_and_writes_nothing(tenant, told, options):
    with pytest.raises(BulkConflictRefused):
        Order.objects.bulk_create([Order(tenant=tenant, number="1")], **options)

    assert (told, Order.objects.count()) == ([], 0)


def test_update_tells_of_the_rows_that_differ_now(tenant, order, told):
    Order.objects.create(tenant=tenant, number="2", status="confirmed")
    told.clear()

    count = Order.objects.filter(tenant=tenant).update(status="confirmed")

    [[change]] = told
    assert count == 2
    assert (change.id, change.previous["status"]) == (order.id, "new")


def test_update_of_the_field_it_filters_by_finds_its_rows_again(order, told):
    told.clear()

    assert Order.objects.filter(status="new").update(status="confirmed") == 1

    assert told[0][0].current["status"] == "confirmed"


def test_update_with_an_expression_and_a_join(tenant, order, told):
    told.clear()

    Order.objects.filter(tenant__key=tenant.key).update(note=Concat("number", Value("!")))

    assert told[0][0].current["note"] == "1!"


def test_bulk_update_tells_too(order, told):
    told.clear()
    order.status = "shipped"

    Order.objects.bulk_update([order], ["status"])

    assert told[0][0].changed_fields == {"status"}


def test_fixtures_tell_nothing(order, told):
    data = serializers.serialize("json", [order]).replace('"new"', '"shipped"')
    told.clear()

    for row in serializers.deserialize("json", data):
        row.save()

    order.refresh_from_db()
    assert (order.status, told) == ("shipped", [])


def test_a_listener_that_fails_undoes_the_save(tenant, db):
    def refuse(sender, changes, **_kwargs):
        raise RuntimeError("no")

    records_changed.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            Order.objects.create(tenant=tenant, number="1")
    finally:
        records_changed.disconnect(refuse)

    assert not Order.objects.exists()
