"""The input of a step, as its run's row keeps it: before it is carried out, not after."""

from typing import Final

from tenants.core.json import Json
from tenants.core.json.faults import BadJson, facts_of
from tenants.core.json.strict_json import keep
from workflows.definition.errors import ExpressionError

# As much as one request may carry. Every retry sends what the row keeps.
MAX_INPUT_BYTES: Final = 1024 * 1024


def storable_input(rendered: Json) -> Json:
    """Return rendered params as they are stored: the first try gets what every retry will get.

    Raises ExpressionError for params that cannot be kept: the failure of their own step, and not of
    the one before, in whose checkpoint they would stand.
    """
    try:
        params, size = keep(rendered)
    except BadJson as problem:
        raise ExpressionError("input_not_storable", **facts_of(problem)) from None
    if size > MAX_INPUT_BYTES:
        raise ExpressionError("input_too_large", bytes=size, limit_bytes=MAX_INPUT_BYTES)
    return params
