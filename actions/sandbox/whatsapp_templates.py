"""The templates that count as registered with the stand-in."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from tenants.core.json import Json

PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class KnownTemplate:
    """A registration, read from the form in which Meta's own API gives it."""

    name: str
    language: str = ""  # "": every language
    status: str = "APPROVED"
    is_named: bool = False
    header: str = ""  # TEXT, IMAGE, VIDEO, DOCUMENT
    header_text: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[Mapping[str, Json], ...] = ()

    @classmethod
    def read(cls, name: str, given: Json) -> Self:
        """Read a text, which is the body of a template in every language, or a registration."""
        if isinstance(given, str):
            return cls(name, body=given, is_named=_are_named(given))
        if not isinstance(given, dict):
            raise TypeError(f"{name}: a registration is a text or an object")
        parts = {str(one["type"]).upper(): one for one in given.get("components", ())}
        header, body = parts.get("HEADER", {}), parts.get("BODY", {})
        kind = str(header.get("format", "TEXT")).upper() if header else ""
        text = str(body.get("text", ""))
        how = str(given.get("parameter_format", "")).upper()
        return cls(
            name=name,
            language=str(given.get("language", "")),
            status=str(given.get("status", "APPROVED")).upper(),
            is_named=how == "NAMED" if how else _are_named(text),
            header=kind,
            header_text=str(header.get("text", "")),
            body=text,
            footer=str(parts.get("FOOTER", {}).get("text", "")),
            buttons=tuple(parts.get("BUTTONS", {}).get("buttons", ())),
        )


class Registrations:
    """All of them, by name and language."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, KnownTemplate]] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    def put(self, given: Mapping[str, Json]) -> None:
        """Register by name: a text, a registration, or a list of them in several languages.

        Raises TypeError, KeyError and ValueError for what is none, having registered nothing.
        """
        read = [
            KnownTemplate.read(name, one) for name, ones in given.items() for one in _each(ones)
        ]
        for known in read:
            same = self._known.setdefault(known.name, {})
            if not known.language:
                same.clear()
            same[known.language] = known

    def find(self, name: str, language: str = "") -> KnownTemplate | None:
        """Return the template in this language; without one, in any."""
        same = self._known.get(name, {})
        if language:
            return same.get(language) or same.get("")
        return next(iter(same.values()), None)

    def names(self) -> list[str]:
        return sorted(self._known)

    def clear(self) -> None:
        self._known = {}


def places(text: str) -> list[str]:
    """Return the places of a text, each once."""
    return list(dict.fromkeys(PLACE.findall(text)))


def _are_named(text: str) -> bool:
    return any(not place.isdecimal() for place in places(text))


def _each(given: Json) -> Iterable[Json]:
    return given if isinstance(given, list) else [given]
