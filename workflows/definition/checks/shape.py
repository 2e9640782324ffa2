"""Whether it is JSON at all, and of a size that can be checked.

The other checks may recurse, because this one has bounded the depth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from workflows.definition.codes import Code
from workflows.definition.problems import Problem

MOST_BYTES: Final = 512 * 1024
MOST_LEVELS: Final = 40


def check_shape(document: object) -> list[Problem]:
    """Return the first thing that keeps the document from being looked at, or nothing."""
    return list(_too_deep(document) or _not_json(document))


def _too_deep(document: object) -> list[Problem]:
    level: list[Any] = [document]
    for _ in range(MOST_LEVELS):
        level = [member for value in level for member in _members(value)]
        if not level:
            return []
        # Each level of a document in bounds is smaller than the document.
        if len(level) > MOST_BYTES:
            return [Problem("", Code.TOO_LARGE, {"most_bytes": MOST_BYTES})]
    return [Problem("", Code.TOO_DEEP, {"most": MOST_LEVELS})]


def _members(value: object) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _not_json(document: object) -> Iterator[Problem]:
    try:
        text = json.dumps(document, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
    except (TypeError, ValueError) as error:
        yield Problem("", Code.NOT_JSON, {"reason": str(error)[:200]})
        return
    if size > MOST_BYTES:
        yield Problem("", Code.TOO_LARGE, {"most_bytes": MOST_BYTES, "bytes": size})
    elif _has_nul(document):
        yield Problem("", Code.NOT_JSON, {"reason": "a NUL character (\\u0000)"})
    elif not _only_text_keys(document):
        yield Problem("", Code.NOT_JSON, {"reason": "a key that is not text"})


def _has_nul(value: object) -> bool:
    """Whether a text holds what PostgreSQL cannot store."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(member) for key, member in value.items())
    return isinstance(value, list) and any(_has_nul(element) for element in value)


def _only_text_keys(value: object) -> bool:
    if isinstance(value, dict):
        keys = all(isinstance(key, str) for key in value)
        return keys and all(_only_text_keys(member) for member in value.values())
    if isinstance(value, tuple):
        return False
    return not isinstance(value, list) or all(_only_text_keys(element) for element in value)
