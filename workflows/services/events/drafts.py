"""Events before they are written: the values of Python code as a payload, and the row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from tenants.core.json import Json
from tenants.core.json.faults import BadJson, JsonFault
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.values.json_values import exact, normalise

# What the language says of values that it does not take at all.
_BEYOND: Final = {"nesting": JsonFault.TOO_DEEP, "digits": JsonFault.NUMBER_TOO_LONG}


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event about to be fired."""

    type: str
    payload: Mapping[str, Json]
    previous: Mapping[str, Json] | None = None  # before-values of a record change
    subject: tuple[str, str] | None = None  # kind and id of the record it is about

    def row(self, event_id: UUID, **more: Json) -> dict[str, Json]:
        """Return the event's row, as the statements that insert events read it.

        `more`: what it does not know of itself (actor, source, depth, evaluations, …).
        """
        subject_type, subject_id = self.subject or ("", "")
        return {
            "id": str(event_id),
            "type": self.type,
            "payload": self.payload,
            "previous": self.previous,
            "subject_type": subject_type,
            "subject_id": subject_id,
            **more,
        }


def normalise_object(values: Mapping[str, Any]) -> dict[str, Json]:
    """Return `values` as a JSON object: decimals, dates and UUIDs become text.

    Raises TypeError for anything that has no JSON form, such as a model, BadJson for what is far
    beyond the limits.
    """
    return _object(values, normalise)


def exact_object(values: Mapping[str, Any]) -> dict[str, Json]:
    """Return what came as JSON, such as a stored payload: its numbers stay numbers.

    Raises TypeError and BadJson, as `normalise_object` does.
    """
    return _object(values, exact)


def _object(values: Mapping[str, Any], as_json: Callable[[object], Json]) -> dict[str, Json]:
    try:
        normal = as_json(dict(values))
    except ExpressionError as problem:
        if problem.code == Code.LIMIT_REACHED:
            fault, most = _BEYOND[problem.params["limit"]], problem.params["most"]
            raise BadJson(fault, limit=most, number=f"1e{most}") from None
        raise TypeError(f"this payload cannot be JSON: {problem}") from None
    if not isinstance(normal, dict):
        raise TypeError(f"a payload is an object, not {type(normal).__name__}")
    return normal
