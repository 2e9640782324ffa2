"""What changes where a document of the second language is published in the third."""

import re
from collections.abc import Iterator
from typing import Any, Final

from babel.numbers import get_currency_precision

from tenants.core.json.pointers import pointer
from tenants.core.values.currencies import MINOR_UNITS
from workflows.definition.changes.numbers import ChangedPlace
from workflows.definition.templates.compiled import is_template
from workflows.definition.templates.filters.calendar_words import words_of

_NAMES: Final = re.compile(r"\|\s*date\s*:\s*(?![\s\"'])|%-?[aAbBhcp]")
_DATE: Final = re.compile(r"\|\s*date\b")
_UNITS: Final = re.compile(r"\|\s*minor_units\b(?:\s*:\s*(?:([\"'])([A-Za-z]{3})\1)?)?")


def rewritten(document: Any, language: str, currency: str) -> Iterator[ChangedPlace]:
    """Yield the templates that print other names of days, or count amounts in another way.

    `language` and `currency` are the company's.
    """
    for place, text in _templates(document, ""):
        if words_of(language) is not None and _DATE.search(text) and _NAMES.search(text):
            yield ChangedPlace(place, text, "names")
        if any(_counts_otherwise(found, currency) for found in _UNITS.finditer(text)):
            yield ChangedPlace(place, text, "units")


def _counts_otherwise(found: re.Match[str], currency: str) -> bool:
    code = (found[2] or "").upper()
    if not code:
        if ":" in found[0]:
            return True  # which one is known when it is filled in
        code = currency
    return code in MINOR_UNITS and MINOR_UNITS[code] != get_currency_precision(code)


def _templates(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if is_template(value):
            yield place, value
        return
    inside: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, dict):
        inside = iter(value.items())
    elif isinstance(value, list):
        inside = iter(enumerate(value))
    for key, one in inside:
        yield from _templates(one, pointer(place, key))
