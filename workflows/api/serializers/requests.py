"""What requests say: the parameters of an address, and the object in a body. Nothing unknown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.request import Request

from tenants.core.json import Json
from tenants.core.json.pointers import pointer
from workflows.api.codes import PARAMETER_SENTENCES
from workflows.api.json import body_of
from workflows.api.paging import MAX_LIMIT, NewestFirst
from workflows.api.refusals import ApiProblem
from workflows.api.serializers.fields import JsonObject

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
# "+" in an address means a space, so "…T08:00:00+03:00" arrives as "…T08:00:00 03:00".
_LOST_PLUS: Final = re.compile(r"(T.*) (\d\d:?\d\d)\Z")
MAX_LENGTH: Final = 200


class TextParameter(serializers.Field[Any, str, Any, Any]):
    """A text."""

    kind: Any = str  # what the description says it is

    def __init__(self, *, max_length: int = MAX_LENGTH, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.max_length = max_length

    def to_internal_value(self, data: str) -> Any:
        if not data:
            raise self.refusal("parameter_empty")
        if len(data) > self.max_length:
            raise self.refusal("parameter_too_long", limit=self.max_length)
        if _CONTROL.search(data):
            raise self.refusal("bad_characters")
        return self.read(data)

    def read(self, text: str) -> Any:
        """Return what a text of the right form says. Raises ValidationError, see `refusal`."""
        return text

    def refusal(self, code: str, **params: object) -> serializers.ValidationError:
        return serializers.ValidationError(_sentence(code, params), code)


class UuidParameter(TextParameter):
    """An id."""

    kind = UUID

    def read(self, text: str) -> UUID:
        try:
            return UUID(text)
        except ValueError:
            raise self.refusal("not_a_uuid") from None


class MomentParameter(TextParameter):
    """An ISO 8601 date and time that says its offset."""

    def read(self, text: str) -> datetime:
        try:
            read = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text))
        except ValueError:
            raise self.refusal("not_a_moment") from None
        if read.utcoffset() is None:
            raise self.refusal("not_a_moment")
        return read


class ChoiceParameter(TextParameter):
    """One of some words."""

    def __init__(self, choices: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.choices = choices

    def read(self, text: str) -> str:
        """Return the choice itself, a member of an enum if the choices are."""
        for choice in self.choices:
            if choice == text:
                return choice
        raise self.refusal("not_a_choice", choices=", ".join(self.choices))


class LimitParameter(TextParameter):
    """How many rows a page has at most."""

    kind = int

    def read(self, text: str) -> int:
        if re.fullmatch(r"[0-9]{1,6}", text) and 1 <= int(text) <= MAX_LIMIT:
            return int(text)
        raise self.refusal("not_in_range", least=1, most=MAX_LIMIT)


class SubjectParameter(TextParameter):
    """The kind or the id of a record. Neither makes sense without the `other`."""

    def __init__(self, other: str, **options: Any) -> None:
        super().__init__(max_length=100, **options)
        self.other = other

    def read(self, text: str) -> str:
        if self.other not in self.root.initial_data:
            raise self.refusal("belongs_together", other=self.other)
        return text


class Parameters(serializers.Serializer[Any]):
    """The parameters of an address. This one has none."""

    @classmethod
    def of(cls, request: Request) -> dict[str, Any]:
        """Return what is asked. Raises ApiProblem with everything that is wrong."""
        given = request.query_params
        if not given:
            return {}
        asked = cls(data=given.dict())
        asked.is_valid()
        errors = [
            *asked._misused(given),
            *(_error(name, one.code, str(one)) for name, [one] in asked.errors.items()),
        ]
        if errors:
            raise ApiProblem("invalid_parameters", errors=errors)
        return dict(asked.validated_data)

    def _misused(self, given: QueryDict) -> Iterator[dict[str, str]]:
        for name, values in given.lists():
            if name not in self.fields:
                shown = _CONTROL.sub("?", name)[:MAX_LENGTH]
                known = _sentence("unknown_parameter", {"known": ", ".join(self.fields)})
                yield _error(shown, "unknown_parameter", known)
            elif len(values) > 1:
                yield _error(name, "repeated_parameter", _sentence("repeated_parameter", {}))


class AboutRecord(Parameters):
    """Asks for the `subject`, a record, by its kind and its id."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return what is asked, with both as one."""
        attrs = super().validate(attrs)
        if "subject_id" in attrs:
            attrs["subject"] = (attrs.pop("subject_type"), attrs.pop("subject_id"))
        return attrs


class SubjectParameters(AboutRecord):
    """Says what an event is about."""

    subject_type = SubjectParameter(
        "subject_id", help_text="Kind of the record it is about, e.g. `order`."
    )
    subject_id = SubjectParameter("subject_type", help_text="Id of that record.")


class PageParameters(Parameters):
    """Where a page of a list begins, and how long it is. `NewestFirst` goes by them."""

    things: ClassVar[str]  # in English, as in "Runs"

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, those of the page last."""
        said = "Where the last page ended: take `next` from its answer."
        most = f"{self.things} on a page, at most {MAX_LIMIT}."
        return {
            **super().get_fields(),
            NewestFirst.cursor_query_param: UuidParameter(source="before", help_text=said),
            NewestFirst.page_size_query_param: LimitParameter(help_text=most),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return what is asked, without the length of the page: that is for `NewestFirst`."""
        attrs = super().validate(attrs)
        attrs.pop(NewestFirst.page_size_query_param, None)
        return attrs


class _Expecting(serializers.Field[Any, Any, Any, Any]):
    """A field of a body. Whatever is wrong with it, its error is what it `expected`."""

    def __init__(self, expected: str, **options: Any) -> None:
        super().__init__(**options)
        self.expected = expected

    def run_validation(self, data: Any = empty) -> Any:
        try:
            return super().run_validation(data)
        except serializers.ValidationError:
            raise serializers.ValidationError(self.expected) from None


class Text(_Expecting, serializers.CharField):
    """A text as it was sent. `in_line`: one line of visible signs."""

    def __init__(self, expected: str, *, in_line: bool = False, **options: Any) -> None:
        super().__init__(expected, trim_whitespace=False, **options)
        self.in_line = in_line

    def to_internal_value(self, data: Json) -> str:
        """Return the text: a number is none."""
        if not isinstance(data, str) or (self.in_line and not data.isprintable()):
            self.fail("invalid")
        return str(data)


@extend_schema_field({"type": "string", "format": "email", "maxLength": 120})
class MailAddressField(Text):
    """A mail address. Whether it is anybody's is found out when it is looked for."""

    def __init__(self, expected: str, **options: Any) -> None:
        super().__init__(expected, in_line=True, max_length=120, **options)

    def run_validation(self, data: Any = empty) -> Any:
        """Return the address. An empty one says as little as none."""
        return data if data == "" else super().run_validation(data)


class ExpectingChoiceField(_Expecting, serializers.ChoiceField):
    """One of some words."""


class Boolean(_Expecting, serializers.BooleanField):
    """Yes or no."""

    def to_internal_value(self, data: Json) -> bool:
        """Return it as it is: a text or a number is neither."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Object(_Expecting, JsonObject):
    """An object, with anything in it."""

    def to_internal_value(self, data: Json) -> dict[str, Json]:
        """Return the object itself: the parser has checked all that is in it."""
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return data


class BodySerializer(serializers.Serializer[Any]):
    """Reads the object in a body. The first thing in it that is not as expected is refused."""

    problem: ClassVar[str]  # the code of the refusal

    @classmethod
    def of(cls, request: Request) -> dict[str, Any]:
        """Return what the body says. Raises BadJson or ApiProblem."""
        said = cls(data=body_of(request))
        for name in said.initial_data:
            if name not in said.fields:
                raise said._refusal(name, ", ".join(sorted(said.fields)))
        if not said.is_valid():
            name, [expected] = next(iter(said.errors.items()))
            raise said._refusal(name, expected)
        return dict(said.validated_data)

    def _refusal(self, name: str, expected: str) -> ApiProblem:
        place = {"pointer": pointer("", name)}
        return ApiProblem.at(place, self.problem, {"expected": expected})


def _sentence(code: str, params: Mapping[str, object]) -> str:
    return str(PARAMETER_SENTENCES[code]) % params


def _error(parameter: str, code: str, detail: str) -> dict[str, str]:
    return {"parameter": parameter, "code": code, "detail": detail}
