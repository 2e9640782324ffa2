"""Paths into JSON, written as in the language: `body.items[0]['Phone Number']`."""

import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Final

Json = Any
Path = tuple[str | int, ...]

_NAME: Final = r"[^\W\d][\w-]*"
_SEGMENT: Final = rf"\.(?:{_NAME})|\[-?[0-9]{{1,9}}\]|\['[^'\[\]]*'\]|\[\"[^\"\[\]]*\"\]"
PATH: Final = rf"{_NAME}(?:{_SEGMENT})*"
ITSELF: Final = "."  # the path of a value in itself: of a number in a list of numbers

_PATH: Final = re.compile(PATH)
_PARTS: Final = re.compile(rf"{_NAME}|\[[^\]]*\]")


class Sentinel(Enum):
    """An answer that is no value."""

    MISSING = "missing"


MISSING: Final = Sentinel.MISSING


@lru_cache(maxsize=1024)
def parse_path(text: str) -> Path:
    """Return the keys of a path; text that is none is the name of one field, as it stands."""
    if text == ITSELF:
        return ()
    if not _PATH.fullmatch(text.strip()):
        return (text,)
    return tuple(_key(part) for part in _PARTS.findall(text))


def lookup(value: Json, path: Path) -> Any:
    """Return what lies at `path`, or MISSING."""
    for key in path:
        value = _member(value, key)
        if value is MISSING:
            return MISSING
    return value


def _key(part: str) -> str | int:
    if not part.startswith("["):
        return part
    inner = part[1:-1]
    return inner[1:-1] if inner[0] in "'\"" else int(inner)


def _member(value: Json, key: str | int) -> Any:
    if isinstance(value, Mapping):
        if key in value:
            return value[key]
        return len(value) if key == "size" else MISSING
    if isinstance(value, list | tuple):
        return _element(value, key)
    return len(value) if isinstance(value, str) and key == "size" else MISSING


def _element(value: list[Any] | tuple[Any, ...], key: str | int) -> Any:
    if key == "size":
        return len(value)
    index = {"first": 0, "last": -1}.get(key) if isinstance(key, str) else key
    if index is None:
        return MISSING
    return value[index] if -len(value) <= index < len(value) else MISSING
