"""Values of Python code as the payload of an event."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tenants.core.json import Json
from tenants.core.json.strict_json import BadJson, JsonFault
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.values.json_values import exact, normalise

# What the language says of values that it does not take at all.
_BEYOND: Final = {"nesting": JsonFault.TOO_DEEP, "digits": JsonFault.NUMBER_TOO_LONG}


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
