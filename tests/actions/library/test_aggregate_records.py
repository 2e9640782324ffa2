"""Figures over the tenant's records: exact, by groups, of readable fields only."""

import pytest

from actions.errors import PermanentFailure
from actions.library.aggregate_records import MAX_GROUPS
from actions.records import Record
from tenants.models.order import Order
from workflows.models.definition import WorkflowDefinition

RECORDS = [
    Record(
        "orders",
        Order,
        "Orders",
        ("id", "number", "status", "customer_name", "total_amount", "created_at"),
        (),
    ),
    Record("definitions", WorkflowDefinition, "D", ("key", "version", "archived_at"), ()),
]


@pytest.fixture(autouse=True)
def _records(settings):
    settings.SAYR = {**settings.SAYR, "RECORDS": f"{__name__}.RECORDS"}


@pytest.fixture
def orders(tenant, other_tenant):
    for number, total, status in (
        ("1", "0.10", "new"),
        ("2", "0.20", "new"),
        ("3", "99999999999.99", "shipped"),
    ):
        Order.objects.create(tenant=tenant, number=number, total_amount=total, status=status)
    Order.objects.create(tenant=other_tenant, number="1", total_amount="1000000")


@pytest.fixture
def figure(run, orders):
    def work_out(function, field=None, **params):
        if field is not None:
            params["field"] = field
        return run("aggregate_records", table="orders", function=function, **params)

    return work_out


def refused(run, code, **params):
    with pytest.raises(PermanentFailure) as failure:
        run("aggregate_records", **{"table": "orders", "function": "count", **params})
    assert failure.value.code == code
    return failure.value.params


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("sum", "100000000000.29"),
        ("average", "33333333333.43"),
        ("minimum", "0.10"),
        ("maximum", "99999999999.99"),
    ],
)
def test_figures_of_the_tenants_own_records_are_exact(figure, function, value):
    found = figure(function, "total_amount")

    assert found["count"] == 3
    assert found["value"][: len(value)] == value
    assert found["groups"] == []


def test_an_average_that_does_not_end_keeps_28_digits(figure, tenant):
    Order.objects.filter(tenant=tenant, number="3").update(total_amount="0.40")

    assert figure("average", "total_amount")["value"] == "0.2333333333333333333333333333"


def test_counting_needs_no_field(figure):
    assert figure("count") == {"value": 3, "count": 3, "groups": []}


def test_groups(figure):
    found = figure("sum", "total_amount", group_by="status")

    assert found == {
        "value": "100000000000.29",
        "count": 3,
        "groups": [
            {"key": "new", "value": "0.30", "count": 2},
            {"key": "shipped", "value": "99999999999.99", "count": 1},
        ],
    }


@pytest.mark.parametrize("function", ["sum", "average", "minimum", "maximum"])
def test_groups_add_up_to_the_same_as_all_records(figure, function):
    whole = figure(function, "total_amount")

    assert figure(function, "total_amount", group_by="number")["value"] == whole["value"]


def test_conditions_choose_the_records(figure):
    rows = [{"field": "status", "operator": "equals", "value": "new"}]

    assert figure("sum", "total_amount", where=rows)["value"] == "0.30"
    assert figure("count", where=rows)["value"] == 2


@pytest.mark.parametrize(
    ("function", "value"), [("count", 0), ("sum", "0"), ("average", None), ("maximum", None)]
)
def test_of_no_records(figure, function, value):
    rows = [{"field": "status", "operator": "equals", "value": "refunded"}]
    field = None if function == "count" else "total_amount"

    assert figure(function, field, where=rows) == {"value": value, "count": 0, "groups": []}


def test_the_latest_date(figure, tenant):
    latest = Order.objects.filter(tenant=tenant).latest("created_at").created_at

    assert figure("maximum", "created_at")["value"] == latest.isoformat()


def test_whole_numbers_stay_whole_and_null_counts_for_nothing(run, tenant):
    for key, version in (("a", 2), ("b", 5)):
        WorkflowDefinition.objects.create(tenant=tenant, key=key, name=key, version=version)

    def value(function, field):
        return run("aggregate_records", table="definitions", function=function, field=field)[
            "value"
        ]

    assert value("sum", "version") == 7
    assert value("average", "version") == "3.5"
    assert value("maximum", "version") == 5
    assert value("maximum", "archived_at") is None
    groups = run(
        "aggregate_records", table="definitions", function="count", group_by="archived_at"
    )["groups"]
    assert groups == [{"key": None, "value": 2, "count": 2}]


def test_too_many_groups(run, tenant):
    Order.objects.bulk_create([Order(tenant=tenant, number=str(n)) for n in range(MAX_GROUPS)])
    output = run("aggregate_records", table="orders", function="count", group_by="number")
    assert len(output["groups"]) == MAX_GROUPS

    Order.objects.create(tenant=tenant, number="one more")

    facts = refused(run, "too_many_groups", group_by="number")
    assert facts == {"field": "number", "limit": MAX_GROUPS}


@pytest.mark.parametrize("field", ["tenant_id", "tenant__key", "note", "id; drop", "pk"])
def test_fields_that_may_not_be_read(run, orders, field):
    refused(run, "field_not_readable", function="sum", field=field)
    refused(run, "field_not_readable", group_by=field)
    row = {"field": field, "operator": "is_empty"}
    refused(run, "field_not_readable", where=[row])


@pytest.mark.parametrize(
    ("function", "field"),
    [("sum", "status"), ("average", "created_at"), ("sum", "id"), ("minimum", "customer_name")],
)
def test_figures_that_make_no_sense(run, orders, function, field):
    facts = refused(run, "figure_not_possible", function=function, field=field)

    assert facts == {"table": "orders", "field": field, "function": function}


def test_a_figure_without_its_field(run, orders):
    assert refused(run, "figure_needs_field", function="sum") == {"function": "sum"}


def test_a_table_outside_the_allow_list(run, tenant):
    assert refused(run, "table_not_allowed", table="users") == {"table": "users"}
