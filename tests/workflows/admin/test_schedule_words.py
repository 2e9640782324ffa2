"""Times are said in words, and the words say exactly when: read back, they give the same times."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext, ngettext
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.admin.schedules.hints import schedule_hints
from workflows.admin.schedules.words import schedule_words
from workflows.services.schedules.cron import Cron, UnreadableCron

RIYADH = ZoneInfo("Asia/Riyadh")  # its clocks never change
START = datetime(2026, 1, 1, tzinfo=UTC)
FAR = timedelta(days=5 * 366)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("* * * * *", "Every minute"),
        ("*/1 * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("0 * * * *", "Every hour, on the hour"),
        ("1 * * * *", "Every hour, 1 minute past"),
        ("5 * * * *", "Every hour, 5 minutes past"),
        ("0 8 * * *", "Every day at 08:00"),
        ("5 8,14,20 * * *", "Every day at 08:05, 14:05 and 20:05"),
        ("30 9 * * 0-4", "From Sunday to Thursday at 09:30"),
        ("30 9 * * sun-thu", "From Sunday to Thursday at 09:30"),
        ("30 9 * * SAT-THU", "From Saturday to Thursday at 09:30"),
        ("30 9 * * 1,7", "Every Monday and Sunday at 09:30"),
        ("30 9 * * FRI", "Every Friday at 09:30"),
        ("0 9 1 * *", "On day 1 of every month at 09:00"),
        ("0 9 l * *", "On the last day of every month at 09:00"),
        ("0 9 31 12 *", "Every year on 31 December at 09:00"),
        ("0 9 31 * *", "On day 31, in months that have one, at 09:00"),
        ("0 9 29 2 *", "In leap years on 29 February at 09:00"),
        ("0 9 30 2 5", "Every Friday, in February, at 09:00"),
        ("*/7 * * * *", "Every hour, at the minutes 00, 07, 14, 21, 28, 35, 42, 49 and 56"),
        ("0-30 8 * * *", "Every hour, at the minutes 00–30, in the hour 08"),  # noqa: RUF001
        ("0 9 1,15 * *", "On days 1 and 15 of every month at 09:00"),
        ("0 9 * JAN *", "Every day in January at 09:00"),
        ("0 9 * * 5#1", "The first Friday of the month at 09:00"),
        ("0 9 * * 5L", "The last Friday of the month at 09:00"),
        ("0 9 1 * 5", "On day 1 of every month, and also: Every Friday, at 09:00"),
        (
            "*/10 8-18 * * 1-5",
            "From Monday to Friday: Every 10 minutes, in the hours 08–18",  # noqa: RUF001
        ),
        ("soon", "soon"),
    ],
)
def test_times_in_words(expression, words):
    assert schedule_words(expression) == words


# How people write one, and the same in numbers
WRITTEN = {
    "0 9 * * SAT-THU": "0 9 * * 6,0-4",
    "0 9 * * sat-thu": "0 9 * * 6,0-4",
    "\u200e0 9 * * SAT-THU\u200f\ufeff": "0 9 * * 6,0-4",
    "0 9 * * Saturday-Thursday": "0 9 * * 6,0-4",
    "0 9 * * Thurs": "0 9 * * 4",
    "0 9 * * Sundays": "0 9 * * 0",
    "0 9 * * sun": "0 9 * * 0",
    "0 9 * * 7": "0 9 * * 0",
    "0 9 * * 7-4": "0 9 * * 0-4",
    "0 9 * * FRI-SUN": "0 9 * * 5,6,0",
    "0 9 * * SAT-THU/2": "0 9 * * 6,1,3",
    "0 9 * * friL": "0 9 * * 5L",
    "0 9 * * السبت-الخميس": "0 9 * * 6,0-4",
    "0 9 * * الأحد،الإثنين": "0 9 * * 0,1",
    "0 9 * * الجمعة": "0 9 * * 5",
    "٣٠ ٩ * * ٠-٤": "30 9 * * 0-4",  # noqa: RUF001
    "0 9 * * MON–FRI": "0 9 * * 1-5",  # noqa: RUF001
    "0 9 1 NOV-FEB *": "0 9 1 11,12,1,2 *",
    "0 9 1 sept *": "0 9 1 9 *",
    "0 9 1 يناير,إبريل *": "0 9 1 1,4 *",
    "0 22-6 * * *": "0 22,23,0-6 * * *",
    "0 9 25-5 * *": "0 9 25-31,1-5 * *",
    "0 9 ? * MON": "0 9 * * 1",
    "@daily": "0 0 * * *",
    "@Weekly": "0 0 * * 0",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_names_and_ranges_as_people_write_them(text):
    assert times(text) == times(WRITTEN[text])
    stored = Cron.read(text).as_stored(text)
    assert times(stored) == times(WRITTEN[text])


def times(expression, count=50):
    """Return the next times, on the clock of Riyadh."""
    found = Cron.read(expression).times_after(START, RIYADH)
    return [one.astimezone(RIYADH) for one in islice(found, count)]


@pytest.mark.parametrize("text", ["0 9 * * FUNDAY", "0 9 * * SU", "0 9 * * SAT-", "0 9 * * SAT-9"])
def test_what_is_no_day_is_shown_as_it_was_written(text):
    with pytest.raises(UnreadableCron) as why:
        Cron.read(text)

    assert (why.value.code, why.value.part) == ("day-of-week", text.split()[4])


# What is likely meant otherwise, with a word of what is said about it
HINTS = {
    "*/90 * * * *": "is not every 90 minutes",
    "0 */36 * * *": "is not every 36 hours",
    "*/7 * * * *": "counts anew with every hour",
    "0 */7 * * *": "counts anew at midnight",
    "0 0/5 * * *": "counts anew at midnight",
    "0 9 */2 * *": "counts anew with every month",
    "0 9 1 */5 *": "counts anew with every year",
    "0 9 * * */2": "counts anew with every Sunday",
    "0 9 31 * *": "write L as the third part",
    "0 9 29,30 * *": "write L as the third part",
    "0 9 29 2 *": "leap years only",
    "* 8 * * *": "For once, at 08:00, write 0",
    "0 9 1 * 5": "one of them is enough",
}
NOTHING_TO_SAY = (
    "* * * * *",
    "*/15 * * * *",
    "0 */6 * * *",
    "0 9 * */3 *",
    "0 9 28 * *",
    "0 9 31 1,3 *",
    "0 9 * * SAT-THU",
    "0 9 L * *",
    "soon",
)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_surprises_is_said_before(language):
    with translation.override(language):
        for expression, said in HINTS.items():
            (hint,) = schedule_hints(expression)
            assert language == "ar" or said in hint
        assert [one for one in NOTHING_TO_SAY if schedule_hints(one)] == []


# The words are read back by their own sentences, in whichever language.


def pattern(message):
    """Return what a translated sentence looks like, with a group for each of its words."""
    written = re.escape(gettext(message))
    return re.compile(re.sub(r"%\\?\((\w+)\\?\)s|%\((\w+)\)s", r"(?P<\1\2>.+)", written))


def first(text, readers):
    """Return what the first sentence says that the text can be read by."""
    for message, read in readers.items():
        found = pattern(message).fullmatch(text)
        try:
            if found:
                return read(found.groupdict())
        except (KeyError, ValueError, StopIteration):
            pass
    raise ValueError(text)


def items(text):
    """Return what is listed."""
    head, _and, last = text.rpartition(f" {gettext('and')} ")
    return [*re.split("[,\u060c] ", head), last] if head else [text]


def numbers(text):
    found = set()
    for item in items(text):
        low, _dash, high = item.partition("–")  # noqa: RUF001
        found |= set(range(int(low), int(high or low) + 1))
    return found


def month_numbers(text):
    names = {str(name): number for number, name in MONTHS.items()}
    return {names[one] for one in items(text)}


def weekday(text):
    return next(number for number, name in WEEKDAYS.items() if str(name) == text)


def when(text):
    """Return a test for a day, and the times of such a day, as the words say them."""
    try:
        return first(
            text,
            {
                "%(days)s, at %(times)s": lambda told: (days(told["days"]), clock(told["times"])),
                "%(days)s at %(times)s": lambda told: (days(told["days"]), clock(told["times"])),
                "%(days)s: %(often)s": lambda told: (days(told["days"]), often(told["often"])),
            },
        )
    except ValueError:
        return (lambda day: True), often(text)


def clock(text):
    return {tuple(map(int, one.split(":"))) for one in items(text)}


def often(text):
    hours, minutes = range(24), text
    for number in (1, 2, 3, 11):
        one, several = "%(minutes)s, in the hour %(hours)s", "%(minutes)s, in the hours %(hours)s"
        form = re.escape(ngettext(one, several, number))
        found = re.fullmatch(re.sub(r"%\\?\((\w+)\\?\)s", r"(?P<\1>.+)", form), text)
        if found:
            hours, minutes = numbers(found["hours"]), found["minutes"]
            break
    return {(hour, minute) for hour in hours for minute in past(minutes)}


def past(text):
    if text == gettext("Every minute"):
        return range(60)
    if text == gettext("Every hour, on the hour"):
        return {0}
    for count in range(1, 60):
        told = {"count": count}
        if text == ngettext("Every %(count)s minute", "Every %(count)s minutes", count) % told:
            return range(0, 60, count)
        one, several = "Every hour, %(count)s minute past", "Every hour, %(count)s minutes past"
        if text == ngettext(one, several, count) % told:
            return {count}
    found = pattern("Every hour, at the minutes %(minutes)s").fullmatch(text)
    return numbers(found["minutes"])


def days(text):
    if text == gettext("Every day"):
        return lambda day: True

    def both(told):
        either, other = days(told["days"]), days(told["weekdays"])
        return lambda day: either(day) or other(day)

    def each(told):
        either, other = days(told["days"]), days(told["weekdays"])
        return lambda day: either(day) and other(day)

    def in_months(told):
        inner, months = days(told["weekdays"]), month_numbers(told["months"])
        return lambda day: day.month in months and inner(day)

    def on_a_date(told):
        (month,), number = month_numbers(told["month"]), int(told["day"])
        return lambda day: (day.month, day.day) == (month, number)

    def in_every_month(told):
        return dates(told["days"])

    def in_some_months(told):
        inner, months = dates(told["days"]), month_numbers(told["months"])
        return lambda day: day.month in months and inner(day)

    def every_day_in(told):
        months = month_numbers(told["months"])
        return lambda day: day.month in months

    return first(
        text,
        {
            "%(weekdays)s, but only if the date is right too: %(days)s": each,
            "%(days)s, and also: %(weekdays)s": both,
            "Every year on %(day)s %(month)s": on_a_date,
            "In leap years on %(day)s %(month)s": on_a_date,
            "On %(days)s, in months that have one": in_every_month,
            "On %(days)s of every month": in_every_month,
            "On %(days)s of %(months)s, if there is one": in_some_months,
            "On %(days)s of %(months)s": in_some_months,
            "Every day in %(months)s": every_day_in,
            "%(weekdays)s, in %(months)s": in_months,
            "%(weekdays)s": lambda told: weekdays(told["weekdays"]),
        },
    )


def dates(text):
    """Read “days 1, 15 and the last day”, whose days are a list of their own."""
    ends = {
        gettext("the last day"): lambda day: (day + timedelta(1)).day == 1,
        gettext("the last day from Monday to Friday"): is_last_workday,
    }
    told, tests = text, []
    for words, test in sorted(ends.items(), key=lambda one: -len(one[0])):
        if told.endswith(words):
            tests.append(test)
            told = told.removesuffix(words)
            told = re.sub(f"(?: {gettext('and')} |[,\u060c] )$", "", told)
    found = set()
    for number in (1, 2, 3, 11) if told else ():
        form = re.escape(ngettext("day %(days)s", "days %(days)s", number))
        inner = re.fullmatch(re.sub(r"%\\?\((\w+)\\?\)s", r"(?P<\1>.+)", form), told)
        if inner:
            found = numbers(inner["days"])
            break
    else:
        if told:
            raise ValueError(told)
    return lambda day: day.day in found or any(test(day) for test in tests)


def is_last_workday(day):
    behind = (day + timedelta(past) for past in range(1, 32))
    rest = [one for one in behind if one.month == day.month]
    return day.weekday() < 5 and all(one.weekday() >= 5 for one in rest)


def weekdays(text):
    tests = [a_weekday(one) for one in text.split(gettext("; "))]
    return lambda day: any(test(day) for test in tests)


def a_weekday(text):
    def row(told):
        low, high = weekday(told["first"]), weekday(told["last"])
        length = (high - low) % 7
        return lambda day: (day.weekday() - low) % 7 <= length

    def nth(number):
        def read(told):
            wanted = weekday(told["weekday"])
            return lambda day: day.weekday() == wanted and (day.day - 1) // 7 + 1 == number

        return read

    def last(told):
        wanted = weekday(told["weekday"])
        return lambda day: day.weekday() == wanted and (day + timedelta(7)).month != day.month

    def some(told):
        wanted = {weekday(one) for one in items(told["weekdays"])}
        return lambda day: day.weekday() in wanted

    return first(
        text,
        {
            "From %(first)s to %(last)s": row,
            "The last %(weekday)s of the month": last,
            "The first %(weekday)s of the month": nth(1),
            "The second %(weekday)s of the month": nth(2),
            "The third %(weekday)s of the month": nth(3),
            "The fourth %(weekday)s of the month": nth(4),
            "The fifth %(weekday)s of the month, if there is one": nth(5),
            "Every %(weekdays)s": some,
        },
    )


def as_told(words, count=50):
    """Return the next times that the words tell."""
    is_day, at = when(words)
    today, found = START.astimezone(RIYADH).date(), []
    last = today + FAR
    while len(found) < count and today <= last:
        if is_day(today):
            struck = (datetime(*today.timetuple()[:3], *one, tzinfo=RIYADH) for one in sorted(at))
            found += [one for one in struck if one > START]
        today += timedelta(1)
    return found[:count]


def field(low, high, names=()):
    one = st.integers(low, high).map(str) | (st.sampled_from(names) if names else st.nothing())
    span = st.tuples(one, one).map("-".join)
    step = st.integers(1, high + 3).map(str)
    item = one | one | span | st.tuples(span | st.just("*"), step).map("/".join)
    return st.lists(item, min_size=1, max_size=3).map(",".join)


NAMED_DAYS = ("SUN", "mon", "Tuesday", "WED", "THU", "Fri", "SAT", "الجمعة", "7")
CRONS = st.tuples(
    st.just("0") | st.just("30") | st.just("*") | field(0, 59),
    st.just("9") | st.just("*") | field(0, 23),
    st.just("*") | st.just("L") | st.just("LW") | field(1, 31),
    st.just("*") | st.just("*") | field(1, 12, ("JAN", "February", "dec")),
    st.just("*")
    | field(0, 6, NAMED_DAYS)
    | st.tuples(st.integers(0, 7).map(str), st.sampled_from(["#1", "#2", "#5", "L"])).map("".join),
).map(" ".join)


@pytest.mark.parametrize("language", ["en", "ar"])
@settings(max_examples=200, deadline=None)
@given(expression=CRONS)
def test_the_words_say_exactly_when(language, expression):
    try:
        cron = Cron.read(expression)
    except UnreadableCron:
        return
    found = (one.astimezone(RIYADH) for one in islice(cron.times_after(START, RIYADH), 50))
    last = START.astimezone(RIYADH).date() + FAR
    struck = [one for one in found if one.date() <= last]

    with translation.override(language):
        words = schedule_words(expression)
        assert words != expression
        assert as_told(words) == struck, words


def test_a_day_is_a_date():
    assert is_last_workday(date(2026, 5, 29))  # a Friday; the month ends on a Sunday
