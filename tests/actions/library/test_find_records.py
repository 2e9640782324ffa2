"""Finding records: the tenant's own, by conditions on readable fields only."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from actions.errors import PermanentFailure
from actions.records import Record
from tenants.models.order import Order

READABLE = ("id", "number", "status", "customer_name", "total_amount", "note", "created_at")
RECORDS = [
    Record("orders", Order, "Orders", READABLE, ()),
]


@pytest.fixture(autouse=True)
def _records(settings):
    settings.SAYR = {**settings.SAYR, "RECORDS": f"{__name__}.RECORDS"}


@pytest.fixture
def orders(tenant, other_tenant):
    made = [
        Order.objects.create(
            tenant=tenant, number=number, total_amount=total, status=status, customer_name=name
        )
        for number, total, status, name in (
            ("1", "9.50", "new", "نور الهدى"),
            ("2", "100.00", "new", "Nour"),
            ("3", "20.00", "shipped", ""),
            ("4", "20.00", "new", "100%_\\"),
        )
    ]
    Order.objects.create(tenant=other_tenant, number="1", total_amount="9.50", customer_name="Nour")
    return made


@pytest.fixture
def found(run, orders):
    """Find the numbers of the orders that fulfil the conditions."""

    def find(*rows, **params):
        where = [dict(zip(("field", "operator", "value"), row, strict=False)) for row in rows]
        output = run("find_records", table="orders", where=where, **params)
        return [record["number"] for record in output["records"]]

    return find


def refused(run, code, **params):
    with pytest.raises(PermanentFailure) as failure:
        run("find_records", **{"table": "orders", **params})
    assert failure.value.code == code
    return failure.value.params


def test_gives_the_readable_fields_as_json(run, orders):
    Order.objects.filter(pk=orders[0].pk).update(created_at=datetime(2026, 1, 31, tzinfo=UTC))

    output = run(
        "find_records",
        table="orders",
        where=[{"field": "number", "operator": "equals", "value": "1"}],
    )

    assert output == {
        "count": 1,
        "records": [output["first"]],
        "first": {
            "id": str(orders[0].id),
            "number": "1",
            "status": "new",
            "customer_name": "نور الهدى",
            "total_amount": "9.50",
            "note": "",
            "created_at": "2026-01-31T00:00:00+00:00",
        },
        "more": False,
    }


def test_another_tenants_rows_are_never_seen(run, orders, other_tenant, found):
    assert found() == ["1", "2", "3", "4"]
    assert found(("customer_name", "equals", "Nour")) == ["2"]
    theirs = Order.objects.get(tenant=other_tenant)
    assert found(("id", "equals", str(theirs.id))) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("status", "equals", "new"), "124"),
        (("status", "not_equals", "new"), "3"),
        (("status", "in", ["shipped", "lost"]), "3"),
        (("status", "in", []), ""),
        (("total_amount", "equals", "20"), "34"),
        (("total_amount", "equals", 20), "34"),
        (("total_amount", "equals", "twenty"), ""),
        (("total_amount", "not_equals", "twenty"), "1234"),
        (("total_amount", "in", ["9.5", 100]), "12"),
        (("total_amount", "greater_than", "20"), "2"),
        (("total_amount", "greater_or_equal", "20.00"), "234"),
        (("total_amount", "less_than", 20), "1"),
        (("total_amount", "less_or_equal", "20"), "134"),
        (("total_amount", "less_than", "9" * 90), "1234"),
        (("total_amount", "equals", "9" * 90), ""),
        (("total_amount", "greater_than", "-" + "9" * 90), "1234"),
        (("customer_name", "contains", "نور"), "1"),
        (("customer_name", "contains", "nour"), ""),
        (("customer_name", "contains", "%_\\"), "4"),
        (("customer_name", "contains", "%"), "4"),
        (("customer_name", "equals", "'; DROP TABLE orders; --"), ""),
        (("customer_name", "equals", "a\x00"), ""),
        (("customer_name", "equals", None), ""),
        (("customer_name", "not_equals", None), "1234"),
        (("customer_name", "equals", {"a": 1}), ""),
        (("customer_name", "is_empty"), "3"),
        (("customer_name", "is_not_empty"), "124"),
        (("created_at", "less_than", "2000-01-01"), ""),
        (("created_at", "greater_or_equal", "2000-01-01T10:00:00+03:00"), "1234"),
        (("created_at", "is_empty"), ""),
        (("id", "equals", "no id"), ""),
        (("id", "not_equals", "no id"), "1234"),
    ],
)
def test_conditions(found, row, expected):
    assert "".join(found(row)) == expected


def test_all_conditions_have_to_be_true(found):
    assert found(("status", "equals", "new"), ("total_amount", "greater_than", "10")) == ["2", "4"]


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("total_amount", "greater_than", "ten"),
        ("total_amount", "greater_than", None),
        ("total_amount", "greater_than", True),
        ("total_amount", "less_than", "9" * 200),
        ("total_amount", "contains", "1"),
        ("customer_name", "greater_than", "a"),
        ("customer_name", "contains", ["a"]),
        ("customer_name", "contains", "\x00"),
        ("created_at", "greater_than", "03/04/2026"),
        ("status", "in", "new"),
        ("status", "in", ["x"] * 1001),
        ("id", "greater_or_equal", "1"),
    ],
)
def test_conditions_that_make_no_sense(run, orders, field, operator, value):
    facts = refused(
        run,
        "filter_not_possible",
        where=[{"field": field, "operator": operator, "value": value}],
    )

    assert (facts["table"], facts["field"], facts["operator"]) == ("orders", field, operator)
    assert len(facts["value"]) <= 80


@pytest.mark.parametrize(
    "field",
    ["tenant", "tenant_id", "tenant__key", "pk", "customer_phone", "status__regex", "id; drop",
     "total_amount) OR (1=1", "__class__", "", "x" * 5000],
)  # fmt: skip
def test_fields_that_may_not_be_read(run, orders, field):
    row = {"field": field, "operator": "equals", "value": "1"}

    refused(run, "field_not_readable", where=[row])
    refused(run, "field_not_readable", fields=["number", field])
    if field:
        refused(run, "field_not_readable", order_by=field)
        refused(run, "field_not_readable", order_by=f"-{field}")


@pytest.mark.parametrize("table", ["users", "auth_user", "", "orders; --"])
def test_a_table_outside_the_allow_list(run, table):
    assert refused(run, "table_not_allowed", table=table) == {"table": table}


def test_the_oldest_record_comes_first(found):
    assert found() == ["1", "2", "3", "4"]


def test_an_order_is_kept_and_equal_values_follow_the_age(found):
    assert found(order_by="total_amount") == ["1", "3", "4", "2"]
    assert found(order_by="-total_amount") == ["2", "4", "3", "1"]


def test_a_limit_says_whether_there_are_more(run, orders):
    output = run("find_records", table="orders", limit=3)
    assert (output["count"], output["more"]) == (3, True)

    output = run("find_records", table="orders", limit=4)
    assert (output["count"], output["more"]) == (4, False)


def test_without_a_limit_a_hundred_are_brought(run, tenant):
    Order.objects.bulk_create([Order(tenant=tenant, number=str(n)) for n in range(101)])

    output = run("find_records", table="orders")

    assert (output["count"], output["more"]) == (100, True)


def test_only_the_fields_that_are_wanted(run, orders):
    output = run("find_records", table="orders", fields=["number"], limit=1)

    assert output["first"] == {"number": "1"}


def test_nothing_found_is_an_answer(run, orders):
    row = {"field": "status", "operator": "equals", "value": "refunded"}

    output = run("find_records", table="orders", where=[row])

    assert output == {"count": 0, "records": [], "first": None, "more": False}


@pytest.mark.parametrize("expect", ["one", "many"])
def test_expecting_a_record_that_is_not_there(run, orders, expect):
    row = {"field": "status", "operator": "equals", "value": "refunded"}

    assert refused(run, "no_record_found", where=[row], expect=expect) == {"table": "orders"}


def test_expecting_one_record_and_finding_several_says_how_many(run, orders):
    facts = refused(run, "several_records_found", expect="one", limit=1)

    assert facts == {"table": "orders", "count": 4}


@pytest.mark.parametrize("expect", ["any", "one", "many"])
def test_expecting_what_is_there(run, orders, expect):
    row = {"field": "status", "operator": "equals", "value": "shipped"}

    assert run("find_records", table="orders", where=[row], expect=expect)["count"] == 1


def test_one_query_reads_and_nothing_writes(run, orders):
    with CaptureQueriesContext(connection) as queries:
        run("find_records", table="orders", expect="many")

    assert [query["sql"].split()[0] for query in queries] == ["SELECT"]
