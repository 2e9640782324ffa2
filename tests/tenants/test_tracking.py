"""What saves of tracked records tell."""

import threading
from decimal import Decimal

import pytest
from django.core import serializers
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.db.models.signals import post_save, pre_save
from django.test.utils import CaptureQueriesContext

from tenants.models.order import Order
from tenants.tracking.changes import locked_with, values_of
from tenants.tracking.querysets import BulkConflictRefused
from tenants.tracking.signals import records_changed
from tests.support.live import wait_until
from workflows.models.event import WorkflowEvent


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
    assert str(change.current["total_amount"]) == "149.90"  # as the row has it


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


def test_bulk_create_takes_its_other_options(tenant, told):
    orders = [Order(tenant=tenant, number=str(n)) for n in range(3)]

    Order.objects.bulk_create(orders, 2, False)

    assert [len(changes) for changes in told] == [2, 1]


def test_a_new_record_is_told_before_what_its_signals_change(tenant, told):
    def touch(sender, instance, created, **_kwargs):
        if created:
            instance.note = "seen"
            instance.save(update_fields=["note"])

    post_save.connect(touch, sender=Order)
    try:
        Order.objects.create(tenant=tenant, number="1")
    finally:
        post_save.disconnect(touch, sender=Order)

    fired = WorkflowEvent.objects.order_by("id").values_list("type", flat=True)
    assert list(fired) == ["new_order", "order_updated"]


def test_a_save_in_a_signal_is_one_change_of_its_own(order, told):
    def confirm(sender, instance, **_kwargs):
        if instance.status == "new":
            instance.status = "confirmed"
            instance.save()

    told.clear()
    WorkflowEvent.objects.all().delete()
    post_save.connect(confirm, sender=Order)
    try:
        order.note = "confirm"
        order.save()
    finally:
        post_save.disconnect(confirm, sender=Order)

    assert [set(change.changed_fields) for [change] in told] == [{"note"}, {"status"}]
    fired = WorkflowEvent.objects.order_by("id").values_list("type", flat=True)
    assert list(fired) == ["order_updated", "order_updated", "order_status_changed"]


def test_what_a_signal_writes_before_the_save_of_a_locked_row_is_told_once(order, told):
    def stamp(sender, instance, **_kwargs):
        Order.objects.filter(pk=instance.pk).update(customer_name="Nour")

    told.clear()
    pre_save.connect(stamp, sender=Order)
    try:
        locked = Order.objects.select_for_update().get(pk=order.pk)
        with locked_with(locked, values_of(locked)):
            locked.status = "shipped"
            locked.save(update_fields=["status"])
    finally:
        pre_save.disconnect(stamp, sender=Order)

    assert [set(change.changed_fields) for [change] in told] == [{"customer_name"}, {"status"}]


def test_a_value_that_the_database_rounds_away_is_no_change(order, told):
    told.clear()
    order.total_amount = Decimal("10.0004")

    order.save()
    Order.objects.update(total_amount=Decimal("9.9996"))

    assert told == []


def test_a_row_that_refers_to_it_can_be_added_while_it_is_updated(order, told):
    told.clear()
    with CaptureQueriesContext(connection) as queries:
        Order.objects.update(note="x")
        order.note = "y"
        order.save()

    [first, second] = [query["sql"] for query in queries if "UPDATE" in query["sql"]]
    assert "FOR NO KEY UPDATE" in first
    assert "FOR NO KEY UPDATE" in second


@pytest.mark.django_db(transaction=True)
def test_of_two_updates_at_once_the_second_tells_what_it_found(tenant, told):
    Order.objects.create(tenant=tenant, number="1")
    told.clear()
    reached = threading.Event()

    def second():
        reached.wait(5)
        try:
            Order.objects.filter(status="new").update(note="second")
            Order.objects.filter(number="1").update(note="third")
        finally:
            connection.close()

    other = threading.Thread(target=second)
    other.start()
    with transaction.atomic():
        Order.objects.filter(status="new").update(status="shipped")
        reached.set()
        wait_until(is_anybody_waiting_for_a_lock)
    other.join(5)

    changes = [change for [change] in told]
    assert [set(change.changed_fields) for change in changes] == [{"status"}, {"note"}]
    assert (changes[1].previous["status"], changes[1].current["note"]) == ("shipped", "third")


def is_anybody_waiting_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()


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
