"""Keeping secrets, and characters that PostgreSQL refuses, out of what a step gives back."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

from actions.web.echoes import PART, Echoes
from tenants.core.json import Json
from tenants.core.values.numbers import is_too_long

HIDDEN: Final = "[secret]"
MAX_DEPTH: Final = 64
_APART: Final = "\x01"  # between texts; in none of the forms of a secret
# Surrogates that stand alone and NUL: JSON text may hold them, jsonb does not.
_REFUSED_BY_POSTGRESQL: Final = re.compile("[\x00\ud800-\udfff]")
# Shorter numbers are never taken for a secret of digits.
_LONG_NUMBER: Final = 10**5


class TooDeep(ValueError):
    """A document is nested deeper than anybody needs."""


class Scrubber:
    """Replaces a connection's secrets, in the forms in which servers echo them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._echoes = Echoes.of(tuple(secrets))

    def text(self, text: str) -> str:
        """Return the text without secrets, storable in PostgreSQL."""
        if self._echoes:
            text = self._hidden(text)
        return _storable(text)

    def _hidden(self, text: str) -> str:
        at, kept = 0, ""
        for start, end in self._echoes.marks(text):
            kept += text[at:start] + HIDDEN
            at = end
        return kept + text[at:] if at else text

    def json(self, value: Json) -> Json:
        """Return the value without secrets, storable as jsonb. Raises TooDeep.

        A number that no door lets in becomes text.
        """
        texts: list[str] = []
        _collect(value, texts, 0)
        # Nearly no answer holds a secret: all of its texts are looked at together.
        hide = _storable
        if self._echoes and self._echoes.marks(_APART.join(texts)):
            hide = self.text
        return self._json(value, hide)

    def _json(self, value: Json, hide: Callable[[str], str]) -> Json:
        if isinstance(value, str):
            return hide(value)
        if isinstance(value, dict):
            return {hide(key): self._json(one, hide) for key, one in value.items()}
        if isinstance(value, list):
            return HIDDEN if self._says_secret(value) else [self._json(one, hide) for one in value]
        return self._number(value)

    def _says_secret(self, value: list[Json]) -> bool:
        """Whether a list is the bytes of a text with a secret in it."""
        if len(value) < PART or not self._echoes or not all(type(one) is int for one in value):
            return False
        said = "".join(chr(one) if 0 < one < 256 else " " for one in value)
        return bool(self._echoes.marks(said))

    def _number(self, value: Json) -> Json:
        # What came is told, and no answer fails a step that was done because of a number in it.
        if is_too_long(value):
            value = str(value)
        if self._echoes and _may_be_secret(value):
            # As it is written, and as digits: 1.2345678E+9.
            forms = (str(value), str(value).replace(".", ""))
            if any(self._echoes.marks(form) for form in forms):
                return HIDDEN
        return value


def _storable(text: str) -> str:
    if text.isascii() and "\0" not in text:
        return text
    return _REFUSED_BY_POSTGRESQL.sub("\N{REPLACEMENT CHARACTER}", text)


def _collect(value: Json, texts: list[str], depth: int) -> None:
    """Add each text of JSON. Raises TooDeep."""
    if depth > MAX_DEPTH:
        raise TooDeep(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        texts.extend(value)
        for one in value.values():
            _collect(one, texts, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _collect(one, texts, depth + 1)


def _may_be_secret(value: Json) -> bool:
    return not isinstance(value, bool) and (
        isinstance(value, str | Decimal | float)
        or (isinstance(value, int) and not -_LONG_NUMBER < value < _LONG_NUMBER)
    )
