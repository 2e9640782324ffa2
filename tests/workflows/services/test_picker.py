"""What is picked is what strikes, and an expression is shown as a pick only if it is one."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.services.schedules.cron import MAX_CHARACTERS
from workflows.services.schedules.picker import (
    EVERY_HOURS,
    EVERY_MINUTES,
    MAX_TIMES,
    Days,
    Often,
    Picked,
    picked_from,
    written,
)
from workflows.services.schedules.timetable import Timetable

BEIRUT, RIYADH = ZoneInfo("Asia/Beirut"), ZoneInfo("Asia/Riyadh")
STARTS = [
    datetime(2026, 3, 27, 21, tzinfo=UTC),  # before the change to summer time in Beirut
    datetime(2026, 10, 23, 19, tzinfo=UTC),  # before the change to winter time
    datetime(2028, 2, 26, 10, 30, tzinfo=UTC),  # in a leap year
    datetime(2026, 12, 30, tzinfo=UTC),
]

times = st.builds(
    lambda found: {"often": Often.TIMES, "times": tuple(sorted(found))},
    st.sets(st.tuples(st.integers(0, 23), st.integers(0, 59)), min_size=1, max_size=5),
)
minutes = st.sampled_from([{"often": Often.MINUTES, "every": one} for one in EVERY_MINUTES])
hours = st.sampled_from([{"often": Often.HOURS, "every": one} for one in EVERY_HOURS])
of_week = st.sets(st.integers(0, 6), min_size=1, max_size=6).map(
    lambda days: {"days": Days.WEEK, "of_week": frozenset(days)}
)
of_month = (
    st.tuples(st.sets(st.integers(1, 31), max_size=4), st.booleans())
    .filter(any)
    .map(lambda found: {"days": Days.MONTH, "of_month": frozenset(found[0]), "on_last": found[1]})
)
picks = st.builds(
    lambda days, often: Picked(**days, **often),
    st.one_of(st.just({}), of_week, of_month),
    st.one_of(times, minutes, hours),
)


def struck(expression, start, zone, count=40):
    return list(islice(Timetable.read(expression).times_after(start, zone), count))


def is_on(picked, day):
    if picked.days == Days.WEEK:
        return day.isoweekday() % 7 in picked.of_week
    if picked.days == Days.MONTH:
        is_last = (day + timedelta(days=1)).day == 1
        return day.day in picked.of_month or (picked.on_last and is_last)
    return True


def is_at(picked, hour, minute):
    if picked.often == Often.TIMES:
        return (hour, minute) in picked.times
    if picked.often == Often.MINUTES:
        return minute % picked.every == 0
    return minute == 0 and hour % picked.every == 0


def meant(picked, start, zone, until):
    """Look at every minute on the clock of a zone without summer time."""
    local, found = start.astimezone(zone).replace(second=0), []
    while (local := local + timedelta(minutes=1)) <= until:
        if is_on(picked, local.date()) and is_at(picked, local.hour, local.minute):
            found.append(local.astimezone(UTC))
    return found


@given(picked=picks, start=st.sampled_from(STARTS))
def test_what_is_picked_is_what_strikes(picked, start):
    until = (start + timedelta(days=4)).astimezone(RIYADH)
    expected = meant(picked, start, RIYADH, until)[:40]

    found = [time for time in struck(written(picked), start, RIYADH) if time <= until]

    assert found == expected


@given(picked=picks)
def test_what_was_picked_is_shown_again(picked):
    assert picked_from(written(picked)) == picked


parts = [
    st.sampled_from(["0", "30", "*/15", "*", "0,30", "5-7", "*/7", "0-59/20", "59"]),
    st.sampled_from(["8", "*", "*/2", "*/5", "8,17", "9-11", "0-23", "22-2", "*/12", "0-23/6"]),
    st.sampled_from(["*", "1", "1,15", "L", "1,L", "*/2", "1-31", "LW", "31", "?", "1-31/1"]),
    st.sampled_from(["*", "*", "*", "1", "JAN-MAR", "*/1", "1-12"]),
    st.sampled_from(["*", "*", "0-4", "SUN-THU", "SAT-WED", "5#2", "5L", "0-6", "1-7", "mon,wed"]),
]
expressions = st.lists(st.tuples(*parts).map(" ".join), min_size=1, max_size=2).map("; ".join)


@given(expression=expressions, start=st.sampled_from(STARTS))
def test_an_expression_that_is_shown_as_a_pick_strikes_as_the_pick_does(expression, start):
    picked = picked_from(expression)
    if picked is None:
        return

    for zone in (BEIRUT, RIYADH):
        again = struck(written(picked), start, zone)
        assert again == struck(expression, start, zone)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 8 * * *", Picked(times=((8, 0),))),
        ("@daily", Picked(times=((0, 0),))),
        ("30 17 * * 0-4", Picked(Days.WEEK, frozenset(range(5)), times=((17, 30),))),
        ("30 17 * * sun-thu", Picked(Days.WEEK, frozenset(range(5)), times=((17, 30),))),
        ("0 9 L * *", Picked(Days.MONTH, on_last=True, times=((9, 0),))),
        ("0 9 1,15 * *", Picked(Days.MONTH, of_month=frozenset({1, 15}), times=((9, 0),))),
        ("0 8 * * *; 30 17 * * *", Picked(times=((8, 0), (17, 30)))),
        ("*/15 * * * *", Picked(often=Often.MINUTES, every=15)),
        ("* * * * *", Picked(often=Often.MINUTES, every=1)),
        ("0 * * * *", Picked(often=Often.HOURS, every=1)),
        ("0 */4 * * 1", Picked(Days.WEEK, frozenset({1}), often=Often.HOURS, every=4)),
    ],
)
def test_usual_expressions_can_be_picked(expression, expected):
    assert picked_from(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "0 9 * * 5#2",  # the second Friday
        "0 9 * * 5L",
        "0 9 LW * *",
        "0 9 1 1 *",  # once a year
        "0 9 1 * 5",  # either of them
        "*/7 * * * *",  # not seven minutes apart
        "5 * * * *",  # by real time, not by the clock
        "0 0-23 * * *",  # by the clock, not by real time
        "*/10 8-17 * * *",
        "0 8 * * 1; 0 9 * * 2",  # other times on other days
        "0 8 * * *; */15 * * * *",
        "nonsense",
        "",
    ],
)
def test_what_nobody_can_pick_stays_an_expression(expression):
    assert picked_from(expression) is None


def test_so_many_times_as_can_be_picked_fit_into_the_column():
    many = tuple((hour, 7 * hour % 60) for hour in range(9, 9 + MAX_TIMES // 2))
    picked = Picked(Days.MONTH, of_month=frozenset({1, 15}), on_last=True, times=many)

    assert len(written(picked)) <= MAX_CHARACTERS
    assert picked_from(written(picked)) == picked


def test_several_expressions_strike_in_order_and_a_common_time_once():
    found = struck("0 9 * * *; 0,30 8,9 * * *;", datetime(2026, 1, 1, tzinfo=UTC), RIYADH, 5)

    assert [f"{one.astimezone(RIYADH):%d %H:%M}" for one in found] == [
        "01 08:00",
        "01 08:30",
        "01 09:00",
        "01 09:30",
        "02 08:00",
    ]
