"""Keeping secrets, and characters that PostgreSQL refuses, out of what a step gives back."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from actions.web.echoes import Echoes
from tenants.core.json import Json
from tenants.core.json.strict_json import is_too_long

HIDDEN: Final = "[secret]"
DEEPEST: Final = 64
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
        return _REFUSED_BY_POSTGRESQL.sub("\N{REPLACEMENT CHARACTER}", text)

    def _hidden(self, text: str) -> str:
        at, kept = 0, ""
        for start, end in self._echoes.marks(text):
            kept += text[at:start] + HIDDEN
            at = end
        return kept + text[at:] if at else text

    def json(self, value: Json, depth: int = 0) -> Json:
        """Return the value without secrets, storable as jsonb. Raises TooDeep.

        A number that no door lets in becomes text.
        """
        if depth > DEEPEST:
            raise TooDeep(f"nested deeper than {DEEPEST}")
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.json(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.json(item, depth + 1) for item in value]
        return self._number(value)

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


def _may_be_secret(value: Json) -> bool:
    return not isinstance(value, bool) and (
        isinstance(value, str | Decimal | float)
        or (isinstance(value, int) and not -_LONG_NUMBER < value < _LONG_NUMBER)
    )
