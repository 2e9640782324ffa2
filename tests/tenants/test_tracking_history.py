"""What is told of a tracked model is the history of its rows, as the database itself saw it."""

import random
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, models, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Concat, Now
from django.db.models.signals import post_save, pre_save

from tenants.core.database.ids import uuid7
from tenants.models.order import Order
from tenants.tracking.changes import locked_with, values_of
from tenants.tracking.signals import records_changed

SEQUENCES = 25
LENGTH = 25
NAMES = [
    field.attname
    for field in Order._meta.concrete_fields
    if field.name not in Order.untracked_fields
]

# Each row before and after, by a trigger: what happened, whoever did it and however.
WITNESS = """
CREATE TEMPORARY TABLE witness AS
SELECT 0::bigint AS place, ''::text AS which, now() AS statement, orders.* FROM orders LIMIT 0;
CREATE TEMPORARY SEQUENCE witnessed;
CREATE FUNCTION pg_temp.witness() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE number bigint := nextval('witnessed');
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO witness SELECT number, 'before', statement_timestamp(), OLD.*;
    END IF;
    INSERT INTO witness SELECT number, 'now', statement_timestamp(), NEW.*;
    RETURN NULL;
END $$;
CREATE TRIGGER witness AFTER INSERT OR UPDATE ON orders
    FOR EACH ROW EXECUTE FUNCTION pg_temp.witness();
"""
SEEN = f"SELECT place, which, statement, {', '.join(NAMES)} FROM witness ORDER BY place, which"


@pytest.fixture
def witness(db):
    """Let the database itself note what happens to orders; return what it noted."""
    with connection.cursor() as cursor:
        cursor.execute(WITNESS)

    def seen():
        """Return what each statement changed, in order: rows before and after."""
        with connection.cursor() as cursor:
            cursor.execute(SEEN)
            rows = cursor.fetchall()
        statements = []
        for _, of_statement in groupby(rows, key=lambda row: row[2]):
            changed = []
            for _, of_row in groupby(of_statement, key=lambda row: row[0]):
                both = {row[1]: dict(zip(NAMES, row[3:], strict=True)) for row in of_row}
                if both.get("before") != both["now"]:
                    changed.append((both.get("before"), both["now"]))
            if changed:
                statements.append(sorted(changed, key=lambda pair: pair[1]["id"]))
        return statements

    return seen


@pytest.fixture
def told(db):
    heard = []

    def listen(sender, changes, **_kwargs):
        of_statement = [(one.previous, one.current) for one in changes]
        heard.append(sorted(of_statement, key=lambda pair: pair[1]["id"]))

    records_changed.connect(listen)
    yield heard
    records_changed.disconnect(listen)


@pytest.fixture
def handlers():
    """Handlers of the host that write the row they are told of, as they often do."""
    connected, deep = [], []

    def connect(signal, act):
        def handle(sender, instance, **_kwargs):
            if deep:
                return
            deep.append(True)
            try:
                act(instance)
            finally:
                deep.pop()

        connected.append((signal, handle))
        signal.connect(handle, sender=Order)

    yield connect
    for signal, handle in connected:
        signal.disconnect(handle, sender=Order)


def save_again(instance):
    instance.note = f"nr {instance.number}"
    instance.save()


def save_one_field_again(instance):
    instance.customer_name = "after"
    instance.save(update_fields=["customer_name"])


def update_it(instance):
    Order.objects.filter(pk=instance.pk).update(note=Concat("number", Value("?")))


def save_another_of_it(instance):
    for other in Order.objects.filter(pk=instance.pk):
        other.currency = "LBP" if other.currency == "USD" else "USD"
        other.save()


def change_it_only(instance):
    instance.customer_id = f"C-{instance.status}"


HANDLERS = (
    (post_save, save_again),
    (post_save, save_one_field_again),
    (post_save, update_it),
    (pre_save, update_it),
    (pre_save, save_another_of_it),
    (pre_save, change_it_only),
)


class Doings:
    """Everything that is done to orders, at random."""

    def __init__(self, tenant, told, seed):
        self.tenant, self.told = tenant, told
        self.random, self.made = random.Random(seed), 0
        self.at_hand = []  # instances, which may be hours old

    def do(self):
        """Do one thing; return its name."""
        names = [name for name in dir(self) if name.startswith("do_")]
        name = self.random.choice(names if self.at_hand else ["do_create"])
        getattr(self, name)()
        return name

    def new(self):
        self.made += 1
        return Order(
            tenant=self.tenant,
            number=f"{self.made}",
            status=self.status(),
            total_amount=self.amount(),
        )

    def one(self):
        return self.random.choice(self.at_hand)

    def rows(self):
        """Return some of the rows, as a query."""
        status = self.status()
        return self.random.choice(
            [
                Order.objects.filter(pk=self.one().pk),
                Order.objects.filter(status=status),
                Order.objects.filter(tenant__orders__status=status).distinct(),
                Order.objects.annotate(n=models.Count("tenant__orders")).filter(n__gt=1),
                self.tenant.orders.exclude(status=status),
                Order.objects.all(),
            ]
        )

    def status(self):
        return self.random.choice(["new", "confirmed", "shipped"])

    def amount(self):
        return self.random.choice([1, "2.5", Decimal("10.004"), Decimal("10.00"), 10.0])

    def touch(self, order):
        field, value = self.random.choice(
            [
                ("status", self.status()),
                ("total_amount", self.amount()),
                ("total_amount", F("total_amount") + Decimal("0.004")),
                ("note", Concat("number", Value("!"))),
                ("note", "typed"),
                ("created_at", Now()),
                ("created_at", datetime(2026, 1, 1, tzinfo=UTC)),
            ]
        )
        setattr(order, field, value)
        return field

    def do_create(self):
        order = self.new()
        order.save()
        self.at_hand.append(order)

    def do_create_with_a_manager(self):
        order = self.new()
        self.at_hand.append(
            self.tenant.orders.create(number=order.number, total_amount=order.total_amount)
        )

    def do_get_or_create(self):
        number = self.random.choice([self.one().number, self.new().number])
        found, _ = Order.objects.get_or_create(tenant=self.tenant, number=number)
        self.at_hand.append(found)

    def do_update_or_create(self):
        number = self.random.choice([self.one().number, self.new().number])
        values = {"status": self.status(), "total_amount": self.amount()}
        found, _ = Order.objects.update_or_create(
            tenant=self.tenant, number=number, defaults=values
        )
        self.at_hand.append(found)

    def do_bulk_create(self):
        orders = [self.new() for _ in range(3)]
        orders[1].pk = None
        self.at_hand += Order.objects.bulk_create(orders, self.random.choice([None, 2]))

    def do_save(self):
        order = self.one()
        self.touch(order)
        order.save()
        order.refresh_from_db()

    def do_save_what_is_stale(self):
        order = self.one()
        order.save()

    def do_save_some_fields(self):
        order = self.one()
        field = self.touch(order)
        order.save(update_fields=self.random.choice([[field], [field, "note"], ["currency"], []]))
        order.refresh_from_db()

    def do_save_by_position(self):
        order = self.one()
        field = self.touch(order)
        with pytest.warns(DeprecationWarning, match="positional"):
            order.save(False, False, None, [field])
        order.refresh_from_db()

    def do_save_what_is_deferred(self):
        order = Order.objects.only("id", "status").get(pk=self.one().pk)
        order.status = self.status()
        order.save()

    def do_save_by_force(self):
        known = self.one()
        Order(pk=known.pk, tenant=self.tenant, number=known.number).save(force_update=True)

    def do_save_an_unknown_row(self):
        order = self.new()
        order.pk, order._state.adding = uuid7(), False
        order.save()
        self.at_hand.append(order)

    def do_save_async(self):
        order = self.one()
        order.status = self.status()
        async_to_sync(order.asave)()

    def do_save_a_locked_row(self):
        order = Order.objects.select_for_update().get(pk=self.one().pk)
        with locked_with(order, values_of(order)):
            order.status = self.status()
            order.save(update_fields=["status", "updated_at"])
            order.total_amount = self.amount()
            order.save()

    def do_update(self):
        self.rows().update(status=self.status(), total_amount=self.amount())

    def do_update_with_expressions(self):
        self.rows().update(
            note=Concat("number", Value("-")),
            total_amount=F("total_amount") + Decimal("0.004"),
            status=Case(When(status="new", then=Value("confirmed")), default=F("status")),
        )

    def do_update_async(self):
        async_to_sync(self.rows().aupdate)(status=self.status())

    def do_bulk_update(self):
        orders = list({order.pk: order for order in self.at_hand[-4:]}.values())
        for order in orders:
            order.status, order.total_amount = self.status(), self.amount()
        Order.objects.bulk_update(orders, ["status", "total_amount"], batch_size=3)

    def do_undo(self):
        heard = len(self.told)
        with transaction.atomic():
            self.new().save()
            Order.objects.update(note="undone")
            transaction.set_rollback(True)
        # What listeners wrote is undone with it.
        del self.told[heard:]


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_what_is_told_is_what_happened(tenant, witness, told, handlers, seed):
    doings = Doings(tenant, told, seed)
    for signal, act in HANDLERS:
        if doings.random.random() < 0.3:
            handlers(signal, act)

    for _ in range(LENGTH):
        done = doings.do()

        assert (done, told) == (done, witness())
