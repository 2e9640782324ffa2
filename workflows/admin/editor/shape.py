"""The document as the editor's form and back: `from_form(to_form(document))` is the document.

The stored document never knows the form. The form is JSON too, but every value in it is text, so
that nothing depends on how a browser reads numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from workflows.admin.editor import conditions
from workflows.admin.editor.leaves import ABSENT, like, packed, shown
from workflows.admin.editor.params import BadForm
from workflows.admin.editor.steps import read_steps, show_steps
from workflows.definition.values import same_json

__all__ = ["BadForm", "from_form", "is_form", "to_form"]

Json = Any
Form = dict[str, Any]

MARK: Final = "sayr_form"  # what tells a posted form from a posted document
SHAPE: Final = 1
HEAD_KEYS: Final = ("name", "trigger_type", "also_on", "trigger_filter", "settings", "values")
OWN_CHANGES: Final = "start_on_own_changes"


def is_form(value: Json) -> bool:
    """Say whether this is a form, and no document."""
    return isinstance(value, dict) and value.get(MARK) == SHAPE


def to_form(document: Json) -> Form:
    """Return the form of a document. Raises BadForm for one that no form can show."""
    if not isinstance(document, dict):
        raise BadForm("document")
    return {
        MARK: SHAPE,
        "head": _show_head(document),
        "steps": show_steps(document.get("steps", ABSENT)),
    }


def from_form(form: Form) -> Json:
    """Return the document of a form. Raises BadForm."""
    if not is_form(form) or not isinstance(form.get("head"), dict):
        raise BadForm("form")
    try:
        return {**_read_head(form["head"]), "steps": read_steps(form.get("steps"))}
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise BadForm(str(error)) from error


def _show_head(document: Mapping[str, Json]) -> Form:
    settings = document.get("settings")
    given = settings if isinstance(settings, dict) else {}
    head: Form = {
        "name": shown(document.get("name")),
        "trigger_type": shown(document.get("trigger_type")),
        "also_on": _show_names(document.get("also_on")),
        "filter": conditions.show(document.get("trigger_filter", ABSENT)),
        "own_changes": shown(given.get(OWN_CHANGES)),
        "settings": packed({k: v for k, v in given.items() if k != OWN_CHANGES}),
        "values": _show_values(document.get("values")),
    }
    others = {key: v for key, v in document.items() if key not in {*HEAD_KEYS, "steps"}}
    head["others"] = packed(others)
    back = _read_head(head)
    head["was"] = {
        key: packed(document[key])
        for key in HEAD_KEYS
        if key in document and not (key in back and same_json(back[key], document[key]))
    }
    head["without"] = [key for key in ("name", "trigger_type") if key not in document]
    return head


def _read_head(head: Form) -> dict[str, Json]:
    read: dict[str, Json] = {
        "name": _given(head, "name"),
        "trigger_type": _given(head, "trigger_type"),
        "also_on": [name for name in head["also_on"] if name],
        "settings": _read_settings(head),
        "values": _read_values(head["values"]),
    }
    document = {key: v for key, v in read.items() if v or key in {"name", "trigger_type"}}
    condition = conditions.read(head["filter"])
    if condition is not ABSENT:
        document["trigger_filter"] = condition
    document |= json.loads(head.get("others") or "{}")
    for key, was in head.get("was", {}).items():
        value = json.loads(was)
        if _untouched(key, value, head):
            document[key] = value
    empty = {key for key in head.get("without", ()) if document.get(key) == ""}
    return {key: value for key, value in document.items() if key not in empty}


def _untouched(key: str, was: Json, head: Form) -> bool:
    fresh = _SHOWN[key](was)
    return all(head.get(name) == form for name, form in fresh.items())


def _show_names(names: Json) -> list[str]:
    return [shown(name) for name in names] if isinstance(names, list) else []


def _read_settings(head: Form) -> dict[str, Json]:
    own = _given(head, "own_changes")
    others = json.loads(head.get("settings") or "{}")
    return {**others, OWN_CHANGES: like(own, was=True)} if own else others


def _show_values(values: Json) -> list[Form]:
    if not isinstance(values, dict):
        return []
    return [
        {"k": name, "v": shown(value), "was": "" if isinstance(value, str) else packed(value)}
        for name, value in values.items()
    ]


def _read_values(rows: Any) -> dict[str, Json]:
    read = {}
    for row in rows:
        name, text = _given(row, "k"), _given(row, "v")
        if not name and not text:
            continue
        was = json.loads(row["was"]) if row.get("was") else ""
        read[name] = was if row.get("was") and shown(was) == text else like(text, was)
    return read


def _given(form: Mapping[str, Any], key: str) -> str:
    text = form.get(key, "")
    if not isinstance(text, str):
        raise BadForm(key)
    return text


_SHOWN: Final[Mapping[str, Any]] = {
    "name": lambda was: {"name": shown(was)},
    "trigger_type": lambda was: {"trigger_type": shown(was)},
    "also_on": lambda was: {"also_on": _show_names(was)},
    "trigger_filter": lambda was: {"filter": conditions.show(was)},
    "settings": lambda was: {
        "own_changes": shown(was.get(OWN_CHANGES) if isinstance(was, dict) else None),
    },
    "values": lambda was: {"values": _show_values(was)},
}
