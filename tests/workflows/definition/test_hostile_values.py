"""No value from outside takes more than a moment, in any filter or operator."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from time import process_time

import pytest

from tenants.core.values.written import MAX_DIGITS_READ
from workflows.definition.errors import ExpressionError
from workflows.definition.operators import OPERATORS, Sides
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template
from workflows.definition.templates.filters import FILTERS
from workflows.definition.values.json_values import MAX_STORED_DIGITS

LENGTH = 200_000
# Many times what is allowed (a twentieth of a second), for machines that are busy.
MOST_SECONDS = 0.5


def long(text):
    return text * (LENGTH // len(text))


TEXTS = {
    "exponent": "1e1000000",
    "small exponent": "-1e-1000000",
    "exponent without end": "1e999999999999",
    "exponent beyond the database": "1e5000",
    "digits": long("9"),
    "decimals": "0." + long("1"),
    "arabic digits": long("\N{ARABIC-INDIC DIGIT ONE}"),
    "open tags": long("<"),
    "half tags": long("<a "),
    "open tags, one end": long("<a ") + ">",
    "scripts": long("<script>"),
    "comments": long("<!--") + ">",
    "entities": long("&" + "a" * 31),
    "numbered entity": "&#" + long("9"),
    "hex entity": "&#x" + long("F"),
    "blanks": long(" ") + "x",
    "lines": long("\r\n"),
    "words": long("a "),
    "commas": long(","),
    "percent": long("%"),
    "percent codes": long("%41"),
    "deep list": long("[") + "]",
    "deep object": long('{"a":'),
    "list of exponents": "[" + long("1e999999,") + "1]",
    "list of decimals": "[" + long("1.5,") + "1]",
    "members": "{" + long('"a":1,') + '"b":1}',
    "quotes": long('"'),
    "date": "2026-01-01T00:00:00Z" + long(" "),
    "locale": long("ar_"),
    "path": long("a."),
    "sharp s": long("ß"),
}
LISTS = {
    "ints": [1] * 10_000,
    "texts": [f"x{number}" for number in range(10_000)],
    "decimals": [f"{number}.50" for number in range(10_000, 0, -1)],
    "dates": [f"2026-01-{n % 28 + 1:02}T{n % 24:02}:00:00+02:00" for n in range(10_000)],
    "objects": [{"a": number, "b": "x"} for number in range(10_000, 0, -1)],
    "large numbers": [Decimal("1E+999")] * 10_000,
    "too many": [1] * 100_000,
}
NUMBERS = {
    "positive": Decimal("1E+1000000"),
    "negative": Decimal("1E-1000000"),
    "most": Decimal("1E+99"),
    "integer": 10**999,
}
VALUES = TEXTS | LISTS | NUMBERS
ARGUMENTS = ["", ": 'a'", ": trigger.x", ": 'a', trigger.x", ": 2, trigger.x"]
TENANT = {"time_zone": "Asia/Beirut", "currency": "LBP", "country": "LB", "language": "ar"}


def seconds_of(work):
    before = process_time()
    with suppress(ExpressionError):
        work()
    return process_time() - before


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_is_quick_whatever_it_is_given(name):
    slow = {}
    for arguments in ARGUMENTS:
        for left in ("trigger.x", "trigger.y"):
            template = compile_template(f"{{{{ {left} | {name}{arguments} }}}}")
            for word, hostile in VALUES.items():
                scope = NameScope(trigger={"x": hostile, "y": "7"}, tenant=TENANT)
                taken = seconds_of(lambda: template.value(scope))  # noqa: B023
                if taken > MOST_SECONDS:
                    slow[f"{left}: {word}, {arguments}"] = taken

    assert slow == {}


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_every_operator_is_quick_whatever_it_is_given(name):
    now, slow = datetime(2026, 11, 22, 9, tzinfo=UTC), {}
    for word, hostile in VALUES.items():
        for left, right in [(hostile, "7"), ("7", hostile), (hostile, hostile), (hostile, ["7"])]:
            sides = Sides("x", left, right, now=now, zone=UTC, before=right, before_path="y")
            taken = seconds_of(lambda: OPERATORS[name].holds(sides))  # noqa: B023
            if taken > MOST_SECONDS:
                slow[word, str(right)[:10]] = taken

    assert slow == {}


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1e1000000", MAX_STORED_DIGITS),
        ("1e100", MAX_STORED_DIGITS),
        ("-1E-5000", MAX_STORED_DIGITS),
        ('{"a": [1e5000]}', MAX_STORED_DIGITS),
        ("9" * 101, MAX_STORED_DIGITS),
        ("0." + "1" * 101, MAX_STORED_DIGITS),
    ],
)
def test_a_number_that_cannot_be_stored_is_a_clear_problem(text, limit):
    scope = NameScope(trigger={"x": text})

    with pytest.raises(ExpressionError) as refused:
        compile_template("{{ trigger.x | parse_json }}").value(scope)

    assert (refused.value.code, refused.value.params["limit"]) == ("limit_reached", "digits")
    assert refused.value.params["most"] == limit


@pytest.mark.parametrize("operation", ["plus", "times", "divided_by", "modulo", "minus"])
@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_arithmetic_with_long_numbers_is_short_or_refused(operation, number):
    scope = NameScope(trigger={"x": number})
    template = compile_template(f"{{{{ trigger.x | {operation}: trigger.x }}}}")

    with suppress(ExpressionError):
        result = template.value(scope)
        assert len(str(result).strip("0")) <= MAX_DIGITS_READ


def test_numbers_as_long_as_every_door_takes_are_read():
    long_number = "1" * 60 + "." + "1" * 40
    scope = NameScope(trigger={"x": f"[{long_number}, 1e99]"})

    value = compile_template("{{ trigger.x | parse_json }}").value(scope)

    assert value == [Decimal(long_number), Decimal("1e99")]
