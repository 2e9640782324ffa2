"""Conditions on each kind of column: truths, objects, whole numbers, empty dates, days."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import models

from actions.errors import PermanentFailure
from actions.models.connection import Connection
from actions.records import Record
from actions.tables.queries import _OPERATORS
from workflows.models.definition import WorkflowDefinition

RECORDS = [
    Record(
        "connections",
        Connection,
        "Connections",
        ("id", "key", "is_active", "settings", "tenant"),
        (),
    ),
    Record("definitions", WorkflowDefinition, "D", ("key", "version", "archived_at"), ()),
]


@pytest.fixture(autouse=True)
def _records(settings):
    settings.SAYR = {**settings.SAYR, "RECORDS": f"{__name__}.RECORDS"}


def test_other_kinds_of_columns(run, tenant, other_tenant):
    for key, owner, settings, is_active in (
        ("a", tenant, {}, True),
        ("b", tenant, {"base_url": "x"}, False),
        ("c", other_tenant, {}, True),
    ):
        Connection.objects.create(
            tenant=owner, key=key, name=key, kind="http", settings=settings, is_active=is_active
        )

    def keys(field, operator, value=None):
        row = {"field": field, "operator": operator, "value": value}
        output = run("find_records", table="connections", where=[row])
        return [record["key"] for record in output["records"]]

    assert keys("is_active", "equals", True) == keys("is_active", "equals", "true") == ["a"]
    assert keys("is_active", "equals", 1) == []
    assert keys("is_active", "not_equals", True) == ["b"]
    assert keys("settings", "is_empty") == ["a"]
    assert keys("settings", "is_not_empty") == ["b"]
    assert keys("tenant", "equals", str(tenant.id)) == ["a", "b"]
    assert keys("tenant", "equals", str(other_tenant.id)) == []
    with pytest.raises(PermanentFailure, match="filter_not_possible"):
        keys("settings", "equals", {})
    with pytest.raises(PermanentFailure, match="filter_not_possible"):
        keys("is_active", "greater_or_equal", True)


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("equals", 2, "b"),
        ("equals", "2.00", "b"),
        ("equals", 2.5, ""),
        ("not_equals", 2.5, "abc"),
        ("in", [1, 2.5, "3", "x", 10**30], "ac"),
        ("greater_than", "1.5", "bc"),
        ("greater_or_equal", 1.5, "bc"),
        ("less_than", "2.5", "ab"),
        ("less_or_equal", "2.5", "ab"),
        ("less_than", "-0.5", ""),
        ("less_than", 10**30, "abc"),
        ("greater_than", "9" * 90, ""),
        ("greater_than", "-" + "9" * 90, "abc"),
    ],
)
def test_whole_numbers(run, tenant, operator, value, expected):
    for version, key in enumerate("abc", 1):
        WorkflowDefinition.objects.create(tenant=tenant, key=key, name=key, version=version)
    row = {"field": "version", "operator": operator, "value": value}

    output = run("find_records", table="definitions", where=[row])

    assert "".join(record["key"] for record in output["records"]) == expected


def test_empty_values_are_last_and_smaller_or_greater_than_nothing(run, tenant):
    for key, archived_at in (("a", None), ("b", datetime(2026, 1, 2, tzinfo=UTC))):
        WorkflowDefinition.objects.create(tenant=tenant, key=key, name=key, archived_at=archived_at)

    def keys(operator=None, value=None, **params):
        row = {"field": "archived_at", "operator": operator, "value": value}
        where = [row] if operator else []
        output = run("find_records", table="definitions", where=where, **params)
        return "".join(record["key"] for record in output["records"])

    assert keys(order_by="archived_at") == keys(order_by="-archived_at") == "ba"
    assert keys("less_than", "2100-01-01") == "b"
    assert keys("not_equals", "2100-01-01") == "ab"
    assert keys("equals", None) == keys("is_empty") == keys("in", [None]) == "a"
    assert keys("in", [None, "2026-01-02T03:00:00+03:00"]) == "ab"


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("less_than", "2026-01-31", ("day__lt", date(2026, 1, 31))),
        ("less_than", "2026-01-31T10:00", ("day__lt", date(2026, 2, 1))),
        ("less_or_equal", "2026-01-31T10:00", ("day__lte", date(2026, 1, 31))),
        ("greater_than", "2026-01-31T10:00", ("day__gt", date(2026, 1, 31))),
        ("greater_or_equal", "2026-01-31T10:00", ("day__gte", date(2026, 2, 1))),
        ("greater_or_equal", "2026-01-31T23:30Z", ("day__gte", date(2026, 2, 2))),
        ("less_than", "9999-12-31T10:00", ("day__lt", date.max)),
        ("equals", "2026-01-31", ("day__in", [date(2026, 1, 31)])),
        ("equals", "2026-01-31T10:00", ("pk__in", ())),
    ],
)
def test_days_compare_with_moments_as_their_midnight(operator, value, expected):
    day = models.DateField()
    day.set_attributes_from_name("day")

    condition = _OPERATORS[operator](day, operator, value, ZoneInfo("Asia/Beirut"))

    assert condition.children == [expected]
