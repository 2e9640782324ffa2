"""Rows are found by texts that look the same, as in conditions, and by their index."""
# ruff: noqa: RUF001 - Arabic letters are no slips here

import unicodedata

import pytest
from django.db import connection

from actions.records import Record
from actions.tables.queries import rows_where
from tenants.core.text.characters import comparable
from tenants.models.order import Order
from workflows.definition.operators import OPERATORS, Sides

READABLE = ("id", "number", "status", "customer_name", "customer_id", "note")
RECORDS = [Record("orders", Order, "Orders", READABLE, ())]
NAMES = [
    *("Müller", "Mu\u0308ller", "\u200fMüller", "Muller", "M\u202aü\u202cller & Söhne"),
    *("Müller\ufe0f", "آدم", "ا\u0653دم", "ادم", "", "\u200f", " ", "cafe\u0301", "café"),
    *("cafe", "100%_\\", "❤\ufe0f", "❤"),
]
ASKED = [*NAMES, "ü", "u", "é", "e", "\u0301", "%", "_", "\u200e"]


@pytest.fixture(autouse=True)
def _records(settings):
    settings.SAYR = {**settings.SAYR, "RECORDS": f"{__name__}.RECORDS"}


@pytest.fixture
def orders(tenant):
    return [
        Order.objects.create(tenant=tenant, number=f"{name}#{at}", customer_name=name)
        for at, name in enumerate(NAMES)
    ]


@pytest.fixture
def found(run):
    def find(field, operator, value):
        where = [{"field": field, "operator": operator, "value": value}]
        output = run("find_records", table="orders", where=where, limit=100)
        return sorted(record[field] for record in output["records"])

    return find


def by_language(operator, left, right):
    sides = Sides("x", left, right, now=None, zone=None)
    if operator == "in":
        return any(by_language("equals", left, one) for one in right)
    if operator in {"equals", "not_equals"}:  # of a column of text, which holds no numbers
        return (comparable(left) == comparable(right)) is (operator == "equals")
    return OPERATORS[operator].holds(sides)


@pytest.mark.parametrize("operator", ["equals", "not_equals", "in", "contains", "is_empty"])
def test_a_column_is_asked_as_the_language_asks(found, orders, operator):
    for asked in ASKED:
        value = [asked, "nobody"] if operator == "in" else asked
        expected = sorted(one for one in NAMES if by_language(operator, one, value))
        assert found("customer_name", operator, value) == expected, (operator, asked)


def test_a_column_with_an_index_too(found, orders):
    numbers = [order.number for order in orders]
    for asked in numbers:
        expected = sorted(one for one in numbers if comparable(one) == comparable(asked))
        for form in ("NFC", "NFD"):
            written = f"\u202a{unicodedata.normalize(form, asked)}\u202c"
            assert found("number", "equals", written) == expected, written


@pytest.fixture
def many_orders(tenant):
    """So many that to read them all would take longer than to look them up."""
    Order.objects.bulk_create(
        Order(tenant=tenant, number=f"{'Mü' if at % 500 == 0 else 'SO'}-{at}")
        for at in range(5_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders")


@pytest.mark.parametrize("number", ["SO-1", "\u200fSO-1", "Mu\u0308-500"])
def test_a_number_is_looked_up_not_searched_for(as_tenant, many_orders, number):
    where = [{"field": "number", "operator": "in", "value": ["SO-2", number]}]

    rows = rows_where(RECORDS[0], where, as_tenant)

    plan = rows.explain()
    assert "Index Scan on order_number_once_per_tenant" in plan
    assert "Index Scan on orders_number_other_signs" in plan
    assert "Seq Scan" not in plan
    assert {row.number for row in rows} == {"SO-2", "Mü-500" if "M" in number else "SO-1"}
