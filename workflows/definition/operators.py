"""The operators of conditions: what each takes, and what it says.

A missing or null left side is `missing_value` for all but those that ask about just that
(README.md has the table, tests/workflows/definition/test_operators.py holds it).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, Literal

from tenants.core.values.comparison import (
    comparable_text,
    equal,
    folded_text,
    is_empty,
    kind_of,
    like,
)
from tenants.core.values.paths import MISSING
from tenants.core.values.written import since_epoch
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.values.dates import moment
from workflows.definition.values.json_values import contains, number, order, shortened
from workflows.definition.values.windows import parse_duration

Wants = Literal["nothing", "value", "scalar", "list", "pair", "duration", "number", "date"]


@dataclass(frozen=True, slots=True)
class Sides:
    """What an operator looks at. `left` and `before` may be MISSING."""

    path: str  # of the left side, as written
    left: Any
    right: Any
    now: datetime
    zone: tzinfo
    before: Any = MISSING  # the left side's value before the record changed
    before_path: str = ""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator."""

    name: str
    decide: Callable[[Sides], bool]
    wants: Wants = "value"
    missing: bool | None = None  # the answer for a missing left side; None: an error
    null: Literal["refuse", "allow"] = "refuse"
    reads_before: bool = False

    def holds(self, sides: Sides) -> bool:
        """Say whether the row is true. Raises ExpressionError naming the path."""
        if sides.left is MISSING:
            if self.missing is None:
                raise ExpressionError(Code.MISSING_VALUE, path=sides.path)
            return self.missing
        if sides.left is None and self.null == "refuse":
            raise ExpressionError(Code.MISSING_VALUE, path=sides.path)
        if self.reads_before and sides.before is MISSING:
            raise ExpressionError(Code.MISSING_VALUE, path=sides.before_path)
        return self.decide(sides)


def _order(left: Any, sides: Sides, right: Any) -> int:
    return order(left, right, sides.zone, path=sides.path)


def _refuse_no_text(value: Any, sides: Sides) -> None:
    if kind_of(value) in {"list", "object", "null"}:
        raise ExpressionError(Code.NOT_TEXT, kind=kind_of(value), path=sides.path)


def _text(value: Any, sides: Sides) -> str:
    _refuse_no_text(value, sides)
    return comparable_text(value)


def _folded_text(value: Any, sides: Sides) -> str:
    _refuse_no_text(value, sides)
    return folded_text(value)


def _folded(sides: Sides) -> tuple[str, str]:
    return _folded_text(sides.left, sides), _folded_text(sides.right, sides)


def _equals(sides: Sides) -> bool:
    return equal(sides.left, sides.right, sides.zone)


def _contains(sides: Sides) -> bool:
    return contains(sides.left, sides.right, sides.zone, path=sides.path)


def _contains_ignoring_case(sides: Sides) -> bool:
    if isinstance(sides.left, list):
        wanted = _folded_text(sides.right, sides)
        return any(folded_text(e) == wanted for e in sides.left if isinstance(e, str))
    left, right = _folded(sides)
    return right in left


def _in(sides: Sides) -> bool:
    if not isinstance(sides.right, list):
        raise ExpressionError(Code.NOT_A_LIST, kind=kind_of(sides.right), path=sides.path)
    return any(map(like(sides.left, sides.zone), sides.right))


def _between(sides: Sides) -> bool:
    if not isinstance(sides.right, list) or len(sides.right) != 2:
        raise ExpressionError(Code.NOT_A_LIST, kind=kind_of(sides.right), path=sides.path)
    least, most = sides.right
    return _order(sides.left, sides, least) >= 0 >= _order(sides.left, sides, most)


def _starts(sides: Sides) -> bool:
    return _text(sides.left, sides).startswith(_text(sides.right, sides))


def _ends(sides: Sides) -> bool:
    return _text(sides.left, sides).endswith(_text(sides.right, sides))


def _age_seconds(sides: Sides) -> float:
    at = moment(sides.left, sides.zone, path=sides.path)
    return (since_epoch(sides.now) - since_epoch(at)).total_seconds()


def _span_seconds(sides: Sides) -> float:
    span = parse_duration(sides.right)
    if span is None:
        raise ExpressionError(Code.NOT_A_DURATION, value=shortened(sides.right), path=sides.path)
    return span.total_seconds()


def _instants(sides: Sides) -> tuple[timedelta, timedelta]:
    left = moment(sides.left, sides.zone, path=sides.path)
    return since_epoch(left), since_epoch(moment(sides.right, sides.zone, path=sides.path))


def _before(sides: Sides) -> bool:
    left, right = _instants(sides)
    return left < right


def _after(sides: Sides) -> bool:
    left, right = _instants(sides)
    return left > right


def _changed(sides: Sides) -> bool:
    return not equal(sides.before, sides.left, sides.zone)


def _changed_to(sides: Sides) -> bool:
    return _changed(sides) and _equals(sides)


def _changed_from(sides: Sides) -> bool:
    return _changed(sides) and equal(sides.before, sides.right, sides.zone)


def _crossing(sides: Sides) -> tuple[Any, Any, Any]:
    if sides.before is None:
        raise ExpressionError(Code.MISSING_VALUE, path=sides.before_path)
    threshold = number(sides.right, path=sides.path)
    before = number(sides.before, path=sides.before_path)
    return before, threshold, number(sides.left, path=sides.path)


def _crosses_above(sides: Sides) -> bool:
    before, threshold, after = _crossing(sides)
    return bool(before <= threshold < after)


def _crosses_below(sides: Sides) -> bool:
    before, threshold, after = _crossing(sides)
    # Falling to the threshold counts: a stock of 5 that was 6 has reached the reorder point 5.
    return bool(before > threshold >= after)


def _opposite(decide: Callable[[Sides], bool]) -> Callable[[Sides], bool]:
    return lambda sides: not decide(sides)


_ALL: Final = (
    Operator("exists", lambda s: s.left is not None, "nothing", missing=False, null="allow"),
    Operator("not_exists", lambda s: s.left is None, "nothing", missing=True, null="allow"),
    Operator("is_empty", lambda s: is_empty(s.left), "nothing", missing=True, null="allow"),
    Operator(
        "is_not_empty", lambda s: not is_empty(s.left), "nothing", missing=False, null="allow"
    ),
    Operator("equals", _equals, null="allow"),
    Operator("not_equals", _opposite(_equals), null="allow"),
    Operator("equals_ignoring_case", lambda s: len(set(_folded(s))) == 1, "scalar"),
    Operator("greater_than", lambda s: _order(s.left, s, s.right) > 0, "scalar"),
    Operator("greater_or_equal", lambda s: _order(s.left, s, s.right) >= 0, "scalar"),
    Operator("less_than", lambda s: _order(s.left, s, s.right) < 0, "scalar"),
    Operator("less_or_equal", lambda s: _order(s.left, s, s.right) <= 0, "scalar"),
    Operator("between", _between, "pair"),
    Operator("contains", _contains),
    Operator("not_contains", _opposite(_contains)),
    Operator("contains_ignoring_case", _contains_ignoring_case, "scalar"),
    Operator("starts_with", _starts, "scalar"),
    Operator("ends_with", _ends, "scalar"),
    Operator("in", _in, "list", null="allow"),
    Operator("not_in", _opposite(_in), "list", null="allow"),
    Operator("is_true", lambda s: equal(s.left, True, s.zone), "nothing"),
    Operator("is_false", lambda s: equal(s.left, False, s.zone), "nothing"),
    Operator("before", _before, "date"),
    Operator("after", _after, "date"),
    Operator("older_than", lambda s: _age_seconds(s) > _span_seconds(s), "duration"),
    Operator("within_last", lambda s: 0 <= _age_seconds(s) <= _span_seconds(s), "duration"),
    Operator("within_next", lambda s: 0 <= -_age_seconds(s) <= _span_seconds(s), "duration"),
    Operator("changed", _changed, "nothing", null="allow", reads_before=True),
    Operator("not_changed", _opposite(_changed), "nothing", null="allow", reads_before=True),
    Operator("changed_to", _changed_to, null="allow", reads_before=True),
    Operator("changed_from", _changed_from, null="allow", reads_before=True),
    Operator("crosses_above", _crosses_above, "number", reads_before=True),
    Operator("crosses_below", _crosses_below, "number", reads_before=True),
)
OPERATORS: Final[dict[str, Operator]] = {operator.name: operator for operator in _ALL}
