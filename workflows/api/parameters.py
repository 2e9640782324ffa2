"""Read the parameters of an address; refuse every one that is not known or not right."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from rest_framework.request import Request

from tenants.core.database.ids import uuid_or_none
from workflows.api.refusals import ApiProblem, ParameterError

T = TypeVar("T")

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
# "+" in an address means a space, so "…T08:00:00+03:00" arrives as "…T08:00:00 03:00".
_LOST_PLUS: Final = re.compile(r"(T.*) (\d\d:?\d\d)\Z")
MAX_LENGTH: Final = 200


class NotRight(ValueError):
    """A value that its reader does not accept."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Parameters:
    """The parameters of one request. Collects what is wrong; `check` raises it all at once."""

    def __init__(self, request: Request, known: Sequence[str]) -> None:
        self._values: Mapping[str, str] = request.query_params.dict()
        self._errors: list[ParameterError] = []
        for name, values in request.query_params.lists():
            if name not in known:
                shown = _CONTROL.sub("?", name)[:MAX_LENGTH]
                self._refuse(shown, "unknown_parameter", known=", ".join(known))
            elif len(values) > 1:
                self._refuse(name, "repeated_parameter")

    def text(self, name: str, limit: int = MAX_LENGTH) -> str:
        """Return the value; "" if it was not given."""
        value = self._values.get(name)
        if value is None:
            return ""
        if not value:
            self._refuse(name, "parameter_empty")
        elif len(value) > limit:
            self._refuse(name, "parameter_too_long", limit=limit)
        elif _CONTROL.search(value):
            self._refuse(name, "bad_characters")
        else:
            return value
        return ""

    def read(self, name: str, reader: Callable[[str], T]) -> T | None:
        """Return what `reader` makes of the value; None if it was not given. It raises NotRight."""
        value = self.text(name)
        if not value:
            return None
        try:
            return reader(value)
        except NotRight as wrong:
            self._refuse(name, wrong.code, **wrong.params)
            return None

    def pair(self, first: str, second: str, limit: int) -> tuple[str, str] | None:
        """Return two values that only make sense together."""
        values = self.text(first, limit), self.text(second, limit)
        if (first in self._values) == (second in self._values):
            return values if all(values) else None
        given, missing = (first, second) if first in self._values else (second, first)
        self._refuse(given, "belongs_together", other=missing)
        return None

    def check(self) -> None:
        """Raise ApiProblem if anything was wrong."""
        if self._errors:
            raise ApiProblem(
                "invalid_parameters", errors=[error.as_json() for error in self._errors]
            )

    def _refuse(self, name: str, code: str, **params: Any) -> None:
        self._errors.append(ParameterError(name, code, params))


def uuid(value: str) -> UUID:
    """Read an id."""
    found = uuid_or_none(value)
    if found is None:
        raise NotRight("not_a_uuid")
    return found


def moment(value: str) -> datetime:
    """Read an ISO 8601 date and time that says its offset."""
    try:
        read = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", value))
    except ValueError:
        raise NotRight("not_a_moment") from None
    if read.utcoffset() is None:
        raise NotRight("not_a_moment")
    return read


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """Return a reader of one of `choices`."""

    def read(value: str) -> str:
        if value not in choices:
            raise NotRight("not_a_choice", choices=", ".join(choices))
        return value

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of a whole number from `least` to `most`."""

    def read(value: str) -> int:
        if re.fullmatch(r"[0-9]{1,6}", value) and least <= int(value) <= most:
            return int(value)
        raise NotRight("not_in_range", least=least, most=most)

    return read
