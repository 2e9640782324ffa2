"""Fields of answers: how what is stored is told outside."""

from collections.abc import Iterable, Mapping
from datetime import UTC
from threading import local
from typing import Any, Final
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from tenants.core.json import Json
from workflows.presentation.redaction import mask_links_in

_NO_ROW: Final = UUID(int=0)
_kept: Final = local()


class AnswerSerializer(serializers.Serializer[Any]):
    """Writes an answer. What a field tells is read by the method `get_<field>`, if there is one.

    A SerializerMethodField has no type to describe, and descriptions call it read-only.
    """

    @classmethod
    def told(cls, thing: object, request: Request, **context: Json) -> dict[str, Json]:
        """Return the answer about a thing."""
        return cls.all_told([thing], request, **context)[0]

    @classmethod
    def all_told(
        cls, things: Iterable[object], request: Request, **context: Json
    ) -> list[dict[str, Json]]:
        """Return the answer about each of several things.

        Each thread keeps one serializer of a kind: to make one copies every field, which took 1.9
        of the 2 ms of a run with four steps.
        """
        shown = vars(_kept).get(cls.__name__) or vars(_kept).setdefault(cls.__name__, cls())
        shown._context = {"request": request, **context}
        try:
            return [shown.to_representation(thing) for thing in things]
        finally:
            shown._context = {}

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

    def to_representation(self, value: UUID) -> str:  # type: ignore[override]  # of an id
        # Looked up once for an answer: it takes as long as all the rest of a row.
        known: dict[str, str] = self.context.setdefault("addresses", {})
        if self.view_name not in known:
            request = self.context["request"]
            known[self.view_name] = reverse(self.view_name, args=[_NO_ROW], request=request)
        return known[self.view_name].replace(str(_NO_ROW), str(value))


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
