"""`QuerySet.update` of a tracked model does what Django's own does, whatever the query."""

from decimal import Decimal

import pytest
from django.db import models, transaction
from django.db.models import (
    Avg,
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Concat, RowNumber

from tenants.models.order import Order
from tenants.models.tenant import Tenant
from tenants.tracking.querysets import TrackedQuerySet
from tenants.tracking.signals import records_changed

QUERIES = {
    "all": lambda rows: rows.all(),
    "filter": lambda rows: rows.filter(status="new"),
    "exclude": lambda rows: rows.exclude(status="new"),
    "either": lambda rows: rows.filter(Q(number="1") | Q(tenant__key="nobody")),
    "joined": lambda rows: rows.filter(tenant__name="Cedar Trading"),
    "joined to many": lambda rows: rows.filter(tenant__orders__status="new"),
    "not joined": lambda rows: rows.exclude(tenant__orders__number="9"),
    "exists": lambda rows: rows.filter(Exists(Tenant.objects.filter(pk=OuterRef("tenant_id")))),
    "in itself": lambda rows: rows.filter(pk__in=Order.objects.filter(status="new").values("pk")),
    "in a slice": lambda rows: rows.filter(pk__in=Order.objects.order_by("number")[:2]),
    "distinct": lambda rows: rows.filter(status="new").distinct(),
    "distinct, joined": lambda rows: rows.filter(tenant__orders__status="new").distinct(),
    "distinct on": lambda rows: rows.order_by("status").distinct("status"),
    "annotated": lambda rows: rows.annotate(doubled=F("total_amount") * 2),
    "alias": lambda rows: rows.alias(doubled=F("total_amount") * 2).filter(doubled__gt=15),
    "annotated by a subquery": lambda rows: rows.annotate(
        doubled=Subquery(Order.objects.filter(pk=OuterRef("pk")).values("total_amount")[:1])
    ),
    "counted": lambda rows: rows.annotate(n=Count("tenant__orders")).filter(n__gte=1),
    "counted, unused": lambda rows: rows.annotate(n=Count("tenant__orders")),
    "windowed, unused": lambda rows: rows.annotate(n=Window(RowNumber(), order_by="number")),
    "a filtered relation": lambda rows: rows.annotate(
        own=FilteredRelation("tenant", condition=Q(tenant__key="x"))
    ).filter(own__isnull=True),
    "ordered": lambda rows: rows.order_by("-number"),
    "ordered by a join": lambda rows: rows.order_by("tenant__name"),
    "ordered by an annotation": lambda rows: rows.annotate(d=F("total_amount")).order_by("-d"),
    "ordered by a count": lambda rows: rows.annotate(n=Count("id")).order_by("n"),
    "reversed": lambda rows: rows.order_by("number").reverse(),
    "only": lambda rows: rows.only("id"),
    "deferred": lambda rows: rows.defer("note"),
    "related": lambda rows: rows.select_related("tenant").filter(status="new"),
    "values": lambda rows: rows.values("status"),
    "grouped values": lambda rows: rows.values("status").annotate(n=Count("id")),
    "none": lambda rows: rows.none(),
    "nothing": lambda rows: rows.filter(status__in=[]),
    "extra": lambda rows: rows.extra(where=["orders.number <> %s"], params=["2"]),
    "locked": lambda rows: rows.filter(status="new").select_for_update(skip_locked=True),
    "sliced": lambda rows: rows.order_by("number")[:1],
    "a union": lambda rows: rows.filter(number="1").union(rows.filter(number="2")),
    "intersected": lambda rows: rows.filter(status="new") & rows.filter(number="1"),
}
CHANGES = {
    "a value": {"status": "shipped"},
    "what it is already": {"status": "new"},
    "several": {"status": "shipped", "note": "x", "customer_name": "نور"},
    "its own field": {"total_amount": F("total_amount") + 1},
    "an annotation": {"total_amount": F("doubled")},
    "a function": {"note": Concat("number", Value("%s!"))},
    "a case": {"status": Case(When(number="1", then=Value("refunded")), default=F("status"))},
    "a subquery": {"note": Subquery(Order.objects.filter(pk=OuterRef("pk")).values("number")[:1])},
    "an average of all": {
        "total_amount": Subquery(
            Order.objects.values("tenant").annotate(a=Avg("total_amount")).values("a")[:1]
        )
    },
    "rounded": {"total_amount": Decimal("10.004")},
    "untracked": {"updated_at": "2026-01-01T00:00:00Z"},
    "nothing": {},
    "no such field": {"nope": 1},
    "a joined field": {"note": F("tenant__name")},
    "an aggregate": {"total_amount": Avg("total_amount")},
    "a window": {"total_amount": Window(RowNumber())},
    "no number": {"total_amount": "abc"},
    "against a check": {"total_amount": -1},
    "too large": {"total_amount": Decimal(10) ** 12},
    "a null": {"note": None},
    "a number twice": {"number": "1"},
    "an instance": {"note": Order()},
}


@pytest.fixture
def orders(tenant):
    return [
        Order.objects.create(tenant=tenant, number=number, status=status, total_amount=amount)
        for number, status, amount in (("1", "new", 10), ("2", "new", 5), ("3", "shipped", 7))
    ]


@pytest.mark.parametrize("query", QUERIES)
def test_it_changes_returns_and_raises_what_django_does(orders, query):
    for change, values in CHANGES.items():
        expected = outcome(QUERIES[query](models.QuerySet(Order)), values)
        found = outcome(QUERIES[query](TrackedQuerySet(Order)), values)

        assert (change, found) == (change, expected)


@pytest.mark.parametrize("query", QUERIES)
def test_it_tells_each_row_that_differs_and_no_other(orders, query):
    for change, values in CHANGES.items():
        told = []
        before = contents()

        after = outcome(QUERIES[query](TrackedQuerySet(Order)), values, told)[1]

        differing = {key: (before[key], row) for key, row in after.items() if before[key] != row}
        assert (change, {one.id: shown(one) for one in told}) == (change, differing)
        assert len(told) == len(differing)


def test_a_condition_on_a_count_of_its_own_rows_holds_too(orders):
    # Django moves such a condition into a subquery only if there are joins, and else fails.
    rows = Order.objects.annotate(n=Count("id")).filter(n=1, status="new")

    assert rows.update(note="x") == 2
    assert Order.objects.filter(note="x").count() == 2


def test_a_condition_on_a_window_holds_too(orders):
    rows = Order.objects.annotate(place=Window(RowNumber(), order_by="number")).filter(place=2)

    assert rows.update(note="x") == 1
    assert Order.objects.get(note="x").number == "2"


def outcome(rows, values, told=None):
    """Carry it out and undo it; return what it gave or raised, and the table it made."""
    told = [] if told is None else told

    def listen(sender, changes, **_kwargs):
        told.extend(changes)

    records_changed.connect(listen)
    try:
        with transaction.atomic():
            try:
                with transaction.atomic():
                    gave = rows.update(**values)
            except Exception as error:  # noqa: BLE001  # whatever Django raises
                gave = type(error)
                told.clear()
            table = contents()
            transaction.set_rollback(True)
    finally:
        records_changed.disconnect(listen)
    return gave, table


def contents():
    """Return the tracked values of all orders by their ids."""
    names = [
        field.attname
        for field in Order._meta.concrete_fields
        if field.name not in Order.untracked_fields
    ]
    return {row["id"]: row for row in models.QuerySet(Order).values(*names)}


def shown(change):
    return change.previous, change.current
