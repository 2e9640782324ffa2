"""One line for each step, in plain words: what its card in the flow says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from actions import records
from workflows.admin.editor.choices import field_choices
from workflows.admin.editor.kind_lines import kind_line
from workflows.admin.editor.known import known
from workflows.admin.editor.leaves import shown
from workflows.admin.editor.operators import label_of as operator_label
from workflows.definition.paths import PATH
from workflows.wording.values import spelt_out

Json = Any
Choices = Mapping[str, Any]
Titles = Mapping[str, Mapping[str, str]]  # path: titles of its values

LONGEST: Final = 90
_PLACE: Final = re.compile(r"\{\{\s*(" + PATH + r")[^}]*\}\}")


def summary_of(step: Mapping[str, Json], choices: Choices) -> str:
    """Return the line of a step, for example “Order confirmed to «Customer phone»”."""
    params, action = step.get("params"), known(step.get("action"))
    if action is None:
        return _("This action is not available.") if step.get("action") else _("Choose an action.")
    if not isinstance(params, dict):
        return action.description
    words = _Words(action.params, params, choices)
    if action.steers:
        line = words["workflow"] if action.name == "run_workflow" else ""
        line = line or kind_line(action.name, params, readable)
    else:
        line = action.summary % words if action.summary else ""
    # Nothing is filled in yet: what the action does says more than its gaps.
    return _cut(line) if any(sign.isalnum() for sign in line) else action.description


def step_label(step: Mapping[str, Json]) -> str:
    """Return what people call the step: its label, else its action's."""
    action = known(step.get("action"))
    return str(step.get("label") or (action.label if action else step.get("name", "")))


def condition_line(condition: Json, titles: Titles) -> str:
    """Return a condition as one line, for example “Only if Total amount is greater than 100”."""
    words = _condition(condition, titles)
    return _cut(_("Only if %(condition)s") % {"condition": words}) if words else ""


def _condition(condition: Json, titles: Titles) -> str:
    if not isinstance(condition, dict):
        return ""
    for word, joint in (("all", _(" and ")), ("any", _(" or "))):
        members = condition.get(word)
        if isinstance(members, list):
            inner = [_condition(one, titles) or _row(one, titles) for one in members]
            return joint.join(one for one in inner if one)
    return ""


def _row(row: Json, titles: Titles) -> str:
    field = str(row.get("field", "")) if isinstance(row, dict) else ""
    if not field:
        return ""
    parts = [readable(field), operator_label(str(row.get("operator", "")))]
    value = row.get("value")
    if value not in (None, "", []):
        listed = value if isinstance(value, list) else [value]
        named = titles.get(field, {})
        joint = _(" and ") if row.get("operator") == "between" else _(", ")
        parts.append(joint.join(named.get(str(one)) or readable(str(one)) for one in listed))
    return " ".join(part for part in parts if part)


def readable(text: str) -> str:
    """Return text with its places as words: “New order «Order id»”."""
    if re.fullmatch(PATH, text) and "." in text:
        return spelt_out(text.rpartition(".")[2])
    return _PLACE.sub(lambda found: f"«{spelt_out(found[1].rpartition('.')[2])}»", text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


class _Words(dict[str, str]):
    """The parameters in words; one that is not filled in is an ellipsis."""

    def __init__(self, schema: Mapping[str, Json], params: Mapping[str, Json], choices: Choices):
        super().__init__()
        self.schema, self.params, self.choices = schema, params, choices

    def __missing__(self, name: str) -> str:
        value = self.params.get(name)
        if value in (None, "", [], {}):
            return "…"
        schema = self.schema.get("properties", {}).get(name, {})
        if schema.get("x-reference") and isinstance(value, str):
            return self._reference(value)
        if schema.get("x-table") and isinstance(value, str):
            return self._table(value)
        table = schema.get("x-fields-of") or schema.get("x-creatable-fields-of")
        if isinstance(value, dict):
            return self._fields(value, self.params.get(table))
        if schema.get("enum"):
            return str(value)
        listed = value if isinstance(value, list) else [value]
        return _(", ").join(readable(shown(one)) for one in listed)

    def _reference(self, key: str) -> str:
        known = (one for many in self.choices["references"].values() for one in many)
        return next((str(one["title"]) for one in known if one["value"] == key), key)

    def _table(self, alias: str) -> str:
        known = (one["title"] for one in self.choices["tables"] if one["value"] == alias)
        return next(known, alias)

    def _fields(self, fields: Mapping[str, Json], table: Json) -> str:
        return _(", ").join(
            _("%(field)s: %(value)s") % {"field": name, "value": value}
            for name, value in (_field(table, *pair) for pair in fields.items())
        )


def _field(table: Json, name: str, value: Json) -> tuple[str, str]:
    try:
        field = records.get(str(table)).field(name)
    except (records.UnknownRecord, FieldDoesNotExist):
        return spelt_out(name), readable(str(value))
    labels = {one["value"]: one["title"] for one in field_choices(field)}
    return capfirst(str(field.verbose_name)), labels.get(str(value)) or readable(str(value))
