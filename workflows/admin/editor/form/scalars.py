"""Single values as text and back, and the memory of what text cannot tell."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from tenants.core.json import Json, strict_json
from tenants.core.json.faults import BadJson
from workflows.presentation.documents import document_text

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


class Absence(Enum):
    """The answer for an empty field: the document does not have the key."""

    ABSENT = "absent"


ABSENT: Final = Absence.ABSENT


def written(value: Json) -> str:
    """Return any JSON as text that people can edit."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def packed(value: Json) -> str:
    """Return any JSON as short text. The page hands it back untouched: its numbers are not ours."""
    return json.dumps(value, ensure_ascii=False)


def shown(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return written(value) if isinstance(value, dict | list) else json.dumps(value)


class BadScalar(ValueError):
    """This is not a form that the editor made."""


def text_in(form: Mapping[str, Any], key: str) -> str:
    """Return the text of a field; "" if there is none. Raises BadForm."""
    text = form.get(key, "")
    if not isinstance(text, str):
        raise BadScalar(key)
    return text


def unpacked(text: object) -> Json:
    """Read what `packed` wrote. Raises BadForm: the page hands it back, or somebody else."""
    if not isinstance(text, str):
        raise BadScalar("packed")
    try:
        return read_json(text)
    except BadJson as error:
        raise BadScalar(str(error)) from error


def number_of(text: str) -> Json:
    """Return the number that `text` writes, else the text: a template, or a mistake."""
    if not _NUMBER.fullmatch(text.strip()):
        return text
    return read_or_text(text.strip())


def read_or_text(text: str) -> Json:
    try:
        return read_json(text)
    except BadJson:
        return text


def read_json(text: str) -> Json:
    """Read the JSON that a person wrote into a field. Raises BadJson."""
    limits = {"max_bytes": document_text.MAX_BYTES, "max_depth": document_text.MAX_DEPTH}
    return strict_json.loads(text, **limits, long_integers=True, floats=True)


def like(text: str, was: Json) -> Json:
    """Read a text that was changed as the kind of value it was."""
    if isinstance(was, bool):
        return {"true": True, "false": False}.get(text.strip(), text)
    if isinstance(was, int | float):
        return number_of(text)
    if isinstance(was, dict | list):
        return read_or_text(text)
    return text
