"""Amounts as payment providers count them: every currency of ISO 4217.

Source: list one, https://www.six-group.com/en/products-services/financial-information/data-standards.html
"""

from decimal import Decimal

import pytest

from tenants.core.values.currencies import MINOR_UNITS, WITHOUT_UNITS, places_of
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template

# A decimal more or less than two; all others have two.
OTHERS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP "
    "GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK "
    "LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO "
    "NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS "
    "SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST "
    "XAD XCD XCG YER ZAR ZMW ZWG "
)
PLACES = {code: places for places, codes in {**OTHERS, 2: TWO}.items() for code in codes.split()}
NONE = ["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
# What locales show with fewer decimals than providers count: as it was read before.
SHOWN_WITHOUT = {"LBP": 0, "SYP": 0, "YER": 0, "AFN": 0, "IQD": 0, "IRR": 0, "UZS": 2, "HUF": 2}


def value(template, version=3, **tenant):
    return compile_template(template).value(NameScope(tenant=tenant, language=version))


def test_the_table_is_the_list():
    assert MINOR_UNITS == PLACES
    assert sorted(WITHOUT_UNITS) == NONE
    assert len(PLACES) == 165


@pytest.mark.parametrize("code", PLACES)
def test_an_amount_is_counted_in_the_smallest_unit_and_back(code):
    places = PLACES[code]
    amount = value(f"{{{{ 1234567 | minor_units: '{code}' }}}}")

    assert amount == Decimal(1234567).scaleb(-places)
    assert str(amount) == str(Decimal(1234567).scaleb(-places))
    assert value("{{ 1234567 | minor_units }}", currency=code) == amount
    assert value(f"{{{{ '{amount}' | to_minor_units: '{code.lower()}' }}}}") == 1234567
    assert value(f"{{{{ '{amount}' | to_minor_units }}}}", currency=code) == 1234567


@pytest.mark.parametrize("code", NONE)
@pytest.mark.parametrize("name", ["minor_units", "to_minor_units"])
def test_what_has_no_units_is_refused(code, name):
    with pytest.raises(ExpressionError, match="not_a_currency"):
        value(f"{{{{ 1 | {name}: '{code}' }}}}")


def test_what_is_no_currency_is_refused_and_one_of_the_past_is_not():
    assert value("{{ 150 | minor_units: 'HRK' }}") == Decimal("1.50")
    assert value("{{ 150 | minor_units }}") == Decimal("1.50")
    for code in ("ABC", "us", "$", ""):
        with pytest.raises(ExpressionError, match="not_a_currency"):
            value(f"{{{{ 150 | minor_units: '{code}' }}}}")


def test_half_a_unit_is_rounded_as_everything_is():
    assert value("{{ 18.6055 | to_minor_units: 'KWD' }}") == 18606
    assert value("{{ 149.905 | to_minor_units: 'USD' }}") == 14991
    assert repr(value("{{ 149.90 | to_minor_units: 'USD' }}")) == "14990"


@pytest.mark.parametrize("language", [1, 2])
@pytest.mark.parametrize(("code", "places"), SHOWN_WITHOUT.items())
def test_a_workflow_that_was_published_before_counts_as_it_did(code, places, language):
    found = value(f"{{{{ 125000 | minor_units: '{code}' }}}}", language)

    assert Decimal(str(found)) == Decimal(125000).scaleb(-places)


@pytest.mark.parametrize(
    ("code", "shown"),
    [("KWD", "KWD\u00a018.605"), ("USD", "$18.61"), ("LBP", "LBP\u00a019"), ("JPY", "¥19")],
)
def test_people_are_shown_an_amount_as_their_locale_does(code, shown):
    assert value(f"{{{{ 18.605 | money: '{code}' }}}}", language="en") == shown


def test_an_unknown_currency_has_two_decimals():
    assert (places_of("kwd"), places_of("JPY"), places_of("???")) == (3, 0, 2)
