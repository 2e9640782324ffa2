"""When a wait ends, in zones whose clocks change."""

# ruff: noqa: E501 -- a row of a table is one line

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.definition.errors import ExpressionError
from workflows.definition.programs.control_flow import wake_at
from workflows.definition.scope import NameScope
from workflows.definition.values.windows import DAYS, first_moment, load_window, parse_clock
from workflows.presentation.documents.problems import sentence

# Beirut goes forward on Sunday 29 March 2026 at 00:00, and back on Sunday 25 October at 00:00.
# Cairo goes forward on Friday 24 April 2026 at 00:00, and back on Thursday 29 October at 24:00.
RIYADH, BEIRUT, CAIRO = "Asia/Riyadh", "Asia/Beirut", "Africa/Cairo"
NOW = "2026-11-22T12:00"  # a Sunday


def scope(zone=RIYADH, now=NOW):
    moment = datetime.fromisoformat(now)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return NameScope(tenant={"time_zone": zone}, now=moment)


def woken(params, zone=RIYADH, now=NOW):
    """Return the moment as the clocks of the zone show it."""
    at = wake_at(params, scope(zone, now))
    assert at.utcoffset() == timedelta(0)
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


def window(start, end, *days):
    return {"from": start, "to": end, **({"days": list(days)} if days else {})}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"for": "2h"}, "2026-11-22T14:00+03:00"),
        ({"for": "1d"}, "2026-11-23T12:00+03:00"),
        ({"until": "2026-12-01"}, "2026-12-01T00:00+03:00"),
        ({"until": "2026-12-01T09:30"}, "2026-12-01T09:30+03:00"),
        ({"until": "2026-12-01T09:30Z"}, "2026-12-01T12:30+03:00"),
        ({"until": 1_800_000_000}, "2027-01-15T11:00+03:00"),
        ({"until": "2026-12-01T09:30", "before": "30m"}, "2026-12-01T09:00+03:00"),
        ({"until": "2026-12-01T09:30", "after": "1h"}, "2026-12-01T10:30+03:00"),
        # What has passed does not wait.
        ({"until": "2026-11-01"}, "2026-11-01T00:00+03:00"),
        ({"until": "2026-11-23", "before": "7d"}, "2026-11-16T00:00+03:00"),
        # `skip_if_empty` has left the only thing out.
        ({}, "2026-11-22T12:00+03:00"),
        ({"window": window("09:00", "17:00")}, "2026-11-22T12:00+03:00"),
        ({"window": window("12:00", "17:00")}, "2026-11-22T12:00+03:00"),
        ({"window": window("13:00", "17:00")}, "2026-11-22T13:00+03:00"),
        ({"window": window("09:00", "12:00")}, "2026-11-23T09:00+03:00"),
        ({"window": window("09:00", "17:00", "sun", "mon")}, "2026-11-22T12:00+03:00"),
        ({"window": window("09:00", "17:00", "sat")}, "2026-11-28T09:00+03:00"),
        ({"window": window("09:00", "12:00", "sun")}, "2026-11-29T09:00+03:00"),
        ({"window": window("20:00", "02:00", "sun")}, "2026-11-22T20:00+03:00"),
        ({"window": window("13:00", "12:30", "sat")}, "2026-11-22T12:00+03:00"),
        ({"window": window("13:00", "12:00", "sat")}, "2026-11-28T13:00+03:00"),
        ({"window": window("00:00", "24:00", "mon")}, "2026-11-23T00:00+03:00"),
        ({"window": window("18:00", "24:00", "sun")}, "2026-11-22T18:00+03:00"),
        ({"for": "6h", "window": window("09:00", "17:00")}, "2026-11-23T09:00+03:00"),
        ({"for": "22h", "window": window("09:00", "17:00")}, "2026-11-23T10:00+03:00"),
        ({"for": "6h", "window": window("09:00", "17:00", "thu")}, "2026-11-26T09:00+03:00"),
    ],
)  # fmt: skip
def test_when_a_wait_ends(params, expected):
    assert woken(params) == expected


@pytest.mark.parametrize(
    ("zone", "now", "params", "expected"),
    [
        # A day is 24 hours, whatever the clocks do.
        (BEIRUT, "2026-03-28T12:00", {"for": "1d"}, "2026-03-29T13:00+03:00"),
        (BEIRUT, "2026-10-24T12:00", {"for": "1d"}, "2026-10-25T11:00+02:00"),
        (CAIRO, "2026-04-23T12:00", {"for": "24h"}, "2026-04-24T13:00+03:00"),
        # A time of day is what the clock shows.
        (BEIRUT, "2026-03-28T12:00", {"until": "2026-03-30T09:00"}, "2026-03-30T09:00+03:00"),
        (BEIRUT, "2026-03-28T12:00", {"until": "2026-03-29T02:00", "before": "2h"}, "2026-03-28T23:00+02:00"),
        (BEIRUT, "2026-03-28T12:00", {"window": window("09:00", "11:00")}, "2026-03-29T09:00+03:00"),
        (BEIRUT, "2026-10-24T18:00", {"window": window("09:00", "11:00")}, "2026-10-25T09:00+02:00"),
        (CAIRO, "2026-10-29T18:00", {"window": window("09:00", "11:00")}, "2026-10-30T09:00+02:00"),
        # The clocks jump over the beginning: it opens at the change.
        (BEIRUT, "2026-03-28T12:00", {"window": window("00:00", "06:00")}, "2026-03-29T01:00+03:00"),
        (BEIRUT, "2026-03-28T12:00", {"window": window("00:30", "06:00")}, "2026-03-29T01:00+03:00"),
        (CAIRO, "2026-04-23T12:00", {"window": window("00:15", "06:00")}, "2026-04-24T01:00+03:00"),
        # Over all of it: it does not open that day.
        (CAIRO, "2026-04-23T12:00", {"window": window("00:15", "00:45")}, "2026-04-25T00:15+03:00"),
        (CAIRO, "2026-04-23T12:00", {"window": window("00:15", "00:45", "fri")}, "2026-05-01T00:15+03:00"),
        # Over the end: it closes at the change.
        (BEIRUT, "2026-03-29T01:10", {"window": window("20:00", "00:30")}, "2026-03-29T20:00+03:00"),
        (BEIRUT, "2026-03-28T23:59", {"window": window("20:00", "00:30")}, "2026-03-28T23:59+02:00"),
        # The clocks show an hour twice: it opens and closes the first time.
        (BEIRUT, "2026-10-24T12:00", {"window": window("23:30", "23:50")}, "2026-10-24T23:30+03:00"),
        (BEIRUT, "2026-10-24T23:40+02:00", {"window": window("23:30", "23:50")}, "2026-10-25T23:30+02:00"),
        (CAIRO, "2026-10-29T23:30+02:00", {"window": window("20:00", "24:00", "thu")}, "2026-10-29T23:30+02:00"),
        (CAIRO, "2026-10-30T00:00+02:00", {"window": window("20:00", "24:00", "thu")}, "2026-11-05T20:00+02:00"),
        # An island leaves out Friday.
        ("Pacific/Apia", "2011-12-28T12:00", {"window": window("09:00", "17:00", "fri")}, "2012-01-06T09:00+14:00"),
    ],
)  # fmt: skip
def test_clocks_that_change(zone, now, params, expected):
    assert woken(params, zone, now) == expected


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"until": "tomorrow"}, "not_a_date"),
        ({"until": "03/04/2026"}, "not_a_date"),
        ({"until": None}, "missing_value"),
        ({"until": True}, "not_a_date"),
        ({"until": [1]}, "not_a_date"),
        ({"until": 10**20}, "not_a_date"),
        ({"until": "9999-12-31T23:00-10:00"}, "not_a_date"),
        ({"until": "9999-12-31", "after": "3650d"}, "not_a_date"),
        ({"until": "0001-01-01", "before": "1d"}, "not_a_date"),
        ({"until": "2037-01-01"}, "limit_reached"),
    ],
)
def test_a_wait_that_cannot_be_told(params, code):
    with pytest.raises(ExpressionError) as refused:
        wake_at(params, scope())

    assert (refused.value.code, refused.value.params["place"]) == (code, "/until")
    assert not sentence(code, refused.value.params).startswith(code)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("00:00", time(0, 0)),
        ("09:05", time(9, 5)),
        ("23:59", time(23, 59)),
        ("24:00", time(0, 0)),
        ("24:01", None),
        ("9:00", None),
        ("09:60", None),
        ("09:00:00", None),
        ("\u0660\u0669:00", None),
        (" 09:00", None),
        (9, None),
        (None, None),
    ],
)
def test_times_of_day(text, clock):
    assert parse_clock(text) == clock


clocks = st.times().map(lambda clock: clock.strftime("%H:%M"))


@given(
    minutes=st.integers(0, 2 * 366 * 1440),
    start=clocks,
    end=clocks,
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    zone=st.sampled_from([RIYADH, BEIRUT, CAIRO, "America/New_York", "UTC"]).map(ZoneInfo),
)
@settings(max_examples=300)
def test_a_wait_for_a_window_ends_in_it_and_misses_none(minutes, start, end, days, zone):
    if start == end:
        return
    begun = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    times = load_window({"from": start, "to": end, "days": sorted(days)})

    found = times.next_moment(begun, zone)

    # An opening earlier than that would lie on one of these days.
    first = begun.astimezone(zone).date() - timedelta(days=1)
    spans = []
    for number in range((found - begun).days + 4):
        day = first + timedelta(days=number)
        if DAYS[day.weekday()] in days:
            last = day if start < end else day + timedelta(days=1)
            opening = first_moment(day, time.fromisoformat(start), zone)
            spans.append((opening, first_moment(last, time.fromisoformat(end), zone)))
    assert found >= begun
    assert any(opening <= found < closing for opening, closing in spans)
    assert not any(max(begun, opening) < min(found, closing) for opening, closing in spans)


@given(
    minutes=st.integers(0, 2 * 366 * 1440),
    zone=st.sampled_from([BEIRUT, CAIRO, "America/New_York", "Australia/Lord_Howe"]).map(ZoneInfo),
)
@settings(max_examples=500)
def test_the_first_moment_is_the_first_second_that_shows_it(minutes, zone):
    wall = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None) + timedelta(minutes=minutes)

    found = first_moment(wall.date(), wall.time(), zone)

    assert found.astimezone(zone).replace(tzinfo=None) >= wall
    before = (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert before < wall
