"""Cron expressions as people write them, in the one spelling that is worked out.

Names of days and months, English or Arabic, in any length; ranges that go on past the end, like
SAT-THU or 22-6; Arabic digits; `?` for `*`; and the short forms of whole expressions.
"""

import re
from collections.abc import Mapping
from typing import Final

from tenants.core.text.characters import without_invisible

SHORT_FORMS: Final = {
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
    "@MONTHLY": "0 0 1 * *",
    "@WEEKLY": "0 0 * * 0",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@HOURLY": "0 * * * *",
}
# By field: the first value, and the last. A week has Sunday at both ends.
RANGES: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
MINUTE, MONTH, WEEKDAY = 0, 3, 4

_DAYS: Final = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
_MONTHS: Final = (
    *("JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER"),
    *("OCTOBER", "NOVEMBER", "DECEMBER"),
)
_ARABIC_DAYS: Final = ("احد", "اثنين", "ثلاثاء", "اربعاء", "خميس", "جمعة", "سبت")
_ARABIC_MONTHS: Final = (
    *("يناير", "فبراير", "مارس", "ابريل", "مايو", "يونيو", "يوليو", "اغسطس", "سبتمبر"),
    *("اكتوبر", "نوفمبر", "ديسمبر"),
)
_SHORTEST_NAME: Final = 3
# Digits, letters and signs that are written in several ways.
_LOOKS_ALIKE: Final = str.maketrans(
    {
        **{chr(0x0660 + digit): str(digit) for digit in range(10)},
        **{chr(0x06F0 + digit): str(digit) for digit in range(10)},
        **dict.fromkeys("\u0623\u0625\u0622\u0671", "\u0627"),
        "\u060c": ",",
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014", "-"),
        "\u0640": "",
    }
)
_RANGE: Final = re.compile(r"(\d+)-(\d+)(?:/(\d+))?")
_NAME: Final = re.compile(r"[^\W\d_]{2,}")


def in_one_spelling(text: str) -> str:
    """Return an expression with numbers in place of names, its ranges written as they are read."""
    text = without_invisible(text).translate(_LOOKS_ALIKE).upper().strip()
    parts = SHORT_FORMS.get(text, text).split()
    if len(parts) != len(RANGES):
        return " ".join(parts)
    return " ".join(_field(part, index) for index, part in enumerate(parts))


def _field(part: str, index: int) -> str:
    if part == "?":
        return "*"
    names = {MONTH: _MONTH_NUMBERS, WEEKDAY: _DAY_NUMBERS}.get(index)
    if names is not None:
        part = _NAME.sub(lambda found: _number(found[0], names), part)
    return ",".join(_without_end(item, index) for item in part.split(","))


def _number(name: str, names: Mapping[str, int]) -> str:
    """Return the number that a name stands for; with the L of “the last Friday” behind it."""
    if name in names:
        return str(names[name])
    last = name.removesuffix("L")
    return f"{names[last]}L" if last != name and last in names else name


def _without_end(item: str, index: int) -> str:
    """Write a range out that goes on past the end of its field."""
    found = _RANGE.fullmatch(item)
    if found is None or index == MINUTE:  # nobody writes that
        return item
    start, end, step = int(found[1]), int(found[2]), int(found[3] or 1)
    first, last = RANGES[index]
    if start <= end or not (first <= end and start <= last + (index == WEEKDAY)) or not step:
        return item
    if index == WEEKDAY:
        start %= last + 1  # 7 is Sunday as well
    values = (
        [*range(start, last + 1), *range(first, end + 1)]
        if start > end
        else [*range(start, end + 1)]
    )
    return ",".join(map(str, values[::step]))


def _numbers(words: tuple[str, ...], arabic: tuple[str, ...], first: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, (word, other) in enumerate(zip(words, arabic, strict=True), first):
        for length in range(_SHORTEST_NAME, len(word) + 1):
            found[word[:length]] = number
        found[f"{word}S"] = number
        found |= {other: number, f"ال{other}": number}
    return found


_DAY_NUMBERS: Final = _numbers(_DAYS, _ARABIC_DAYS, 0)
_MONTH_NUMBERS: Final = {**_numbers(_MONTHS, _ARABIC_MONTHS, 1)}
