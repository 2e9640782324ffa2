"""Dates as other systems and people write them, where a date is asked for."""
# ruff: noqa: RUF001 - Arabic letters and digits are no slips here

from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.core.values.written import as_moment
from tests.support.disguised import ARABIC, PERSIAN, disguised
from workflows.definition.errors import ExpressionError
from workflows.definition.operators import OPERATORS, Sides
from workflows.definition.programs.control_flow import wake_at
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template
from workflows.definition.values.dates import any_moment, likely_form

BEIRUT = ZoneInfo("Asia/Beirut")
DAY = datetime(2026, 11, 30, tzinfo=BEIRUT)
QUARTER = datetime(2026, 11, 30, 10, 15, tzinfo=BEIRUT)
SECONDS = 1796026500
READ = [
    *((f"{SECONDS}{rest}", QUARTER) for rest in ("", ".0", "000", "000000", "000000000")),
    *((number, QUARTER) for number in (SECONDS, SECONDS * 1000, Decimal(SECONDS), float(SECONDS))),
    ("2026-11-30", DAY),
    ("20261130", DAY),
    ("2026-W49-1", DAY),
    ("2026W491", DAY),
    ("٢٠٢٦-١١-٣٠", DAY),
    ("2026-11-30T10:15", QUARTER),
    ("2026-11-30 10:15:00", QUARTER),
    ("2026-11-30t08:15z", QUARTER),
    ("2026-11-30T08:15:00Z", QUARTER),
    ("2026-11-30T08:15:00+00", QUARTER),
    ("2026-11-30T08:15:00+0000", QUARTER),
    ("2026-11-30T08:15:00 +00:00", QUARTER),
    ("2026-11-30 08:15:00 UTC", QUARTER),
    ("2026-11-30T10:15:00+02:00[Asia/Beirut]", QUARTER),
    ("2026-11-30T10:15:00.0000000000001+02:00", QUARTER),
    ("2026-11-30T10:15:00,000", QUARTER),
    ("20261130T101500", QUARTER),
    ("20261130T081500Z", QUARTER),
    ("20261130101500", QUARTER),
    ("2026-11-29T24:00:00", DAY),
    ("2026-11-30T10:14:60", QUARTER),
    ("Mon, 30 Nov 2026 10:15:00 +0200", QUARTER),
    ("Mon, 30 Nov 2026 08:15:00 GMT", QUARTER),
    ("30 Nov 2026 10:15 +0200", QUARTER),
    ("30 November 2026 10:15", QUARTER),
    ("Monday, 30-Nov-2026 08:15:00 UTC", QUARTER),
    ("Mon, 30 Nov 2026 03:15:00 EST", QUARTER),
    ("Mon, 30 Nov 2026 08:15:00 +0000 (Coordinated Universal Time)", QUARTER),
]  # fmt: skip
REFUSED = [
    ("03/04/2026", "%d/%m/%Y"),
    ("03/04/26", "%d/%m/%y"),
    ("30.11.2026", "%d.%m.%Y"),
    ("30-11-2026 10:15", "%d-%m-%Y %H:%M"),
    ("11/30/2026", "%m/%d/%Y"),
    ("11/30/2026 10:15 PM", "%m/%d/%Y %I:%M %p"),
    ("30/11/2026 10:15:00", "%d/%m/%Y %H:%M:%S"),
    ("2026/11/30", "%Y/%m/%d"),
    ("26-11-30", "%d-%m-%y"),
    ("2026-1-9", "%Y-%m-%d"),
    ("30 Nov 2026", "%d %B %Y"),
    ("30-November-2026", "%d-%B-%Y"),
    ("Monday, 30 November 2026", "%A, %d %B %Y"),
    ("Nov 30, 2026", "%B %d, %Y"),
    ("2026-02-30", None),
    ("20261301", None),
    ("2026-W60-1", None),
    ("30 Nov 26 10:15 +0200", None),
    ("Tue, 30 Nov 2026 10:15:00 +0200", None),
    ("2026-11-30T25:00", None),
    ("2026-11-30T10:15:00+99:00", None),
    ("179602650", None),
    ("-1796026500", None),
    ("next Monday", None),
    ("", None),
    (True, None),
    (10**400, None),
    (Decimal("NaN"), None),
    (None, None),
    ("9" * 5_000, None),
]


def pages(form, version=3, **tenant):
    scope = NameScope(
        trigger={"x": form[0]},
        tenant={"time_zone": "Asia/Beirut", **tenant},
        language=version,
        now=datetime(2026, 11, 30, tzinfo=UTC),
    )
    return compile_template(form[1]).value(scope)


@pytest.mark.parametrize(("value", "moment"), READ, ids=lambda one: str(one)[:40])
def test_what_has_one_reading_is_read_wherever_a_date_is_asked_for(value, moment):
    later = Sides("x", value, moment.isoformat(), now=QUARTER, zone=BEIRUT)

    assert any_moment(value, BEIRUT) == moment
    assert pages((value, '{{ trigger.x | date: "%FT%T" }}')) == f"{moment:%FT%T}"
    assert not OPERATORS["before"].holds(later)
    assert not OPERATORS["after"].holds(later)
    assert (
        wake_at({"until": value}, NameScope(now=DAY, tenant={"time_zone": "Asia/Beirut"})) == moment
    )


@pytest.mark.parametrize(("value", "form"), REFUSED, ids=lambda one: str(one)[:40])
def test_what_has_more_than_one_reading_or_none_is_refused(value, form):
    assert any_moment(value, BEIRUT) is None
    assert likely_form(value) == form
    if form:
        with pytest.raises(ExpressionError, match="not_a_date"):
            pages((value, '{{ trigger.x | date: "%F" }}'))
        assert pages((value, f'{{{{ trigger.x | parse_date: "{form}" }}}}')).startswith("20")


def test_a_day_stays_a_day():
    assert pages(("20261130", "{{ trigger.x | date_add: '1 month' }}")) == "2026-12-30"
    assert pages(("2026-W49-1", "{{ trigger.x | date_add: '1 day' }}")) == "2026-12-01"


def test_what_only_looks_like_a_date_compares_as_the_number_that_it_is():
    assert as_moment("20261130", BEIRUT) is None
    assert as_moment(str(SECONDS), BEIRUT) is None
    assert not OPERATORS["equals"].holds(Sides("x", "20261130", "2026-11-30", DAY, BEIRUT))


@given(at=st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_same_moment_in_every_form(at):
    at = at.replace(microsecond=0)
    seconds = int(at.timestamp())
    forms = [
        at.isoformat(),
        f"{at:%Y%m%dT%H%M%SZ}",
        format_datetime(at),
        f"{at:%F %T} UTC",
        seconds,
    ]
    if seconds >= 10**9:
        forms += [f"{seconds:010}", seconds * 1000, f"{seconds * 1000:013}"]

    assert {any_moment(form, BEIRUT) for form in forms} == {at}


@given(data=st.data(), written=st.sampled_from([one for one in READ if isinstance(one[0], str)]))
def test_what_nobody_sees_and_other_digits_change_nothing(data, written):
    text = written[0].translate(data.draw(st.sampled_from(({}, ARABIC, PERSIAN))))

    assert any_moment(data.draw(disguised(text)), BEIRUT) == written[1]


PARSED = [
    ("30/11/2026", "%d/%m/%Y", "2026-11-30"),
    ("٣٠/١١/٢٠٢٦", "%d/%m/%Y", "2026-11-30"),
    ("5.3.26", "%-d.%-m.%y", "2026-03-05"),
    ("30/11/69", "%d/%m/%y", "1969-11-30"),
    ("11/2026", "%m/%Y", "2026-11-01"),
    ("334 2026", "%j %Y", "2026-11-30"),
    (20261130, "%Y%m%d", "2026-11-30"),
    ("Monday 30  November 2026", "%A %d %B %Y", "2026-11-30"),
    ("30 تشرين الثاني 2026", "%d %B %Y", "2026-11-30"),
    ("30 نوفمبر 2026", "%d %b %Y", "2026-11-30"),
    ("الاثنين، 30 نوفمبر 2026", "%A، %d %B %Y", "2026-11-30"),
    ("الإثنين 30 نوفمبر 2026", "%A %d %B %Y", "2026-11-30"),
    ("30 كانون الاول 2026", "%d %B %Y", "2026-12-30"),
    ("1 ايار 2026", "%d %B %Y", "2026-05-01"),
    ("1 اب 2026", "%d %B %Y", "2026-08-01"),
    ("30/11/2026 10:15", "%d/%m/%Y %H:%M", "2026-11-30T10:15:00+02:00"),
    ("30/11/2026 12:15 am", "%d/%m/%Y %I:%M %p", "2026-11-30T00:15:00+02:00"),
    ("30/11/2026 10:15 م", "%d/%m/%Y %I:%M %p", "2026-11-30T22:15:00+02:00"),
    ("2026-11-30T08:15:00.5Z", "%FT%T.%f%z", "2026-11-30T10:15:00.500000+02:00"),
    ("30/11/2026 at 10", "%d/%m/%Y at %H", "2026-11-30T10:00:00+02:00"),
]


@pytest.mark.parametrize(("value", "form", "iso"), PARSED)
def test_a_date_is_read_in_the_form_that_is_named(value, form, iso):
    found = pages((value, f"{{{{ trigger.x | parse_date: '{form}' }}}}"), **LEBANON)

    assert found == iso


@pytest.mark.parametrize(
    ("value", "form", "code"),
    [
        ("31/02/2026", "%d/%m/%Y", "not_a_date"),
        ("2026-11-30", "%d/%m/%Y", "not_a_date"),
        ("30/11/2026 ", "%d/%m/%Y!", "not_a_date"),
        ("Tuesday 30 Nov 2026", "%A %d %b %Y", "not_a_date"),
        ("30/11/2026 25:00", "%d/%m/%Y %H:%M", "not_a_date"),
        ("30/11/2026 13:00 PM", "%d/%m/%Y %I:%M %p", "not_a_date"),
        ("366 2026", "%j %Y", "not_a_date"),
        ([], "%d/%m/%Y", "not_a_date"),
        (True, "%d/%m/%Y", "not_a_date"),
        ("9" * 1_000, "%d/%m/%Y", "not_a_date"),
        ("30/11", "%d/%m", "bad_format"),
        ("30/2026", "%d/%Y", "bad_format"),
        ("1 1 2026", "%d %d %Y", "bad_format"),
        ("30/11/2026 10:15", "%d/%m/%Y %I:%M", "bad_format"),
        ("30/11/2026 15", "%d/%m/%Y %M", "bad_format"),
        ("2026", "%Q", "bad_format"),
        ("2026", "%Y%", "bad_format"),
        ("2026", "%Y" + " " * 300, "bad_format"),
    ],
)
def test_what_is_not_so_written_and_forms_that_leave_it_open_are_refused(value, form, code):
    with pytest.raises(ExpressionError, match=code):
        pages((value, f"{{{{ trigger.x | parse_date: '{form}' }}}}"))


LEBANON = {"language": "ar", "country": "LB"}
FORM = "%A %d %B %Y %I:%M %p"
NAMED = [
    (LEBANON, "", "الاثنين 30 تشرين الثاني 2026 10:15 ص"),
    ({"language": "ar", "country": "SA"}, "", "الاثنين 30 نوفمبر 2026 10:15 ص"),
    ({"language": "ar"}, "", "الاثنين 30 نوفمبر 2026 10:15 ص"),
    ({"language": "fr", "country": "LB"}, "", "lundi 30 novembre 2026 10:15 AM"),
    ({"language": "en", "country": "LB"}, "", "Monday 30 November 2026 10:15 AM"),
    ({"language": "en-GB"}, "", "Monday 30 November 2026 10:15 AM"),
    ({"language": "xx"}, "", "Monday 30 November 2026 10:15 AM"),
    ({}, "", "Monday 30 November 2026 10:15 AM"),
    (LEBANON, ', "en"', "Monday 30 November 2026 10:15 AM"),
    (LEBANON, ', "ar-SA"', "الاثنين 30 نوفمبر 2026 10:15 ص"),
    ({"language": "en", "country": "LB"}, ', "ar"', "الاثنين 30 تشرين الثاني 2026 10:15 ص"),
]


@pytest.mark.parametrize(("tenant", "argument", "written"), NAMED)
def test_months_and_days_are_named_in_the_company_s_language(tenant, argument, written):
    template = f'{{{{ trigger.x | date: "{FORM}"{argument} }}}}'

    assert pages(("2026-11-30T10:15", template), **tenant) == written


def test_names_stand_alone_where_no_day_is_beside_them_and_percent_signs_stay():
    russian = {"language": "ru"}

    assert pages(("2026-11-30", '{{ trigger.x | date: "%B %Y" }}'), **russian) == "ноябрь 2026"
    assert pages(("2026-11-30", '{{ trigger.x | date: "%-d %B" }}'), **russian) == "30 ноября"
    assert pages(("2026-11-30", '{{ trigger.x | date: "%%B %b %h" }}'), **LEBANON) == (
        "%B تشرين الثاني تشرين الثاني"
    )


@pytest.mark.parametrize("language", [1, 2])
@pytest.mark.parametrize("tenant", [LEBANON, {"language": "fr"}, {"language": "en"}])
def test_what_was_published_before_keeps_its_english_names(language, tenant):
    template = f'{{{{ trigger.x | date: "{FORM} %c" }}}}'

    assert pages(("2026-11-30T10:15", template), version=language, **tenant) == (
        "Monday 30 November 2026 10:15 AM Mon Nov 30 10:15:00 2026"
    )
