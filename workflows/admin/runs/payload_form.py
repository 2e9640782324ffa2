"""The form in which a person corrects what started a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.core.json import Json, jsontext, strict_json
from tenants.core.json.faults import BadJson
from tenants.core.json.strict_json import MAX_BYTES, MAX_KEPT_DEPTH
from workflows.admin.json_field import UNTOUCHED, JsonField
from workflows.presentation import values
from workflows.presentation.json_faults import said_of
from workflows.presentation.redaction import mask_links_in
from workflows.presentation.runs.entries import step_error

ROOT: Final = "trigger."
WHOLE: Final = "whole"


@dataclass(frozen=True, slots=True)
class Suspect:
    """The field that a step failed over, and what it said."""

    key: str
    why: str
    label: str  # the field's name for people


def suspect_of(
    payload: Mapping[str, Json], entry: Mapping[str, Json] | None, known: Mapping[str, str]
) -> Suspect | None:
    """Return the field of the payload that an error names, by its path or by its value.

    `known` holds what people call the fields.
    """
    error = (entry or {}).get("error")
    if not error:
        return None
    params = error.get("params") or {}
    key = _named(params) or _held(payload, params)
    if not key:
        return None
    return Suspect(key, step_error(entry or {}), known.get(key) or values.spelt_out(key))


def _named(params: Mapping[str, Json]) -> str:
    for value in params.values():
        if isinstance(value, str) and value.startswith(ROOT):
            return value.removeprefix(ROOT).partition(".")[0].partition("[")[0]
    return ""


def _held(payload: Mapping[str, Json], params: Mapping[str, Json]) -> str:
    given = {str(value) for value in params.values() if isinstance(value, str | int | Decimal)}
    found = (key for key, value in payload.items() if value not in ("", None))
    return next((key for key in found if str(payload[key]) in given), "")


_NUMBER: Final = ((int, Decimal), _("Write a number, with a point before its fraction."))
_OBJECT: Final = (dict, _("Write a JSON object, in braces."))
_LIST: Final = (list, _("Write a JSON list, in brackets."))
_YES_OR_NO: Final = [("true", _("yes")), ("false", _("no"))]


class PayloadForm(forms.Form):
    """A field for each member of the payload, or all of it as JSON.

    `known` holds what people call its fields, in the order in which their event declares them.
    """

    def __init__(
        self,
        payload: Mapping[str, Json],
        *args: Any,
        known: Mapping[str, str],
        suspect: Suspect | None,
        as_json: bool,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        payload = payload if isinstance(payload, dict) else {}
        self.payload = payload
        # What nobody may read: what comes back as it was shown is as it was.
        self.shown: Mapping[str, Json] = mask_links_in(dict(payload))
        self.keys: dict[str, str] = {}
        if as_json:
            self.fields[WHOLE] = _json_field(_OBJECT, self.shown, label=_("Everything, as JSON"))
            return
        for number, key in enumerate(_ordered(payload, known, suspect)):
            name = f"field-{number}"
            self.keys[name] = key
            self.fields[name] = self._field(key, known.get(key) or values.spelt_out(key))
            if suspect and suspect.key == key:
                self.fields[name].help_text = suspect.why
                self.fields[name].widget.attrs["autofocus"] = True

    def corrected(self) -> dict[str, Json]:
        """Return the payload as the person wants it."""
        if WHOLE not in self.fields:
            given = {key: self._value(name, key) for name, key in self.keys.items()}
        elif self.cleaned_data[WHOLE] is UNTOUCHED:
            return dict(self.payload)
        else:
            given = self.cleaned_data[WHOLE]
        return {key: self._restored(key, value) for key, value in given.items()}

    def clean(self) -> Any:
        """Refuse what no event may carry; what was stored may stay as large as it was."""
        values = super().clean()
        if self.errors:
            return values
        stored = len(jsontext.readable(self.payload).encode())
        most = max(MAX_BYTES, stored)
        try:
            strict_json.check(self.corrected(), max_bytes=most, max_depth=MAX_KEPT_DEPTH)
        except BadJson as wrong:
            raise ValidationError(said_of(wrong), code=wrong.fault) from None
        return values

    def _field(self, key: str, label: str) -> forms.Field:
        value = self.shown.get(key)
        match value:
            case bool():
                return forms.ChoiceField(
                    choices=_YES_OR_NO, initial="true" if value else "false", label=label
                )
            case int() | Decimal() | float():
                return _json_field(_NUMBER, value, label=label, lines=1)
            case dict():
                return _json_field(_OBJECT, value, label=label)
            case list():
                return _json_field(_LIST, value, label=label)
        text = "" if value is None else str(value)
        lines = 4 if len(text) > values.LONG or "\n" in text else 1
        # Not stripped: what is not touched stays as it was sent.
        return forms.CharField(
            initial=text, label=label, required=False, strip=False, widget=_widget(lines, "auto")
        )

    def _value(self, name: str, key: str) -> Json:
        value = self.cleaned_data[name]
        if value is UNTOUCHED:
            return self.shown[key]
        if isinstance(self.shown.get(key), bool):
            return value == "true"
        if isinstance(value, str):
            value = value.replace("\r\n", "\n")
        return None if value == "" and self.payload.get(key) is None else value

    def _restored(self, key: str, value: Json) -> Json:
        return self.payload[key] if key in self.payload and value == self.shown[key] else value


def _ordered(
    payload: Mapping[str, Json], known: Mapping[str, str], suspect: Suspect | None
) -> list[str]:
    """Return the keys: first what failed, missing ones too, then as their event declares them."""
    first = [suspect.key] if suspect else []
    declared = [key for key in known if key in payload]
    return list(dict.fromkeys([*first, *declared, *payload]))


def _json_field(
    kind: tuple[Any, Any], value: Json, *, label: Any, lines: int | None = None
) -> JsonField:
    text = values.raw(value)
    rows = lines or min(max(text.count("\n") + 2, 4), 24)
    accepted, said = kind
    return JsonField(
        kind=accepted, said=said, initial=text, label=label, widget=_widget(rows, "ltr")
    )


def _widget(lines: int, direction: str) -> forms.Widget:
    attributes = {"dir": direction, "class": "sayr-text"}
    if lines == 1:
        return forms.TextInput(attrs=attributes)
    return forms.Textarea(attrs={**attributes, "rows": lines})
