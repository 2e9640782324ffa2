"""How a filter is called: what it takes is made sure of before, what it gives is checked after.

So a filter itself never meets a missing value, a type it cannot take, or a text without end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from liquid import Markup
from liquid.exceptions import LiquidError

from tenants.core.values.comparison import as_text, kind_of
from tenants.core.values.paths import LEFT_OUT
from workflows.definition.budget import Budget, weight
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
from workflows.definition.templates import limits
from workflows.definition.templates.context import refuse_missing
from workflows.definition.values.json_values import number, storable

Takes = Literal["number", "text", "list", "text_or_list", "value", "anything"]
_VALUES = (str, int, float, Decimal, list, tuple, range, dict)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one use of a filter takes, in operations of the budget."""

    once: int = 150
    each: int = 5  # for each element of a list
    # For each piece of text, and for what lies in the elements; 0: the filter reads neither.
    inside: int = 4


@dataclass(frozen=True, slots=True)
class TemplateFilter:
    """One filter. `takes` says what the value before the bar has to be.

    A number filter gets numbers for all its arguments; "value" is anything but missing;
    "anything" may be missing too, and so may the arguments.
    """

    name: str
    function: Callable[..., Any]
    takes: Takes
    needs: Literal["nothing", "scope", "environment"] = "nothing"
    cost: Cost = Cost()


@dataclass(frozen=True, slots=True)
class Argument:
    """A value, and the words in the template that gave it."""

    value: Any
    words: Callable[[], str]


@dataclass(frozen=True, slots=True)
class FilterCall:
    """One use of a filter."""

    left: Argument
    positional: tuple[Argument, ...]
    named: Mapping[str, Argument]
    scope: NameScope
    environment: Any


def call(spec: TemplateFilter, use: FilterCall) -> Any:
    """Return what the filter gives. Raises ExpressionError that says which words were at fault."""
    if use.left.value is LEFT_OUT:
        return LEFT_OUT
    left = _prepare_left(spec, use.left)
    positional = [_prepare_argument(spec, argument) for argument in use.positional]
    named = {name: _prepare_argument(spec, argument) for name, argument in use.named.items()}
    extra = {"nothing": {}, "scope": {"scope": use.scope}}.get(
        spec.needs, {"environment": use.environment}
    )
    _charge(spec.cost, use.scope.budget, (left, *positional, *named.values()))
    try:
        result = spec.function(left, *positional, **named, **extra)
    except ExpressionError as error:
        raise _placed(error, use) from error
    # What the library's filters raise when they are used in a way they cannot work with.
    except (LiquidError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise ExpressionError(Code.BAD_FILTER_USE, filter=spec.name, reason=str(error)) from error
    return _checked_result(result)


def _charge(cost: Cost, budget: Budget, values: tuple[Any, ...]) -> None:
    """Count the work before it is done: a call into C cannot be ended."""
    operations = cost.once
    for value in values:
        if isinstance(value, list):
            operations += cost.each * len(value)
        if cost.inside and isinstance(value, str | list | dict):
            operations += cost.inside * weight(value, budget.most)
    budget.charge(operations)


def _placed(error: ExpressionError, use: FilterCall) -> ExpressionError:
    params = dict(error.params)
    below = params.pop("below", "")
    at_fault = next(
        (one for one in use.positional if "value" in params and params["value"] == one.value),
        use.left,
    )
    return ExpressionError(error.code, **{"path": at_fault.words() + below, **params})


def _prepare_left(spec: TemplateFilter, left: Argument) -> Any:
    value = left.value
    if spec.takes == "anything":
        return value
    refuse_missing(value)
    if spec.takes == "value" and value is None:
        return value
    if value is None:
        raise ExpressionError(Code.MISSING_VALUE, path=left.words())
    if not isinstance(value, _VALUES):
        raise ExpressionError(Code.NOT_A_VALUE, kind=type(value).__name__, path=left.words())
    if isinstance(value, Decimal):
        storable(value)
    return _fitted(spec.takes, value, left)


def _fitted(takes: Takes, value: Any, left: Argument) -> Any:
    if takes == "number":
        return number(value, path=left.words())
    if isinstance(value, list | tuple | range) and takes != "text":
        return listed(value)
    if takes == "list":
        raise ExpressionError(Code.NOT_A_LIST, kind=kind_of(value), path=left.words())
    return value if takes == "value" else text(value, left)


def _prepare_argument(spec: TemplateFilter, argument: Argument) -> Any:
    value = argument.value
    if spec.takes == "anything":
        return value
    refuse_missing(value)
    if isinstance(value, Decimal):
        storable(value)
    if value is None and spec.takes in {"number", "text"}:
        raise ExpressionError(Code.MISSING_VALUE, path=argument.words())
    if spec.takes == "text" and not isinstance(value, int):
        return text(value, argument)
    return text(value, argument) if isinstance(value, bool) and spec.takes == "text" else value


def text(value: Any, source: Argument) -> str:
    """Return the value as it is printed. Null is missing; lists and objects do not print."""
    refuse_missing(value)
    if value is None:
        raise ExpressionError(Code.MISSING_VALUE, path=source.words())
    if isinstance(value, Markup):
        return value
    if not isinstance(value, str | int | float | Decimal):
        raise ExpressionError(Code.NOT_TEXT, kind=kind_of(value), path=source.words())
    return as_text(value)


def listed(elements: list[Any] | tuple[Any, ...] | range) -> list[Any]:
    """Return the elements as a list. Raises `limit_reached` before a long one is made."""
    if len(elements) > limits.LIST_ELEMENTS:
        raise ExpressionError(Code.LIMIT_REACHED, limit="list", most=limits.LIST_ELEMENTS)
    return list(elements)


def refuse_long_text(characters: int) -> None:
    """Raise `limit_reached` before a text of this many characters is made."""
    if characters > limits.TEXT_CHARACTERS:
        raise ExpressionError(Code.LIMIT_REACHED, limit="text", most=limits.TEXT_CHARACTERS)


def _checked_result(result: Any) -> Any:
    if isinstance(result, str):
        refuse_long_text(len(result))
    elif isinstance(result, list):
        return listed(result)
    return result
