"""The names of months and days, and what stands for AM and PM, in the words of a locale."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from babel import Locale, UnknownLocaleError

from tenants.core.text.characters import comparable
from workflows.definition.values.dates import MONTHS, WEEKDAYS

# Both sets of Arabic names are read, whichever the company's country uses.
_ALSO_READ: Final = {"ar": ("ar", "ar_LB", "ar_EG")}
_WIDTHS: Final = ("wide", "abbreviated")
# An alef without its hamza, as most people type it.
_ALEFS: Final = str.maketrans(dict.fromkeys("\u0623\u0625\u0622\u0671", "\u0627"))
_CONTEXTS: Final = ("format", "stand-alone")


@dataclass(frozen=True, slots=True)
class CalendarWords:
    """The words of one locale, by the directives that print them."""

    inside: dict[str, tuple[str, ...]]  # beside a day of the month: many languages inflect
    alone: dict[str, tuple[str, ...]]
    halves: tuple[str, str]  # of a day


def locale_of(language: object, country: object = None) -> Locale:
    """Return the locale of a language, as the country has it; English where it is not known."""
    tag = str(language or "en").replace("-", "_")
    if country and "_" not in tag:
        try:
            return Locale.parse(f"{tag}_{country}")
        except (UnknownLocaleError, ValueError):
            pass
    try:
        return Locale.parse(tag)
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@lru_cache(maxsize=200)
def words_of(language: str, country: str = "") -> CalendarWords | None:
    """Return the words for printing; None for English, which the C library prints."""
    locale = locale_of(language, country)
    if locale.language == "en":
        return None
    periods: Any = locale.day_periods["format"]["abbreviated"]
    return CalendarWords(
        inside=_by_directive(locale, "format"),
        alone=_by_directive(locale, "stand-alone"),
        halves=(periods.get("am", "AM"), periods.get("pm", "PM")),
    )


def _by_directive(locale: Locale, context: str) -> dict[str, tuple[str, ...]]:
    # Arabic neither inflects nor shortens its months, and the data for a country has only these.
    is_arabic = locale.language == "ar"
    months, days = locale.months["format" if is_arabic else context], locale.days[context]
    short = months["wide" if is_arabic else "abbreviated"]
    return {
        "B": tuple(months["wide"][number] for number in range(1, 13)),
        "b": tuple(short[number] for number in range(1, 13)),
        "A": tuple(days["wide"][number] for number in range(7)),
        "a": tuple(days["abbreviated"][number] for number in range(7)),
    }


@lru_cache(maxsize=200)
def known_words(language: str, country: str = "") -> dict[str, dict[str, int]]:
    """Return what is read as a month (1 to 12), a day (0 is Monday), a half of a day (0, 1).

    Folded as texts are compared, in the language and in English.
    """
    known: dict[str, dict[str, int]] = {"month": {}, "day": {}, "half": {"am": 0, "pm": 1}}
    known["month"] |= {name[:size]: at for at, name in enumerate(MONTHS, 1) for size in (3, 99)}
    known["day"] |= {name[:size]: at for at, name in enumerate(WEEKDAYS) for size in (3, 99)}
    own = locale_of(language, country)
    for tag in (*_ALSO_READ.get(own.language, ()), str(own)):
        _add_words(known, Locale.parse(tag))
    return known


def _add_words(known: dict[str, dict[str, int]], locale: Locale) -> None:
    for context in _CONTEXTS:
        for width in _WIDTHS:
            months, days = locale.months[context][width], locale.days[context][width]
            known["month"] |= {folded(name): number for number, name in months.items()}
            known["day"] |= {folded(name): number for number, name in days.items()}
    for width in _WIDTHS:
        periods: Any = locale.day_periods["format"].get(width, {})
        halves = ((name, at) for at, name in enumerate(("am", "pm")) if name in periods)
        known["half"] |= {folded(periods[name]): at for name, at in halves}


def folded(text: str) -> str:
    """Return what two ways to write the same words have in common."""
    return comparable(comparable(text).casefold()).translate(_ALEFS)
