"""Filters: exact numbers, lists, text, dates."""

# ruff: noqa: E501 -- a row of a table is one line

import contextlib
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.core.json.jsontext import dumps, loads
from tenants.core.values.paths import LEFT_OUT
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template
from workflows.definition.templates.filters import FILTERS
from workflows.presentation.documents.problems import sentence

decimals = st.decimals(-(10**12), 10**12, places=4, allow_nan=False)


def value(source, scope):
    return compile_template(source).value(scope)


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("plus", Decimal.__add__),
        ("minus", Decimal.__sub__),
        ("times", Decimal.__mul__),
        ("modulo", Decimal.__mod__),
    ],
)
@given(left=decimals, right=decimals)
def test_arithmetic_is_that_of_decimals(name, operation, left, right):
    scope = NameScope(trigger={"a": format(left, "f"), "b": format(right, "f")})
    if name == "modulo" and right == 0:
        return
    with localcontext(prec=60):
        assert Decimal(value(f"{{{{ trigger.a | {name}: trigger.b }}}}", scope)) == operation(
            left, right
        )


@given(left=decimals, right=decimals.filter(bool))
def test_division_keeps_28_digits(left, right):
    scope = NameScope(trigger={"a": format(left, "f"), "b": format(right, "f")})

    result = Decimal(value("{{ trigger.a | divided_by: trigger.b }}", scope))

    with localcontext(prec=28, rounding=ROUND_HALF_UP):
        assert result == left / right


@given(numbers=st.lists(decimals, max_size=8))
def test_a_sum_is_exact(numbers):
    scope = NameScope(trigger={"a": [format(number, "f") for number in numbers]})

    assert Decimal(value("{{ trigger.a | sum }}", scope)) == sum(numbers)


@given(numbers=st.lists(decimals, max_size=8))
def test_numbers_in_text_sort_as_numbers(numbers):
    texts = [format(number, "f") for number in numbers]

    result = value("{{ trigger.a | sort }}", NameScope(trigger={"a": texts}))

    assert [Decimal(text) for text in result] == sorted(numbers)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # The library gives 125, 1250, 1250.5 and 0 for the first four.
        ("{{ 12550 | divided_by: 100 }}", Decimal("125.5")),
        ("{{ 125050 | divided_by: 100 }}", Decimal("1250.5")),
        ("{{ 1250.5 | round: 2 }}", Decimal("1250.50")),
        ("{{ '10.50' | plus: 1 }}", Decimal("11.50")),
        ("{{ 0.1 | plus: 0.2 }}", Decimal("0.3")),
        ("{{ 5000 | divided_by: 100 }}", 50),
        ("{{ 10 | divided_by: 3 | round: 2 }}", Decimal("3.33")),
        ("{{ 2.5 | round }}", 3),
        ("{{ -2.5 | round }}", -3),
        ("{{ 2.1 | ceil }}", 3),
        ("{{ -2.1 | floor }}", -3),
        ("{{ '-3' | abs }}", 3),
        ("{{ 5 | at_most: '3' }}", 3),
        ("{{ 5 | at_least: 7.5 }}", Decimal("7.5")),
        ("{{ 1250.5 | number: 2 }}", "1250.50"),
        ("{{ 1250.555 | number }}", "1250.56"),
        ("{{ 125050 | minor_units }}", Decimal("1250.50")),
        ("{{ 125050 | minor_units: 'KWD' }}", Decimal("125.050")),
        ("{{ 1250 | minor_units: 'JPY' }}", 1250),
        ("{{ 1250.5 | money: 'EUR', 'de' }}", "1.250,50\xa0€"),
        ("{{ 1250.5 | money: 'USD' }}", "$1,250.50"),
        ("{{ 1250.555 | money }}", "SAR\xa01,250.56"),
        ("{{ '1,5' | split: ',' | sum }}", 6),
        ("{{ '050 123 4567' | phone }}", "+966501234567"),
        ("{{ '+44 20 7946 0958' | phone }}", "+442079460958"),
        ("{{ '020 7946 0958' | phone: 'GB' }}", "+442079460958"),
        ("{{ 'abc' | sha256 | truncate: 11 }}", "ba7816bf..."),
        ("{{ trigger.items | json }}", '[{"sku": "b", "n": 10}, {"sku": "a", "n": "9"}]'),
        ("{{ '[1, {\"a\": 1.50}]' | parse_json }}", [1, {"a": Decimal("1.50")}]),
        ("{{ trigger.items | map: 'sku' | join: '+' }}", "b+a"),
        ("{{ trigger.items | sort: 'n' | map: 'sku' }}", ["a", "b"]),
        ("{{ trigger.items | sum: 'n' }}", 19),
        ("{{ trigger.items | where: 'n', '10' | map: 'sku' }}", ["b"]),
        ("{{ trigger.items | reject: 'n', 10 | size }}", 1),
        ("{{ trigger.items | find: 'sku', 'a' | json }}", '{"sku": "a", "n": "9"}'),
        ("{{ trigger.items | find_index: 'sku', 'a' }}", 1),
        ("{{ trigger.items | has: 'sku', 'z' }}", False),
        ("{{ trigger.items | first | size }}", 2),
        ("{{ trigger.tags | uniq }}", ["b", "A", 1, True]),
        ("{{ trigger.tags | compact | size }}", 5),
        ("{{ trigger.tags | reverse | last }}", "b"),
        ("{{ 'b,A,c' | split: ',' | sort_natural }}", ["A", "b", "c"]),
        ("{{ '2026-01-02,2025-12-31' | split: ',' | sort }}", ["2025-12-31", "2026-01-02"]),
        ("{{ trigger.tags | slice: 0, 2 }}", ["b", "A"]),
        ("{{ 'abc' | slice: -2, 2 }}", "bc"),
        ("{{ 'abc' | size }}", 3),
        ("{{ true | append: 1.5 }}", "true1.5"),
        ("{{ 'a' | replace: 'a', 'b' | upcase }}", "B"),
    ],
)
def test_filters_give(source, expected, scope_of):
    scope = scope_of(
        {
            "items": [{"sku": "b", "n": 10}, {"sku": "a", "n": "9"}],
            "tags": ["b", "A", "b", 1, True],
        }
    )

    result = value(source, scope)

    # Of the same type, and with the same digits.
    assert repr(result) == repr(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ '2026-03-04' | date: '%d.%m.%Y' }}", "04.03.2026"),
        ("{{ '2026-03-04T22:30:00Z' | date: '%d %H:%M' }}", "05 01:30"),
        ("{{ '2026-03-04T22:30:00' | date: '%d %H:%M' }}", "04 22:30"),
        ("{{ 1767225600 | date: '%Y-%m-%d %H' }}", "2026-01-01 03"),
        ("{{ '2026-01-01T00:00:00+09:00' | date: '%s' }}", "1767193200"),
        ("{{ now | date: '%A %-d' }}", "Sunday 22"),
        ("{{ 0 | date: '%%s %s' }}", "%s 0"),
        ("{{ 'today' | date: '%H' }}", "12"),
        ("{{ '2026-01-31' | date_add: '1 month' }}", "2026-02-28"),
        ("{{ '2024-02-29' | date_add: '-1 year' }}", "2023-02-28"),
        ("{{ '2026-01-31' | date_add: '3 days' }}", "2026-02-03"),
        ("{{ '2026-01-31' | date_add: '5 hours' }}", "2026-01-31T05:00:00+03:00"),
        ("{{ now | date_add: '2 weeks' }}", "2026-12-06T12:00:00+03:00"),
        ("{{ now | start_of: 'day' }}", "2026-11-22T00:00:00+03:00"),
        ("{{ now | start_of: 'week' }}", "2026-11-16T00:00:00+03:00"),
        ("{{ now | start_of: 'month' }}", "2026-11-01T00:00:00+03:00"),
        ("{{ now | start_of: 'year' }}", "2026-01-01T00:00:00+03:00"),
        ("{{ now | days_until: '2026-11-25' }}", 3),
        ("{{ now | days_until: '2026-11-21T23:59:59+03:00' }}", -1),
    ],
)
def test_dates(source, expected, scope_of):
    assert value(source, scope_of()) == expected


def test_a_day_keeps_the_clock_and_24_hours_do_not(scope_of):
    # In Berlin the clocks went forward on 29 March 2026.
    scope = scope_of(tenant={"time_zone": "Europe/Berlin"})

    day = value("{{ '2026-03-28T12:00:00' | date_add: '1 day' }}", scope)
    hours = value("{{ '2026-03-28T12:00:00' | date_add: '24 hours' }}", scope)
    skipped = value("{{ '2026-03-28T02:30:00' | date_add: '1 day' }}", scope)

    assert day == "2026-03-29T12:00:00+02:00"
    assert hours == "2026-03-29T13:00:00+02:00"
    assert skipped == "2026-03-29T03:30:00+02:00"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ 1 | divided_by: 0 }}", "division_by_zero"),
        ("{{ 1 | modulo: '0.0' }}", "division_by_zero"),
        ("{{ '99 SAR' | plus: 1 }}", "not_a_number"),
        ("{{ '' | plus: 1 }}", "not_a_number"),
        ("{{ true | plus: 1 }}", "not_a_number"),
        ("{{ '1e5' | plus: 1 }}", "not_a_number"),
        ("{{ '007' | plus: 1 }}", "not_a_number"),
        ("{{ '1,000' | plus: 1 }}", "not_a_number"),
        ("{{ 'a,1' | split: ',' | sum }}", "not_a_number"),
        ("{{ 'a,1' | split: ',' | sort }}", "not_a_number"),
        ("{{ 1 | round: 99 }}", "out_of_range"),
        ("{{ 1 | money: 'euro' }}", "not_a_currency"),
        ("{{ 1 | money: 'QQQ' }}", "not_a_currency"),
        ("{{ '12' | phone }}", "not_a_phone"),
        ("{{ 'call me' | phone }}", "not_a_phone"),
        ("{{ '{' | parse_json }}", "bad_filter_use"),
        ("{{ 'NaN' | parse_json }}", "not_a_value"),
        ("{{ '03/04/2026' | date: '%d' }}", "not_a_date"),
        ("{{ '2026-02-30' | date: '%d' }}", "not_a_date"),
        ("{{ 'soon' | date: '%d' }}", "not_a_date"),
        ("{{ now | date: '%999999999d' }}", "bad_format"),
        ("{{ now | date: '%' }}", "bad_format"),
        ("{{ now | date_add: '3d' }}", "not_a_duration"),
        ("{{ now | date_add: '999999 years' }}", "not_a_date"),
        ("{{ now | start_of: 'decade' }}", "not_a_choice"),
        ("{{ 5 | size }}", "not_a_list"),
        ("{{ 'a' | concat: 'b' }}", "not_a_list"),
        ("{{ 'a' | base64_decode }}", "bad_filter_use"),
    ],
)
def test_filters_refuse(source, code, scope_of):
    with pytest.raises(ExpressionError) as refused:
        value(source, scope_of())

    error = refused.value
    assert error.code == code
    assert not sentence(code, error.params).startswith(code)


texts = st.text(max_size=6) | st.sampled_from(
    ["0001-01-01", "9999-12-31T23:59:59-23:59", "12.5", "1e9", "%d", "%s", "3 days", "year", "USD", "a.b", "[1]"]
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False).map(lambda one: Decimal(repr(one)))
    | texts
)
payloads = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", sorted(FILTERS))
@given(left=payloads, arguments=st.lists(payloads, max_size=2))
@settings(max_examples=60)
def test_every_filter_gives_json_or_refuses(name, left, arguments):
    tenant = {"time_zone": "Asia/Riyadh", "currency": "SAR", "country": "SA", "language": "ar"}
    scope = NameScope(trigger={"x": left, "args": arguments}, tenant=tenant)
    words = ", ".join(f"trigger.args[{index}]" for index in range(len(arguments)))
    source = f"{{{{ trigger.x | {name}{': ' * bool(arguments)}{words} }}}}"

    with contextlib.suppress(ExpressionError):
        result = value(source, scope)
        assert result is LEFT_OUT or loads(dumps(result)) == result
