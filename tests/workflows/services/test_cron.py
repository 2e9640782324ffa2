"""When cron expressions strike, through every change of the clock."""

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from workflows.services.schedules.cron import Cron, UnreadableCron

BEIRUT, RIYADH = ZoneInfo("Asia/Beirut"), ZoneInfo("Asia/Riyadh")

# In Beirut, 29 March 2026 begins at 01:00, and 24 October 2026 has the hour from 23:00 twice.
TO_SUMMER = datetime(2026, 3, 28, 22, 45, tzinfo=BEIRUT)
TO_WINTER = datetime(2026, 10, 24, 22, 45, tzinfo=BEIRUT)


def struck(expression, start, zone=BEIRUT, count=3):
    """Return the next local times, with their offsets."""
    times = islice(Cron.read(expression).times_after(start, zone), count)
    return [f"{time.astimezone(zone):%d %H:%M %z}"[:-2] for time in times]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # A time that does not exist is done at the change, once.
        ("30 0 * * *", ["29 01:00 +03", "30 00:30 +03", "31 00:30 +03"]),
        ("0,30 0 * * *", ["29 01:00 +03", "30 00:00 +03", "30 00:30 +03"]),
        ("*/30 0 * * *", ["29 01:00 +03", "30 00:00 +03", "30 00:30 +03"]),
        ("0 0,1 * * *", ["29 01:00 +03", "30 00:00 +03", "30 01:00 +03"]),
        ("0 */6 * * *", ["29 01:00 +03", "29 06:00 +03", "29 12:00 +03"]),
        # Those that do are not touched.
        ("0 23 * * *", ["28 23:00 +02", "29 23:00 +03", "30 23:00 +03"]),
        ("0 8 * * *", ["29 08:00 +03", "30 08:00 +03", "31 08:00 +03"]),
        # By real time.
        ("0 * * * *", ["28 23:00 +02", "29 01:00 +03", "29 02:00 +03"]),
        ("*/30 * * * *", ["28 23:00 +02", "28 23:30 +02", "29 01:00 +03"]),
    ],
)
def test_the_change_to_summer_time(expression, expected):
    assert struck(expression, TO_SUMMER) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # A time that comes twice is done once, the first time.
        ("30 23 * * *", ["24 23:30 +03", "25 23:30 +02", "26 23:30 +02"]),
        ("*/30 23 * * *", ["24 23:00 +03", "24 23:30 +03", "25 23:00 +02"]),
        ("0 23,0 * * *", ["24 23:00 +03", "25 00:00 +02", "25 23:00 +02"]),
        ("0 8 * * *", ["25 08:00 +02", "26 08:00 +02", "27 08:00 +02"]),
        # By real time.
        ("0 * * * *", ["24 23:00 +03", "24 23:00 +02", "25 00:00 +02"]),
        ("0 */1 * * *", ["24 23:00 +03", "24 23:00 +02", "25 00:00 +02"]),
    ],
)
def test_the_change_to_winter_time(expression, expected):
    assert struck(expression, TO_WINTER) == expected


@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_of_the_doubled_hour_is_over_in_its_second_pass(fold):
    start = datetime(2026, 10, 24, 23, 40, fold=fold, tzinfo=BEIRUT)

    expected = ["24 23:50 +03", "25 23:50 +02"] if fold == 0 else ["25 23:50 +02", "26 23:50 +02"]
    assert struck("50 23 * * *", start, count=2) == expected


@pytest.mark.parametrize("start", [TO_SUMMER, TO_WINTER])
def test_a_zone_without_summer_time(start):
    local = start.astimezone(RIYADH)

    midnights = struck("30 0 * * *", start, RIYADH)

    assert midnights == [f"{local.day + day} 00:30 +03" for day in (1, 2, 3)]


@pytest.mark.parametrize("start", [TO_SUMMER, TO_WINTER])
@pytest.mark.parametrize("expression", ["* * * * *", "*/7 * * * *", "59 * * * *", "* 0,23 * * *"])
def test_times_only_go_forward_and_are_never_the_start(expression, start):
    cron = Cron.read(expression)
    times = list(islice(cron.times_after(start, BEIRUT), 300))

    assert times[0] > start
    assert times == sorted(set(times))
    # From any of them, the others follow.
    for index in range(0, 250, 10):
        assert next(cron.times_after(times[index], BEIRUT)) == times[index + 1]


def test_a_part_of_a_second_after_a_time_is_after_it():
    start = datetime(2026, 1, 5, 8, 0, 0, 1, tzinfo=UTC)

    assert struck("0 8 * * *", start, ZoneInfo("UTC"), 1) == ["06 08:00 +00"]


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("", "parts", ""),
        ("0 8 * *", "parts", ""),
        ("0 0 8 * * *", "parts", ""),
        ("60 8 * * *", "minute", "60"),
        ("0 25 * * *", "hour", "25"),
        ("0 8 32 * *", "day-of-month", "32"),
        ("0 8 * 13 *", "month", "13"),
        ("0 8 * * 8", "day-of-week", "8"),
        ("0 8 * * someday", "day-of-week", "SOMEDAY"),
        ("*/0 8 * * *", "minute", "*/0"),
        ("0 8 30 2 *", "never", ""),
        ("0 8 31 4,6 *", "never", ""),
    ],
)
def test_what_cannot_be_read_says_where(text, code, part):
    with pytest.raises(UnreadableCron) as refused:
        Cron.read(text)

    assert (refused.value.code, refused.value.part) == (code, part)


@pytest.mark.parametrize("text", ["0 8 29 2 *", "0 8 L * *", "0 8 * * 5#1", "0 8 * JAN SUN-THU"])
def test_rare_times_are_times(text):
    assert struck(text, TO_SUMMER, count=1)
