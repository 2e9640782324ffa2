"""When a wait ends."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
from workflows.definition.values.durations import MAX_DURATION, parse_duration
from workflows.definition.values.moments import moment
from workflows.definition.values.numbers import shortened
from workflows.definition.values.windows import load_window

_PLACE = "/until"


def wake_at(params: Mapping[str, Any], scope: NameScope) -> datetime:
    """Return the moment at which the wait ends, in UTC; one in the past does not wait.

    `params` are those of the step as rendered, `scope.now` is when the wait began. Raises
    ExpressionError: `until` is no time, or more than ten years ahead.
    """
    # In UTC: between times of one zone Python counts by the clock on the wall.
    begun = scope.now.astimezone(UTC)
    if "until" in params:
        return _until(params, scope)
    earliest = begun + _span(params.get("for"))
    if "window" in params:
        return load_window(params["window"]).next_moment(earliest, scope.zone)
    return earliest


def _until(params: Mapping[str, Any], scope: NameScope) -> datetime:
    until = params["until"]
    if until is None:
        raise ExpressionError(Code.MISSING_VALUE, place=_PLACE)
    try:
        at = moment(until, scope.zone, place=_PLACE).astimezone(UTC)
        at += _span(params.get("after")) - _span(params.get("before"))
    except OverflowError as error:
        raise ExpressionError(Code.NOT_A_DATE, value=shortened(until), place=_PLACE) from error
    if at - scope.now > MAX_DURATION:
        most = f"{MAX_DURATION.days}d"
        raise ExpressionError(Code.LIMIT_REACHED, limit="wait", most=most, place=_PLACE)
    return at


def _span(written: object) -> timedelta:
    return parse_duration(written) or timedelta(0)
