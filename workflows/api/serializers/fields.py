"""Fields of answers: how what is stored is told outside."""

from collections.abc import Mapping
from datetime import UTC
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from rest_framework import serializers
from rest_framework.reverse import reverse

from tenants.core.json import Json
from workflows.presentation.redaction import mask_links_in

_NO_ROW: Final = UUID(int=0)


class AnswerSerializer(serializers.Serializer[Any]):
    """Writes an answer. What a field tells is read by the method `get_<field>`, if there is one.

    A SerializerMethodField has no type to describe, and descriptions call it read-only.
    """

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for name, field in fields.items():
            if read := getattr(self, f"get_{name}", None):
                field.get_attribute = read  # type: ignore[method-assign]  # of this copy
        return fields


class RowAddressField(serializers.URLField):
    """The address of a row, by its id."""

    def __init__(self, view_name: str, **options: Any) -> None:
        super().__init__(**options)
        self.view_name = view_name

    @cached_property
    def _address(self) -> str:
        # Looked up once for a list: it takes as long as all the rest of a row.
        return reverse(self.view_name, args=[_NO_ROW], request=self.context["request"])

    def to_representation(self, value: UUID) -> str:  # type: ignore[override]  # of an id
        return self._address.replace(str(_NO_ROW), str(value))


class Moment(serializers.DateTimeField):
    """A time in UTC, as RFC 3339 writes it. One that was stored as text is told as it stands."""

    timezone = UTC


class JsonObject(serializers.DictField):
    """An object with anything in it: nothing of it is copied, so its numbers stay exact."""

    child = serializers.JSONField(allow_null=True)

    def to_representation(self, value: Mapping[str, Json]) -> Json:
        return value


class _Masked(serializers.Field[Any, Any, Any, Any]):
    def to_representation(self, value: Json) -> Json:
        return mask_links_in(super().to_representation(value))


class MaskedText(_Masked, serializers.CharField):
    """A text without the tokens of links that decide."""


class MaskedJson(_Masked, serializers.JSONField):
    """Any value without the tokens of links that decide."""


class MaskedObject(_Masked, JsonObject):
    """An object without the tokens of links that decide."""
