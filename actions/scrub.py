"""Keeping secrets, and characters that PostgreSQL refuses, out of what a step gives back."""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, quote_plus

from tenants.strict_json import is_too_long

Json = Any

HIDDEN: Final = "[secret]"
# Shorter ones would match by chance and tear ordinary text apart.
SHORTEST_SECRET: Final = 6
DEEPEST: Final = 64
# Surrogates that stand alone and NUL: JSON text may hold them, jsonb does not.
_REFUSED_BY_POSTGRESQL: Final = re.compile("[\x00\ud800-\udfff]")


class TooDeep(ValueError):
    """A document is nested deeper than anybody needs."""


class Scrubber:
    """Replaces a connection's secrets, in the forms in which servers echo them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        # The longest first: a form that contains another must go as a whole.
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """Return the text without secrets, storable in PostgreSQL."""
        if self._pattern is not None:
            text = self._pattern.sub(HIDDEN, text)
        return _REFUSED_BY_POSTGRESQL.sub("\N{REPLACEMENT CHARACTER}", text)

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
        # What came is told, and no answer fails a step that was done because of a number in it.
        return str(value) if is_too_long(value) else value


def _forms(secret: str) -> Iterable[str]:
    if len(secret) < SHORTEST_SECRET:
        return
    raw = secret.encode()
    yield secret
    yield json.dumps(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield raw.hex()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # Without the padding: it covers the padded form too, except for the signs at its end.
        yield encode(raw).decode("ascii").rstrip("=")
