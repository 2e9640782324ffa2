"""Dates in a form that somebody names: `"30/11/2026" | parse_date: "%d/%m/%Y"`.

Each directive stands once, so that reading takes a time that grows no faster than the text.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

from tenants.core.text.characters import comparable
from tenants.core.values.written import is_hijri_year, plainly_written
from workflows.definition.templates.filters.calendar_words import folded, known_words
from workflows.definition.values.dates import WEEKDAYS

MAX_DATE_LENGTH: Final = 200  # characters
_PIECE: Final = re.compile(r"%-?(.)|\s+|[^%\s]+", re.DOTALL)
_WRITTEN_OUT: Final = {"F": "%Y-%m-%d", "D": "%m/%d/%y", "T": "%H:%M:%S", "R": "%H:%M"}
_SAME_AS: Final = {"e": "d", "k": "H", "l": "I", "b": "B", "h": "B", "a": "A", "P": "p"}
_NUMBERS: Final = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "j": r"\d{1,3}",
    "f": r"\d{1,9}",
    **dict.fromkeys("mdHIMS", r"\d{1,2}"),
}
_NAMES: Final = {"B": "month", "A": "day", "p": "half"}
_OFFSET: Final = r"z|utc|gmt|[+-]\d{2}:?\d{2}"


class BadDateForm(ValueError):
    """The form cannot say which day is meant, or has something that is not read."""


@dataclass(frozen=True, slots=True)
class DateForm:
    """A form, ready to read with."""

    pattern: re.Pattern[str]
    words: dict[str, dict[str, int]]
    has_time: bool

    def read(self, text: str, zone: tzinfo) -> date | datetime | None:
        """Return the day, or the moment in `zone` if the form has an hour; None: not so written."""
        written = plainly_written(text)
        if written is None or len(written) > MAX_DATE_LENGTH:
            return None
        found = self.pattern.fullmatch(folded(written))
        if found is None:
            return None
        try:
            named = found.groupdict()
            day = self._day(named)
            return self._moment(day, named, zone) if self.has_time else day
        except (ValueError, OverflowError):
            return None

    def _day(self, named: dict[str, str]) -> date:
        year = int(named["Y"]) if "Y" in named else _year(int(named["y"]))
        if is_hijri_year(year):
            raise ValueError("a year of another calendar")
        if "j" in named:
            day = date(year, 1, 1) + timedelta(days=int(named["j"]) - 1)
            if day.year != year:
                raise ValueError("no such day of the year")
        else:
            month = self._word("B", named) or int(named.get("m") or 1)
            day = date(year, month, int(named.get("d") or 1))
        if "A" in named and self._word("A", named) != day.weekday():
            raise ValueError(f"no {WEEKDAYS[day.weekday()]}")
        return day

    def _moment(self, day: date, named: dict[str, str], zone: tzinfo) -> datetime:
        hour = int(named.get("H") or 0)
        if "I" in named:
            if not 1 <= int(named["I"]) <= 12:
                raise ValueError("no hour of half a day")
            hour = int(named["I"]) % 12 + 12 * self._word("p", named)
        second, part = int(named.get("S") or 0), (named.get("f") or "0").ljust(6, "0")[:6]
        clock = time(hour, int(named.get("M") or 0), second, int(part))
        at = datetime.combine(day, clock)
        if "z" in named:
            return at.replace(tzinfo=_offset(named["z"])).astimezone(zone)
        return at.replace(tzinfo=zone)

    def _word(self, directive: str, named: dict[str, str]) -> int:
        return self.words[_NAMES[directive]][named[directive]] if directive in named else 0


@lru_cache(maxsize=500)
def date_form(form: str, language: str, country: str) -> DateForm:
    """Return the form for dates in the words of a language. Raises BadForm."""
    form = comparable(form)
    for short, long in _WRITTEN_OUT.items():
        form = form.replace(f"%{short}", long)
    words = known_words(language, country)
    pieces, used = [], set[str]()
    for piece in _PIECE.finditer(form):
        named: str | None = piece[1]
        if named is None:
            pieces.append(_as_it_is(piece[0]))
            continue
        directive = _SAME_AS.get(named, named)
        if directive == "%":
            pieces.append("%")
        elif directive in used:
            raise BadDateForm(form)
        else:
            used.add(directive)
            pieces.append(f"(?P<{directive}>{_inside(directive, words)})")
    if form.endswith("%") or not _is_whole(used):
        raise BadDateForm(form)
    has_time = bool(used & set("HI"))
    return DateForm(re.compile("".join(pieces), re.ASCII), words, has_time)


def _as_it_is(piece: str) -> str:
    words = folded(piece)
    return r"\s+" if not words.strip() else re.escape(words)


def _inside(directive: str, words: dict[str, dict[str, int]]) -> str:
    if directive in _NUMBERS:
        return _NUMBERS[directive]
    if directive == "z":
        return _OFFSET
    if directive not in _NAMES:
        raise BadDateForm(directive)
    known = sorted(words[_NAMES[directive]], key=len, reverse=True)
    return "|".join(map(re.escape, known))


def _is_whole(used: set[str]) -> bool:
    """Say whether a form names one year, one way of months, and hours as one can read them."""
    is_one_year = len(used & {"Y", "y"}) == 1
    is_one_month = len(used & {"m", "B", "j"}) <= 1 and not used >= {"d", "j"}
    is_day_of_month = "d" not in used or bool(used & {"m", "B"})
    is_one_hour = len(used & {"H", "I"}) <= 1 and ("I" in used) <= ("p" in used)
    is_time = bool(used & {"H", "I"}) or not used & set("MSfzp")
    return is_one_year and is_one_month and is_day_of_month and is_one_hour and is_time


def _year(two_digits: int) -> int:
    return two_digits + (1900 if two_digits >= 69 else 2000)


def _offset(written: str) -> tzinfo:
    if written[0] not in "+-":
        return UTC
    digits = written[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if written[0] == "-" else span)
