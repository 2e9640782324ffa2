"""On which days a country works, and with which its week begins: CLDR's data, as Babel has them."""

from functools import cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

MONDAY, SATURDAY, SUNDAY = 0, 5, 6
ALL_DAYS: Final = frozenset(range(7))


@cache
def working_days(country: str) -> frozenset[int]:
    """Return the days that are no weekend, Monday as 0; of an unknown country Monday to Friday."""
    locale = _locale_of(country)
    first, last = (locale.weekend_start, locale.weekend_end) if locale else (SATURDAY, SUNDAY)
    weekend = {(first + past) % 7 for past in range((last - first) % 7 + 1)}
    return ALL_DAYS - weekend


@cache
def days_in_order(country: str) -> tuple[int, ...]:
    """Return the days of a week as the country lists them, Monday as 0."""
    locale = _locale_of(country)
    first = locale.first_week_day if locale else MONDAY
    return tuple((first + past) % 7 for past in range(7))


def _locale_of(country: str) -> Locale | None:
    """Return any locale of the country: its days do not depend on the language."""
    for language in get_official_languages(country.upper(), de_facto=True):
        try:
            return Locale(language, country.upper())
        except UnknownLocaleError:
            continue
    return None
