"""Filters that take any value as it is."""

import json
from collections.abc import Sized
from typing import Any, Final

import simplejson

from tenants.core.values.comparison import is_empty, kind_of
from tenants.core.values.paths import LEFT_OUT
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.language import NUMBERS_STAY_NUMBERS
from workflows.definition.scope import NameScope
from workflows.definition.templates.context import MissingValue
from workflows.definition.templates.filters.calling import Cost, TemplateFilter
from workflows.definition.values.json_values import exact, normalise

_ENCODER: Final = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False)


def _default(value: Any, other: Any = "") -> Any:
    """Give `other` for what is missing, null or empty text. 0, false and [] stay."""
    unset = isinstance(value, MissingValue) or value is None or value == ""
    return other if unset else value


def _skip_if_empty(value: Any) -> Any:
    """Leave the member of an object out if there is nothing to put there."""
    return LEFT_OUT if isinstance(value, MissingValue) or is_empty(value) else value


def _json(value: Any, *, scope: NameScope) -> str:
    """Write JSON text; decimals are numbers, in the first language text."""
    if scope.language < NUMBERS_STAY_NUMBERS:
        return json.dumps(normalise(value), ensure_ascii=False)
    return str(_ENCODER.encode(exact(value)))


def _size(value: Any) -> int:
    if not isinstance(value, Sized):
        raise ExpressionError(Code.NOT_A_LIST, kind=kind_of(value))
    return len(value)


VALUE_FILTERS = (
    TemplateFilter("default", _default, "anything", cost=Cost(inside=0)),
    TemplateFilter("skip_if_empty", _skip_if_empty, "anything", cost=Cost(inside=0)),
    TemplateFilter("json", _json, "value", needs="scope", cost=Cost(each=10, inside=12)),
    TemplateFilter("size", _size, "value", cost=Cost(each=0, inside=0)),
)
