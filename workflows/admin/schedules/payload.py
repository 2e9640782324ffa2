"""The field of what a schedule sends along: a field for each value, and JSON for the rest."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from tenants.core.json import jsontext, strict_json
from tenants.core.json.faults import BadJson, JsonFault
from workflows.admin.json_field import JsonField
from workflows.admin.trigger_fields import TriggerForm
from workflows.presentation.json_faults import said_of

_NOT_STORED: Final = {
    JsonFault.NOT_FINITE,
    JsonFault.NUMBER_TOO_LONG,
    JsonFault.NUL_CHARACTER,
    JsonFault.LONE_SURROGATE,
}


class _Posted(str):
    """A text that somebody sent: it is shown again as it is."""

    __slots__ = ()


class PayloadField(JsonField):
    """What a schedule sends along; nothing is written as nothing."""

    def prepare_value(self, value: Any) -> Any:
        """Show JSON."""
        if isinstance(value, str | TriggerForm):
            return value
        return jsontext.readable(value or {})

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Show what was sent."""
        return _Posted(data) if isinstance(data, str) else data

    def clean(self, value: Any) -> Any:
        """Return the payload. Raises ValidationError."""
        if isinstance(value, TriggerForm):
            value = self._written(value)
        try:
            payload = super().clean(value) if (value or "").strip() else {}
            strict_json.check(payload)  # the floats that a column keeps may be longer
        except ValidationError as wrong:
            if wrong.code in _NOT_STORED:
                said = gettext("This holds numbers or characters that cannot be stored.")
                raise ValidationError(f"{said} {wrong.messages[0]}", code=wrong.code) from None
            raise
        except BadJson as wrong:
            raise ValidationError(said_of(wrong), code=wrong.fault) from None
        return payload

    @staticmethod
    def _written(form: TriggerForm) -> str:
        if not form.is_valid():
            wrong = ((form[name].label, said) for name, said in form.errors.items())
            raise ValidationError([f"{label}: {' '.join(map(str, said))}" for label, said in wrong])
        return jsontext.readable(form.payload())

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare values: the same one is written in many ways."""
        try:
            return bool(self.clean(data) != (initial or {}))
        except ValidationError:
            return True


class PayloadWidget(forms.Widget):
    """Draws a field for each value that is known; without any, JSON."""

    template_name = "admin/workflows/schedules/payload.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.form_for: Any = None  # what was sent, or None -> a TriggerForm

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the form of the values, or the text."""
        if f"{name}-by-fields" in data and self.form_for is not None:
            return self.form_for(data)
        return data.get(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Say whether neither was sent."""
        return name not in data and f"{name}-by-fields" not in data

    def format_value(self, value: Any) -> Any:
        """Keep what was sent."""
        return value

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Draw it."""
        form = value if isinstance(value, TriggerForm) else None
        if form is None and self.form_for is not None and not isinstance(value, _Posted):
            form = self.form_for(None)
        known = {"name": name, "id": (attrs or {}).get("id", f"id_{name}"), "text": value or ""}
        shown = form if form is not None and form.fields else None
        return render_to_string(self.template_name, {**known, "form": shown})
