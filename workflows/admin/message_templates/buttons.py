"""The buttons of a WhatsApp template in its form: one row each."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from actions.models.message_template import BUTTONS
from actions.whatsapp.faults import MAX_BUTTONS, entered_buttons

MEMBERS: Final = ("kind", "text", "target")


def posted(data: Mapping[str, Any], name: str = "buttons") -> list[dict[str, str]]:
    """Return the buttons of a form that was sent."""
    rows = (
        {member: data.get(f"{name}-{number}-{member}", "") for member in MEMBERS}
        for number in range(MAX_BUTTONS)
    )
    return entered_buttons(list(rows))


class ButtonsWidget(forms.Widget):
    """Ten rows. The script shows those that are used, and one more when asked."""

    template_name = "admin/workflows/template_buttons.html"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Draw the rows."""
        stored = value if isinstance(value, list) else []
        used = [one for one in stored if isinstance(one, dict)]
        rows = [
            {
                "number": number,
                "name": f"{name}-{number}",
                **(used[number] if number < len(used) else {}),
            }
            for number in range(MAX_BUTTONS)
        ]
        context = {"rows": rows, "kinds": BUTTONS, "id": (attrs or {}).get("id", f"id_{name}")}
        return render_to_string(self.template_name, context)

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> list[dict[str, str]]:
        """Return the rows in which something stands."""
        return posted(data, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Say whether the form has no such rows, and so says nothing of buttons."""
        return not any(f"{name}-{number}-kind" in data for number in range(MAX_BUTTONS))

    def id_for_label(self, id_: str) -> str:
        """Return nothing: each row has labels of its own."""
        return ""


class ButtonsField(forms.Field):
    """A list of buttons as it is stored."""

    widget = ButtonsWidget

    def to_python(self, value: Any) -> list[dict[str, str]]:
        """Return the rows. A kind that is none is a mistake of whoever sent it, and so is a NUL."""
        rows = value if isinstance(value, list) else []
        known = {kind for kind, _label in BUTTONS}
        if any(row.get("kind") not in known for row in rows):
            raise forms.ValidationError(_("Choose what each button does."))
        for text in (text for row in rows for text in row.values()):
            ProhibitNullCharactersValidator()(text)
        return rows

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is stored with what was sent."""
        return (initial or []) != (data or [])
