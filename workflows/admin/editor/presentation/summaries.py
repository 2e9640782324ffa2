"""One line for each step, in plain words: what its card in the flow says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from actions import records
from tenants.core.json import Json
from tenants.core.text.listing import listed
from tenants.core.values.paths import PATH
from workflows.admin.editor.endpoints.choices import WORDS, field_choices
from workflows.admin.editor.endpoints.known import known
from workflows.admin.editor.form.scalars import shown
from workflows.admin.editor.presentation.kind_lines import kind_line
from workflows.presentation.documents.comparisons import row_words
from workflows.presentation.values import spelt_out

Choices = Mapping[str, Any]
Titles = Mapping[str, Mapping[str, str]]  # path: titles of its values
Names = Mapping[str, str]  # path: what people call it; of others the path says it

MAX_LENGTH: Final = 90
NO_NAMES: Final[Names] = {}
# {% if … %}one{% else %}other{% endif %}, and what Liquid there is besides.
_CHOICE: Final = re.compile(
    r"\{%-?\s*(?:if|unless|case)\b.*?%\}(.*?)\{%-?\s*end(?:if|unless|case)\s*-?%\}", re.DOTALL
)
_TAG: Final = re.compile(r"\{%.*?%\}", re.DOTALL)
_CODE: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_PLACE: Final = re.compile(r"\{\{\s*(" + PATH + r")[^}]*\}\}")


def summary_of(step: Mapping[str, Json], choices: Choices, names: Names = NO_NAMES) -> str:
    """Return the line of a step, for example “Order confirmed to «Customer phone»”."""
    params, action = step.get("params"), known(step.get("action"))
    if action is None:
        return _("This action is not available.") if step.get("action") else _("Choose an action.")
    if not isinstance(params, dict):
        return action.description
    words = _ParamsInWords(action.params, params, choices, names)
    if action.steers:
        line = words["workflow"] if action.name == "run_workflow" else ""
        line = line or kind_line(action.name, params, words.readable)
    else:
        line = action.summary % words if action.summary else ""
    # Nothing is filled in yet: what the action does says more than its gaps.
    return _cut(line) if any(sign.isalnum() for sign in line) else action.description


def condition_line(condition: Json, titles: Titles, names: Names = NO_NAMES) -> str:
    """Return a condition as one line, for example “Only if Total amount is greater than 100”."""
    words = _condition(condition, titles, names)
    return _cut(_("Only if %(condition)s") % {"condition": words}) if words else ""


def _condition(condition: Json, titles: Titles, names: Names) -> str:
    if not isinstance(condition, dict):
        return ""
    for word, joint in (("all", _(" and ")), ("any", _(" or "))):
        members = condition.get(word)
        if isinstance(members, list):
            inner = [_condition(one, titles, names) or _row(one, titles, names) for one in members]
            return joint.join(one for one in inner if one)
    return ""


def _row(row: Json, titles: Titles, names: Names) -> str:
    field = str(row.get("field", "")) if isinstance(row, dict) else ""
    if not field:
        return ""
    operator, value = str(row.get("operator", "")), row.get("value")
    known = titles.get(field, {})
    several = value if isinstance(value, list) else [value]
    words = [known.get(str(one)) or readable(str(one), names) for one in several]
    said = listed(words, last=_(" and ") if operator == "between" else "")
    is_empty = value in (None, "", [])
    return row_words(readable(field, names), operator, "" if is_empty else said)


def readable(text: str, names: Names = NO_NAMES, labels: Names = NO_NAMES) -> str:
    """Return a text with its places as words, and what it chooses from as “one or the other”.

    `labels` are what people call the values of the field that it fills.
    """
    if re.fullmatch(PATH, text) and "." in text:
        return _place(text, names)
    chosen = _CHOICE.sub(lambda found: _alternatives(found[1], labels), text)
    places = _PLACE.sub(lambda found: _named(found[1], names), chosen)
    return _CODE.sub("…", _TAG.sub("", places)).strip()


def _alternatives(inside: str, labels: Names) -> str:
    found = (one.strip() for one in _TAG.split(inside))
    told = dict.fromkeys(labels.get(one) or one for one in found if one)
    return listed(told, last=_(" or "))


def _named(path: str, names: Names) -> str:
    words = _place(path, names)
    return words if path.startswith("values.") and path in names else f"«{words}»"


def _place(path: str, names: Names) -> str:
    return names.get(path) or spelt_out(path.rpartition(".")[2])


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"


class _ParamsInWords(dict[str, str]):
    """The parameters in words; one that is not filled in is an ellipsis."""

    def __init__(
        self,
        schema: Mapping[str, Json],
        params: Mapping[str, Json],
        choices: Choices,
        names: Names,
    ):
        super().__init__()
        self.schema, self.params, self.choices, self.names = schema, params, choices, names

    def readable(self, text: str) -> str:
        return readable(text, self.names)

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
            return str(WORDS.get(str(value), value))
        several = value if isinstance(value, list) else [value]
        return listed(self.readable(shown(one)) for one in several)

    def _reference(self, key: str) -> str:
        known = (one for many in self.choices["references"].values() for one in many)
        return next((str(one["title"]) for one in known if one["value"] == key), key)

    def _table(self, alias: str) -> str:
        known = (one["title"] for one in self.choices["tables"] if one["value"] == alias)
        return next(known, alias)

    def _fields(self, fields: Mapping[str, Json], table: Json) -> str:
        return listed(
            _("%(field)s: %(value)s") % {"field": name, "value": value}
            for name, value in (self._field(table, *pair) for pair in fields.items())
        )

    def _field(self, table: Json, name: str, value: Json) -> tuple[str, str]:
        try:
            field = records.get(str(table)).field(name)
        except (records.UnknownRecord, FieldDoesNotExist):
            return spelt_out(name), self.readable(str(value))
        labels = {one["value"]: one["title"] for one in field_choices(field)}
        words = labels.get(str(value)) or readable(str(value), self.names, labels)
        return capfirst(str(field.verbose_name)), words
