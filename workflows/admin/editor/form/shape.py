"""The document as the editor's form and back: `from_form(to_form(document))` is the document.

The stored document never knows the form. The form is JSON too, but every value in it is text, so
that nothing depends on how a browser reads numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tenants.core.json import Json
from workflows.admin.editor.form import conditions, params
from workflows.admin.editor.form.nodes import JSON_TEXT
from workflows.admin.editor.form.params import BadScalar, plain
from workflows.admin.editor.form.scalars import (
    ABSENT,
    like,
    number_of,
    packed,
    shown,
    text_in,
    unpacked,
)
from workflows.admin.editor.form.steps import read_steps, show_steps
from workflows.definition.values.json_values import same_json

__all__ = ["BadScalar", "from_form", "is_form", "to_form"]

Form = dict[str, Any]

MARK: Final = "sayr_form"  # what tells a posted form from a posted document
SHAPE: Final = 1
HEAD_KEYS: Final = (
    *("name", "trigger_type", "also_on", "trigger_filter", "settings", "values"),
    *("output", "on_failure"),
)
# Settings that are text in the form.
SETTINGS: Final = ("concurrency_key", "when_busy", "max_running", "deadline")
OWN_CHANGES: Final = "start_on_own_changes"


def is_form(value: Json) -> bool:
    return isinstance(value, dict) and value.get(MARK) == SHAPE


def to_form(document: Json) -> Form:
    """Return the form of a document. Raises BadForm for one that no form can show."""
    if not isinstance(document, dict):
        raise BadScalar("document")
    return {
        MARK: SHAPE,
        "head": _show_head(document),
        "steps": show_steps(document.get("steps", ABSENT)),
        "on_failure": _show_on_failure(document.get("on_failure", ABSENT)),
    }


def from_form(form: Form) -> Json:
    """Return the document of a form. Raises BadForm."""
    if not is_form(form) or not isinstance(form.get("head"), dict):
        raise BadScalar("form")
    try:
        return {**_read_head(form), "steps": read_steps(form.get("steps"))}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadScalar(str(error)) from error


def _show_head(document: Mapping[str, Json]) -> Form:
    settings = document.get("settings")
    given = settings if isinstance(settings, dict) else {}
    head: Form = {
        "name": shown(document.get("name")),
        "trigger_type": shown(document.get("trigger_type")),
        "also_on": _show_names(document.get("also_on")),
        "filter": conditions.show(document.get("trigger_filter", ABSENT)),
        "own_changes": shown(given.get(OWN_CHANGES)),
        **{key: shown(given.get(key)) for key in SETTINGS},
        "settings": packed({k: v for k, v in given.items() if k not in {OWN_CHANGES, *SETTINGS}}),
        "values": _show_values(document.get("values")),
        **_show_output(document.get("output", ABSENT)),
    }
    others = {key: v for key, v in document.items() if key not in {*HEAD_KEYS, "steps"}}
    head["others"] = packed(others)
    failing = _show_on_failure(document.get("on_failure", ABSENT))
    back = _read_head({"head": head, "on_failure": failing})
    head["was"] = {
        key: packed(document[key])
        for key in HEAD_KEYS
        if key in document and not (key in back and same_json(back[key], document[key]))
    }
    head["without"] = [key for key in ("name", "trigger_type") if key not in document]
    return head


def _show_on_failure(steps: Any) -> list[Form]:
    try:
        return show_steps(steps)
    except BadScalar:
        return []


def _show_output(output: Any) -> Form:
    kept: params.Kept = {}
    return {"output": params.show(output, JSON_TEXT, kept), "output_kept": kept}


def _read_head(form: Form) -> dict[str, Json]:
    head = form["head"]
    read: dict[str, Json] = {
        "name": text_in(head, "name"),
        "trigger_type": text_in(head, "trigger_type"),
        "also_on": [name for name in head["also_on"] if name],
        "settings": _read_settings(head),
        "values": _read_values(head["values"]),
    }
    document = {key: v for key, v in read.items() if v or key in {"name", "trigger_type"}}
    condition = conditions.read(head["filter"])
    if condition is not ABSENT:
        document["trigger_filter"] = condition
    output = params.read(head.get("output", []), JSON_TEXT, head.get("output_kept", {}))
    if output is not ABSENT:
        document["output"] = output
    failing = read_steps(form.get("on_failure", []))
    if failing:
        document["on_failure"] = failing
    document |= unpacked(head.get("others") or "{}")
    for key, was in head.get("was", {}).items():
        value = unpacked(was)
        if _untouched(key, value, form):
            document[key] = value
    empty = {key for key in head.get("without", ()) if document.get(key) == ""}
    return {key: value for key, value in document.items() if key not in empty}


def _untouched(key: str, was: Json, form: Form) -> bool:
    if key == "on_failure":
        return bool(_show_on_failure(was) == plain(form.get("on_failure")))
    fresh = _SHOWN[key](was)
    return all(form["head"].get(name) == given for name, given in fresh.items())


def _show_names(names: Json) -> list[str]:
    return [shown(name) for name in names] if isinstance(names, list) else []


def _read_settings(head: Form) -> dict[str, Json]:
    own = text_in(head, "own_changes")
    others = unpacked(head.get("settings") or "{}")
    texts = {key: text_in(head, key) for key in SETTINGS}
    given = {k: number_of(v) if k == "max_running" else v for k, v in texts.items() if v}
    return {**others, **given, **({OWN_CHANGES: like(own, was=True)} if own else {})}


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
        name, text = text_in(row, "k"), text_in(row, "v")
        if not name and not text:
            continue
        was = unpacked(row["was"]) if row.get("was") else ""
        read[name] = was if row.get("was") and shown(was) == text else like(text, was)
    return read


def _show_settings(was: Mapping[str, Json]) -> Form:
    texts = {key: shown(was.get(key)) for key in SETTINGS}
    return {"own_changes": shown(was.get(OWN_CHANGES)), **texts}


_SHOWN: Final[Mapping[str, Any]] = {
    "name": lambda was: {"name": shown(was)},
    "trigger_type": lambda was: {"trigger_type": shown(was)},
    "also_on": lambda was: {"also_on": _show_names(was)},
    "trigger_filter": lambda was: {"filter": conditions.show(was)},
    "settings": lambda was: _show_settings(was if isinstance(was, dict) else {}),
    "output": lambda was: {"output": params.show(was, JSON_TEXT, {})},
    "values": lambda was: {"values": _show_values(was)},
}
