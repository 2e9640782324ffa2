"""Values of Python code as the payload of an event."""

from collections.abc import Mapping
from typing import Any

from workflows.definition.errors import ExpressionError
from workflows.definition.values import normalise

Json = Any


def normalise_object(values: Mapping[str, Any]) -> dict[str, Json]:
    """Return `values` as a JSON object: decimals, dates and UUIDs become text.

    Raises TypeError for anything that has no JSON form, such as a model.
    """
    try:
        normal = normalise(dict(values))
    except ExpressionError as problem:
        raise TypeError(f"this payload cannot be JSON: {problem}") from None
    if not isinstance(normal, dict):
        raise TypeError(f"a payload is an object, not {type(normal).__name__}")
    return normal
