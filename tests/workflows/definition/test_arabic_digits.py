"""Numbers as an Arabic or Persian keyboard writes them are numbers everywhere."""

from datetime import UTC
from decimal import Decimal

import pytest

from tenants.core.values.comparison import equal
from tenants.core.values.numbers import as_number
from workflows.definition.operators import OPERATORS, Sides
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template
from workflows.definition.values.json_values import order
from workflows.services.approvals.answers import Field, FieldType, checked

ARABIC = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")  # noqa: RUF001
PERSIAN = str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫")  # noqa: RUF001
NUMBERS = ["150", "0", "-3", "149.90", "1250.5", " 7 ", "9" * 20]
NO_NUMBERS = ["007", "1e5", "12 SAR", "", "-", "1.2.3"]
KEYBOARDS = pytest.mark.parametrize("keyboard", [ARABIC, PERSIAN], ids=["arabic", "persian"])


def holds(name, left, right):
    return OPERATORS[name].holds(Sides("x", left, right, now=None, zone=UTC))


@KEYBOARDS
@pytest.mark.parametrize("western", NUMBERS)
def test_they_read_as_western_ones_do(keyboard, western):
    written = western.translate(keyboard)
    more = str(Decimal(western) + 1)

    assert as_number(written) == Decimal(western)
    assert equal(written, western, UTC)
    assert order(written, more, UTC) == -1
    assert holds("equals", written, Decimal(western))
    assert holds("less_than", written, more)
    assert holds("in", western, [written])
    assert not holds("not_equals", written, western)


@KEYBOARDS
@pytest.mark.parametrize("western", NO_NUMBERS)
def test_what_is_no_number_in_western_digits_is_none_in_others(keyboard, western):
    assert as_number(western.translate(keyboard)) is None


@KEYBOARDS
def test_filters_and_approvals_read_the_same(keyboard):
    scope = NameScope(
        trigger={"x": "149.90".translate(keyboard), "list": ["2".translate(keyboard), 1]}
    )
    amount = Field("amount", "Amount", FieldType.NUMBER, required=True)

    assert compile_template("{{ trigger.x | plus: 0.1 }}").value(scope) == Decimal("150.00")
    assert compile_template("{{ trigger.list | sort | last }}").value(scope) != 1
    assert compile_template("{{ trigger.x }}").value(scope) == scope.trigger["x"]
    assert checked((amount,), {"amount": scope.trigger["x"]}) == {"amount": "149.90"}


def test_the_mark_for_thousands_is_read_as_approvals_read_it():
    assert as_number("١٬٥٠٠٫٢٥") == Decimal("1500.25")  # noqa: RUF001
