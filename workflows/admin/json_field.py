"""A field for JSON that a person writes, within the limits of every other door."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from tenants.core.json import Json, strict_json
from tenants.core.json.faults import BadJson
from workflows.presentation.json_faults import said_of


class Untouched:
    """What `JsonField` gives for a text that came back as it was shown."""


UNTOUCHED: Final = Untouched()


class JsonField(forms.CharField):
    """A value written as JSON. Only the `kind` it had is taken back, if it has to be of one.

    What is shown may be older than the limits, and nobody has to correct what they do not touch:
    for that text `clean` gives UNTOUCHED.
    """

    def __init__(
        self,
        *,
        kind: type | tuple[type, ...] | None = None,
        said: Any = "",
        floats: bool = False,
        **options: Any,
    ) -> None:
        self.kind, self.said, self.floats = kind, said, floats
        super().__init__(strip=True, **options)

    def clean(self, value: Any) -> Json | Untouched:
        """Return the value. Raises ValidationError."""
        text = super().clean(value).replace("\r\n", "\n")
        if isinstance(self.initial, str) and text == self.initial.strip():
            return UNTOUCHED
        try:
            read = strict_json.loads(text, long_integers=True, floats=self.floats)
        except BadJson as wrong:
            raise ValidationError(said_of(wrong), code=wrong.fault) from None
        if self.kind is not None and not _is_of(read, self.kind):
            raise ValidationError(self.said, code="wrong_kind")
        return read


def _is_of(value: Json, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, bool) is (kind is bool) and isinstance(value, kind)
