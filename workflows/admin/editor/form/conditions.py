"""A condition as rows of a form and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tenants.core.json import Json
from workflows.admin.editor.form.params import OWN_FORMS, BadScalar
from workflows.admin.editor.form.scalars import ABSENT, Absence, packed, shown, unpacked
from workflows.definition.operators import OPERATORS
from workflows.definition.values.json_values import same_json

Form = dict[str, Any]

GROUPS: Final = ("all", "any")
ROW_KEYS: Final = frozenset({"field", "operator", "value"})


def show(condition: Json | Absence) -> Form:
    """Return the form: {"mode": "always" | "all" | "any" | "raw", "rows": […]}."""
    if condition is ABSENT:
        return {"mode": "always", "rows": []}
    if condition in (None, {}):
        return {"mode": "always", "rows": [], "was": packed(condition)}
    form = _show_group(condition)
    if form is None or not same_json(_read_group(form), condition):
        return {"mode": "raw", "rows": [], "was": packed(condition)}
    return form


def read(form: Any) -> Json | Absence:
    """Return the condition; ABSENT if there is none. Raises BadForm."""
    if not isinstance(form, dict) or not isinstance(form.get("rows"), list):
        raise BadScalar("condition")
    mode, was = form.get("mode"), form.get("was")
    if mode == "raw" or (mode == "always" and was):
        return unpacked(was)
    return ABSENT if mode == "always" else _read_group(form)


def _show_group(condition: Json) -> Form | None:
    if not isinstance(condition, dict) or len(condition) != 1:
        return None
    mode, members = next(iter(condition.items()))
    if mode not in GROUPS or not isinstance(members, list):
        return None
    rows = [_show_member(member) for member in members]
    return None if None in rows else {"mode": mode, "rows": rows}


def _show_member(member: Json) -> Form | None:
    if isinstance(member, dict) and any(word in member for word in GROUPS):
        return _show_group(member)
    if not isinstance(member, dict) or not set(member) <= ROW_KEYS:
        return None
    if not all(isinstance(member.get(key, ""), str) for key in ("field", "operator")):
        return None
    return _show_row(member)


def _show_row(row: Mapping[str, Json]) -> Form:
    form: Form = {
        "field": row.get("field", ""),
        "operator": row.get("operator", ""),
        "value": _show_value(row.get("value")),
    }
    return form if same_json(_read_row(form), dict(row)) else {**form, "was": packed(dict(row))}


def _show_value(value: Json) -> Any:
    return [shown(item) for item in value] if isinstance(value, list) else shown(value)


def _read_group(form: Any) -> Json:
    rows = form.get("rows")
    if form.get("mode") not in GROUPS or not isinstance(rows, list):
        raise BadScalar("group")
    return {form["mode"]: [_read_member(row) for row in rows]}


def _read_member(form: Any) -> Json:
    if not isinstance(form, dict):
        raise BadScalar("row")
    return _read_group(form) if "rows" in form else _read_row(form)


def _read_row(form: Mapping[str, Any]) -> Json:
    field, operator, value = (form.get(key, "") for key in ("field", "operator", "value"))
    if not isinstance(field, str) or not isinstance(operator, str):
        raise BadScalar("row")
    if not isinstance(value, str) and not _is_texts(value):
        raise BadScalar("value")
    if form.get("was"):
        was = unpacked(form["was"])
        if _same_row(was, field, operator, value):
            return was
    known = OPERATORS.get(operator)
    row = {"field": field, "operator": operator}
    return row if known is not None and known.wants == "nothing" else {**row, "value": value}


def _same_row(was: Json, field: str, operator: str, value: Any) -> bool:
    asked = (was.get("field", ""), was.get("operator", ""), _show_value(was.get("value")))
    return asked == (field, operator, value)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


OWN_FORMS["condition"] = (show, read)
