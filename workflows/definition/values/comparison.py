"""How values compare (`tenants.core.values.comparison`), refusing in the language's own words."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from tenants.core.values import comparison
from tenants.core.values.comparison import Incomparable, kind_of
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.values.numbers import shortened

_NAMES_THE_KIND = frozenset({Code.NOT_COMPARABLE, Code.NOT_TEXT})


def order(left: Any, right: Any, zone: tzinfo, **where: object) -> int:
    """Return -1, 0 or 1 as `left` is less than, equal to or greater than `right`.

    Raises `not_a_number`, `not_a_date` or `not_comparable`, naming the side that does not fit.
    """
    try:
        return comparison.order(left, right, zone)
    except Incomparable as reason:
        raise _refused(reason, where) from None


def sort_keys(values: Sequence[Any], zone: tzinfo, **where: object) -> list[Any]:
    """Return what orders each of the values, which have to be of one kind; raises as `order`."""
    try:
        return comparison.sort_keys(values, zone)
    except Incomparable as reason:
        raise _refused(reason, where) from None


def contains(whole: Any, part: Any, zone: tzinfo, **where: object) -> bool:
    """Say whether a list has `part` as an element, or a text has it inside. Raises `not_text`."""
    try:
        return comparison.contains(whole, part, zone)
    except Incomparable as reason:
        raise _refused(reason, where) from None


def _refused(reason: Incomparable, where: Mapping[str, object]) -> ExpressionError:
    if reason.code in _NAMES_THE_KIND:
        return ExpressionError(reason.code, kind=kind_of(reason.value), **where)
    return ExpressionError(reason.code, value=shortened(reason.value), **where)
