"""The fields of what starts a workflow, as a form: what a schedule sends, and “start now”."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from actions import records
from tenants.core.json import Json
from workflows.admin.json_field import UNTOUCHED, JsonField
from workflows.event_types import RecordEvent, all_event_types, payload_schema
from workflows.presentation.values import payload_fields, raw, spelt_out

# What the clock itself adds.
ADDED: Final = frozenset({"scheduled_at"})
_READ: Final = re.compile(r"\btrigger\.([A-Za-z_]\w*)")
_YES_OR_NO: Final = [("", "\N{EN DASH}"), ("true", _("yes")), ("false", _("no"))]
_PREFIX: Final = "sends"


def schemas_of(
    event_types: Iterable[str], documents: Iterable[Json], payload: Mapping[str, Json]
) -> dict[str, Mapping[str, Json]]:
    """Return the fields to ask for, each with its schema.

    First those that the kinds of event declare, then those that the documents read, then those
    that the payload has already.
    """
    found: dict[str, Mapping[str, Json]] = {}
    for name in event_types:
        found |= (payload_schema(name) or {}).get("properties", {})
    for document in documents:
        text = json.dumps(document, default=str)
        read = sorted(set(_READ.findall(text)))
        found |= {key: _schema_of(payload.get(key)) for key in read if key not in found}
    found |= {key: _schema_of(value) for key, value in payload.items() if key not in found}
    return {key: schema for key, schema in found.items() if key not in ADDED}


def _schema_of(value: Json) -> Mapping[str, Json]:
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case dict():
            return {"type": "object"}
        case list():
            return {"type": "array"}
        case str() | None:
            return {}
    return {"type": "number"}


class TriggerForm(forms.Form):
    """A field for each of what starts a workflow. What is left empty is not sent."""

    def __init__(
        self,
        schemas: Mapping[str, Mapping[str, Json]],
        labels: Mapping[str, str],
        payload: Mapping[str, Json],
        *args: Any,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.given = payload
        self.keys: dict[str, str] = {}
        for number, (key, schema) in enumerate(schemas.items()):
            name = f"field-{number}"
            self.keys[name] = key
            label = labels.get(key) or spelt_out(key)
            self.fields[name] = _field(schema, payload.get(key), label)

    def payload(self) -> dict[str, Json]:
        """Return what was written, by the names of the fields."""
        written = ((key, self._value(name)) for name, key in self.keys.items())
        return {key: value for key, value in written if value not in (None, "")}

    def _value(self, name: str) -> Json:
        field: Any = self.fields[name]
        value = self.cleaned_data[name]
        if value is UNTOUCHED:
            return self.given[self.keys[name]]
        if isinstance(field, _YesOrNo):
            return {"true": True, "false": False}.get(value)
        if isinstance(field, forms.DateTimeField | forms.DateField):
            return value.isoformat() if value else None
        if value is not None and field.widget.attrs.get("data-text"):
            return str(value)  # an exact number is sent as text
        return value


def trigger_form(
    event_types: Iterable[str],
    documents: Iterable[Json],
    payload: Mapping[str, Json],
    data: Any = None,
    prefix: str = _PREFIX,
) -> TriggerForm:
    """Return the form for these kinds of event, filled with a payload or with what was sent."""
    named = list(event_types)
    payload = payload if isinstance(payload, dict) else {}
    labels = {key: label for name in named for key, label in payload_fields(name).items()}
    schemas = schemas_of(named, documents, payload)
    for key, choices in _choices_of(named).items():
        schemas[key] = {**schemas.get(key, {}), "enum": choices}
    return TriggerForm(schemas, labels, payload, data, prefix=prefix)


def _choices_of(event_types: Iterable[str]) -> dict[str, list[tuple[Any, Any]]]:
    """Return the values that fields of records may have, with what people call them."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    named = set(event_types)
    for kind in all_event_types():
        if isinstance(kind, RecordEvent) and kind.name in named:
            fields = records.get(kind.record).model._meta
            for key, name in kind.payload.items():
                choices: Any = fields.get_field(name)
                if choices := list(getattr(choices, "choices", None) or ()):
                    found[key] = choices
    return found


def _field(schema: Mapping[str, Json], value: Json, label: str) -> forms.Field:
    told: dict[str, Any] = {"label": label, "required": False, "initial": value}
    if "enum" in schema:
        known = schema["enum"]
        pairs = known if known and isinstance(known[0], tuple) else [(one, one) for one in known]
        choices = [("", "\N{EN DASH}"), *pairs]
        return forms.ChoiceField(choices=choices, **told)
    kind = _kind(schema)
    make = _FIELDS.get((kind, schema.get("format"))) or _FIELDS.get((kind, None), _text)
    return make(told)


def _text(told: dict[str, Any]) -> forms.Field:
    value = told.pop("initial")
    widget = forms.TextInput(attrs={"dir": "auto", "class": "sayr-text"})
    return forms.CharField(initial="" if value is None else str(value), widget=widget, **told)


def _yes_or_no(told: dict[str, Any]) -> forms.Field:
    value = told.pop("initial")
    shown = "" if value is None else str(bool(value)).lower()
    return _YesOrNo(choices=_YES_OR_NO, initial=shown, **told)


def _exact(told: dict[str, Any]) -> forms.Field:
    widget = forms.NumberInput(attrs={"step": "any", "data-text": "1"})
    return forms.DecimalField(widget=widget, **told)


def _moment(told: dict[str, Any]) -> forms.Field:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(widget=widget, **told)


def _day(told: dict[str, Any]) -> forms.Field:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **told)


def _json(accepted: type, said: Any, told: dict[str, Any]) -> forms.Field:
    value = told.pop("initial")
    widget = forms.Textarea(attrs={"rows": 4, "dir": "ltr", "class": "sayr-text"})
    shown = "" if value is None else raw(value)
    return _OptionalJson(kind=accepted, said=said, widget=widget, initial=shown, **told)


# By type and format of a field's schema.
_FIELDS: Final[Mapping[tuple[str, Json], Callable[[dict[str, Any]], forms.Field]]] = {
    ("boolean", None): _yes_or_no,
    ("integer", None): lambda told: forms.IntegerField(**told),
    ("number", None): lambda told: forms.DecimalField(**told),
    ("string", "decimal"): _exact,
    ("string", "date-time"): _moment,
    ("string", "date"): _day,
    ("object", None): partial(_json, dict, _("Write a JSON object, in braces.")),
    ("array", None): partial(_json, list, _("Write a JSON list, in brackets.")),
}


def _kind(schema: Mapping[str, Json]) -> str:
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    return str(kind)


class _YesOrNo(forms.ChoiceField):
    """Yes, no, or not sent."""


class _OptionalJson(JsonField):
    """JSON that may be left out."""

    def clean(self, value: Any) -> Any:
        """Return the value; None of an empty text."""
        return super().clean(value) if (value or "").strip() else None
