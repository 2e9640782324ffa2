"""Paths into JSON: `trigger.items[0]['Phone Number']`."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


class Sentinel(Enum):
    """Two answers that are not values."""

    MISSING = "missing"  # nothing lies at the path
    LEFT_OUT = "left_out"  # `skip_if_empty` asked to leave the member out


MISSING: Final = Sentinel.MISSING
LEFT_OUT: Final = Sentinel.LEFT_OUT


_NAME = r"[^\W\d][\w-]*"
_SEGMENT = rf"\.(?:{_NAME})|\[-?[0-9]{{1,9}}\]|\['[^'\[\]]*'\]|\[\"[^\"\[\]]*\"\]"
PATH = rf"{_NAME}(?:{_SEGMENT})*"
_PATH = re.compile(PATH)
_PARTS = re.compile(rf"{_NAME}|\[[^\]]*\]")
_PLAIN_NAME = re.compile(_NAME)
# What people call a step, a branch, a choice, so that a path leads to it.
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,62}")


def parse_path(text: str) -> Path | None:
    """Return the keys of a path, or None if `text` is not one."""
    text = text.strip()
    if not _PATH.fullmatch(text):
        return None
    return tuple(_key(part) for part in _PARTS.findall(text))


def _key(part: str) -> str | int:
    if not part.startswith("["):
        return part
    inner = part[1:-1]
    return inner[1:-1] if inner[0] in "'\"" else int(inner)


def show_path(path: tuple[object, ...]) -> str:
    shown = [str(path[0])]
    for key in path[1:]:
        plain = isinstance(key, str) and _PLAIN_NAME.fullmatch(key)
        quoted = f"['{key}']" if isinstance(key, str) else f"[{key}]"
        shown.append(f".{key}" if plain else quoted)
    return "".join(shown)


def lookup(values: Any, path: tuple[object, ...]) -> Any:
    """Return what lies at `path`, or MISSING."""
    found = values
    for key in path:
        found = _member(found, key)
        if found is MISSING:
            return MISSING
    return found


def _member(value: Any, key: object) -> Any:
    if isinstance(value, Mapping):
        if isinstance(key, str) and key in value:
            return value[key]
        return len(value) if key == "size" else MISSING
    if isinstance(value, list | tuple | range):
        return _element(value, key)
    return len(value) if isinstance(value, str) and key == "size" else MISSING


def _element(value: list[Any] | tuple[Any, ...] | range, key: object) -> Any | Sentinel:
    index = {"first": 0, "last": -1}.get(key, key) if isinstance(key, str) else key
    if index == "size":
        return len(value)
    if isinstance(index, bool) or not isinstance(index, int):
        return MISSING
    return value[index] if -len(value) <= index < len(value) else MISSING
