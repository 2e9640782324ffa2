"""Exact arithmetic, and numbers made readable."""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial

from babel.numbers import format_currency, get_currency_precision, is_currency

from tenants.core.values.currencies import MINOR_UNITS, USUAL_PLACES, WITHOUT_UNITS
from tenants.core.values.written import MAX_DIGITS_READ
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.language import AS_PEOPLE_WRITE
from workflows.definition.scope import NameScope
from workflows.definition.templates.filters.calendar_words import locale_of
from workflows.definition.templates.filters.calling import Cost, TemplateFilter
from workflows.definition.values.json_values import calculate, number, rounded

_CURRENCY = re.compile(r"[A-Z]{3}")
_LETTERS_BEFORE_DIGITS = re.compile(r"(?<=[A-Z])(?=[0-9])")


def _calculate(operation: str, left: Decimal, right: object) -> Decimal:
    return calculate(operation, left, number(right))


def _at_most(left: Decimal, right: object) -> Decimal:
    return min(left, number(right))


def _at_least(left: Decimal, right: object) -> Decimal:
    return max(left, number(right))


def _places(value: object) -> int:
    places = number(value)
    if places != int(places) or not 0 <= places <= MAX_DIGITS_READ // 2:
        raise ExpressionError(Code.OUT_OF_RANGE, least=0, most=MAX_DIGITS_READ // 2)
    return int(places)


def _round(left: Decimal, places: object = 0) -> Decimal:
    """`1250.505 | round: 2` is 1250.51, `1250.5 | round: 2` is 1250.50."""
    return rounded(left, _places(places))


def _number(left: Decimal, places: object = 2) -> str:
    """`1250.5 | number: 2` is the text 1250.50, with no marks between the thousands."""
    return format(rounded(left, _places(places)), "f")


def _currency(code: object, scope: NameScope) -> str:
    code = scope.tenant.get("currency") if code is None else code
    if not isinstance(code, str) or not _CURRENCY.fullmatch(code.upper()):
        raise ExpressionError(Code.NOT_A_CURRENCY, value=str(code or ""))
    if not is_currency(code.upper()) and code.upper() not in MINOR_UNITS:
        raise ExpressionError(Code.NOT_A_CURRENCY, value=code)
    return code.upper()


def _money(
    left: Decimal, currency: object = None, language: object = None, *, scope: NameScope
) -> str:
    """`1250.5 | money` in the tenant's currency and language; both can be named after it."""
    code = _currency(currency, scope)
    amount = rounded(left, get_currency_precision(code))
    shown = format_currency(
        amount, code, locale=locale_of(language or scope.tenant.get("language"))
    )
    # Unicode asks for a space between letters and digits ("SAR 12"); babel leaves it out.
    return _LETTERS_BEFORE_DIGITS.sub("\u00a0", str(shown))


def _minor_units(left: Decimal, currency: object = None, *, scope: NameScope) -> Decimal:
    """`125050 | minor_units` is 1250.50: an amount counted in the currency's smallest unit."""
    places = _decimals(currency, scope)
    return rounded(left.scaleb(-places), places)


def _to_minor_units(left: Decimal, currency: object = None, *, scope: NameScope) -> Decimal:
    """`1250.50 | to_minor_units` is 125050: as payment providers take amounts."""
    return rounded(left.scaleb(_decimals(currency, scope)), 0)


def _decimals(currency: object, scope: NameScope) -> int:
    if currency is None and not scope.tenant.get("currency"):
        return USUAL_PLACES
    code = _currency(currency, scope)
    if scope.language < AS_PEOPLE_WRITE:
        return get_currency_precision(code)
    if code in WITHOUT_UNITS:
        raise ExpressionError(Code.NOT_A_CURRENCY, value=code)
    # A currency of the past is not in the list: as its amounts were shown.
    return MINOR_UNITS[code] if code in MINOR_UNITS else get_currency_precision(code)


NUMBER_FILTERS = (
    *(
        TemplateFilter(name, partial(_calculate, name), "number")
        for name in ("plus", "minus", "times", "divided_by", "modulo")
    ),
    TemplateFilter("abs", Decimal.copy_abs, "number"),
    TemplateFilter("at_most", _at_most, "number"),
    TemplateFilter("at_least", _at_least, "number"),
    TemplateFilter("ceil", partial(rounded, places=0, rounding=ROUND_CEILING), "number"),
    TemplateFilter("floor", partial(rounded, places=0, rounding=ROUND_FLOOR), "number"),
    TemplateFilter("round", _round, "number"),
    TemplateFilter("number", _number, "number"),
    TemplateFilter("money", _money, "number", needs="scope", cost=Cost(once=1_500)),
    TemplateFilter("minor_units", _minor_units, "number", needs="scope", cost=Cost(once=300)),
    TemplateFilter("to_minor_units", _to_minor_units, "number", needs="scope", cost=Cost(once=300)),
)
