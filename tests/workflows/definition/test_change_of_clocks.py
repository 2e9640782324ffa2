"""Ages and order count the time that has really passed, also where the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from tenants.core.values.comparison import equal
from workflows.definition.operators import OPERATORS, Sides
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template
from workflows.definition.values.json_values import order

# The moments at which the clocks go forward and back; Riyadh's never do.
CHANGES = {
    "Asia/Beirut": ("2026-03-28T22:00:00Z", "2026-10-24T21:00:00Z"),
    "Asia/Riyadh": ("2026-03-28T22:00:00Z", "2026-10-24T21:00:00Z"),
    "Europe/Berlin": ("2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"),
    "America/New_York": ("2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"),
}
AROUND = [timedelta(minutes=minutes) for minutes in (-1500, -90, -60, -30, -1, 0, 1, 30, 60, 90)]
TIMES = [
    (zone, datetime.fromisoformat(change) + one, datetime.fromisoformat(change) + other)
    for zone, changes in CHANGES.items()
    for change in changes
    for one, other in product(AROUND, AROUND)
]


def forms(at, zone):
    """Return the writings of one moment: in the zone, and in UTC."""
    return at.astimezone(ZoneInfo(zone)).isoformat(), at.isoformat().replace("+00:00", "Z")


def holds(operator, left, right, zone, now=None):
    clock = None if now is None else now.astimezone(ZoneInfo(zone))
    sides = Sides(path="x", left=left, right=right, now=clock, zone=ZoneInfo(zone))
    return OPERATORS[operator].holds(sides)


def sign(one, other):
    return (one > other) - (one < other)


def test_the_table_covers_both_changes():
    assert len(TIMES) == len(CHANGES) * 2 * len(AROUND) ** 2


def test_order_and_equality_are_those_of_the_moments():
    wrong = []
    for zone, one, other in TIMES:
        for left, right in product(forms(one, zone), forms(other, zone)):
            found = (
                order(left, right, ZoneInfo(zone)),
                equal(left, right, ZoneInfo(zone)),
                holds("before", left, right, zone),
                holds("after", left, right, zone),
                holds("between", left, [right, right], zone),
                holds("in", left, [right], zone),
            )
            same = one == other
            rank = sign(one, other)
            if found != (rank, same, one < other, one > other, same, same):
                wrong.append((zone, left, right, found))

    assert wrong == []


def test_ages_are_those_of_the_moments():
    wrong = []
    for zone, at, now in TIMES:
        for left in forms(at, zone):
            age = now - at
            for minutes in (0, 1, 60, 1440, 1500):
                span, text = timedelta(minutes=minutes), f"{minutes}m"
                found = tuple(
                    holds(name, left, text, zone, now)
                    for name in ("older_than", "within_last", "within_next")
                )
                nothing = timedelta(0)
                if found != (age > span, nothing <= age <= span, nothing <= -age <= span):
                    wrong.append((zone, left, now, text, found))

    assert wrong == []


@pytest.mark.parametrize("zone", CHANGES)
def test_templates_sort_and_add_hours_by_the_moments(zone):
    moments = sorted({at for name, at, _ in TIMES if name == zone})
    written = [forms(at, zone)[0] for at in moments]
    scope = NameScope(trigger={"times": written[::-1]}, tenant={"time_zone": zone})

    assert compile_template("{{ trigger.times | sort }}").value(scope) == written
    later = [
        compile_template("{{ trigger.at | date_add: '3 hours' }}").value(
            NameScope(trigger={"at": text}, tenant={"time_zone": zone})
        )
        for text in written
    ]
    assert [datetime.fromisoformat(text).astimezone(UTC) for text in later] == [
        at + timedelta(hours=3) for at in moments
    ]


@pytest.mark.parametrize(
    ("zone", "now", "unit", "expected"),
    [
        # 00:30 comes twice in Havana; the day begins with the first of them.
        ("America/Havana", "2026-11-01T05:30:00Z", "day", "2026-11-01T00:00:00-04:00"),
        ("America/Havana", "2026-11-01T05:30:00Z", "hour", "2026-11-01T00:00:00-05:00"),
        ("Europe/Berlin", "2026-10-25T01:30:00Z", "hour", "2026-10-25T02:00:00+01:00"),
        ("Europe/Berlin", "2026-10-25T01:30:00Z", "day", "2026-10-25T00:00:00+02:00"),
    ],
)
def test_a_day_begins_with_the_first_midnight(zone, now, unit, expected):
    scope = NameScope(now=datetime.fromisoformat(now), tenant={"time_zone": zone})

    assert compile_template(f"{{{{ now | start_of: '{unit}' }}}}").value(scope) == expected
