"""How many decimals an amount in a currency has: the minor units of ISO 4217.

Payment providers count amounts in the smallest unit, and this is the unit they mean. How amounts
are shown is another question, which the locale answers: Lebanese pounds are shown without decimals,
and counted with two. Source: list one of the standard's maintenance agency,
https://www.six-group.com/en/products-services/financial-information/data-standards.html
"""

from typing import Final

_CODES: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP "
        "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB "
        "EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
        "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
        "MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD "
        "RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
        "TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG "
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
MINOR_UNITS: Final = {code: places for places, codes in _CODES.items() for code in codes.split()}
# In the list, but with nothing to count: metals, units of account, the codes for tests and none.
WITHOUT_UNITS: Final = frozenset(
    ["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
)
MAX_PLACES: Final = 3  # of an amount that people pay in
USUAL_PLACES: Final = 2


def places_of(currency: str) -> int:
    """Return the decimals of amounts in a currency; of an unknown one, the usual two."""
    return MINOR_UNITS.get(currency.upper(), USUAL_PLACES)
