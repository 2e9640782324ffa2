"""The places for values in a registered text: {{1}} by number, or {{name}} by name."""

import re
from collections.abc import Mapping
from typing import Final

_PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# Whatever somebody may have meant as a place.
_MEANT: Final = re.compile(r"\{\{[^{}]*\}\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def places_in(text: str) -> list[str]:
    """Return what stands between the braces, each once, in the order of the text."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def are_named(places: list[str]) -> bool:
    """Say whether a text gives its values names; one of numbers, or without any, does not."""
    return any(not place.isdecimal() for place in places)


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def fault_in(text: str) -> str:
    """Return the first place that WhatsApp would not take, or ""."""
    odd = (place for place in _MEANT.findall(text) if not _PLACE.fullmatch(place))
    named = (
        f"{{{{{place}}}}}"
        for place in places_in(text)
        if not (place.isascii() and place.isdecimal()) and not is_name(place)
    )
    return next(odd, "") or next(named, "")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its values; a place without one stays."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)
