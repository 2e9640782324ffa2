"""The library's expressions as this language has them: how they compare, count and filter."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from liquid import BlockNode, Node
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.arguments import KeywordArgument, PositionalArgument
from liquid.builtin.expressions.filtered import Filter as FilterUse
from liquid.builtin.expressions.primitive import Blank, Empty, FloatLiteral, Nil, RangeLiteral
from liquid.builtin.tags.case_tag import _AnyExpression as WhenExpression
from liquid.expression import Expression

from tenants.core.values.comparison import equal, is_empty, kind_of
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError, suggestion
from workflows.definition.templates.context import Context, MissingValue, refuse_missing
from workflows.definition.templates.filters import FILTERS
from workflows.definition.templates.filters.calling import Argument, FilterCall, call
from workflows.definition.values.json_values import contains, order, storable

_A_COMPARISON = 100  # for two values, which may be dates
PARTS = (Node, Expression, FilterUse, KeywordArgument, PositionalArgument)


def every_part(things: Any, *, into_blocks: bool = True) -> Iterator[Any]:
    """Yield the nodes, expressions and filters, and all that is in them."""
    if isinstance(things, list):
        for thing in things:
            yield from every_part(thing, into_blocks=into_blocks)
    elif isinstance(things, PARTS):
        yield things
        if not into_blocks and isinstance(things, BlockNode):
            return
        for name in slots_of(type(things)):
            yield from every_part(getattr(things, name), into_blocks=into_blocks)


def slots_of(kind: type) -> list[str]:
    slots = (getattr(base, "__slots__", ()) for base in kind.__mro__)
    return [name for names in slots for name in names if name != "token"]


class Comparison(Expression):
    """Two expressions with a sign between them."""

    __slots__ = ("left", "right", "sign")

    def __init__(self, sign: str, source: Any) -> None:
        super().__init__(source.token)
        self.sign, self.left, self.right = sign, source.left, source.right

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"

    def children(self) -> list[Expression]:
        """Return both sides, for the library's analysis."""
        return [self.left, self.right]

    def evaluate(self, context: Any) -> bool:
        """Compare. Only a comparison with nil, empty or blank may have a missing side."""
        if isinstance(self.right, Nil | Empty | Blank):
            return _is_nothing(self.left.evaluate(context), self.right) is (self.sign == "==")
        left, right = self.left.evaluate(context), self.right.evaluate(context)
        for side in (left, right):
            refuse_missing(side)
        zone = context.reading.zone
        charge_for_comparing(context, left, right)
        if self.sign in {"==", "!="}:
            return equal(left, right, zone) is (self.sign == "==")
        if left is None:
            raise ExpressionError(Code.MISSING_VALUE, path=str(self.left))
        if self.sign == "contains":
            return contains(left, right, zone, path=str(self.left))
        return _SIGNS[self.sign](order(left, right, zone, path=str(self.left)))


def _is_nothing(value: Any, kind: Nil | Empty | Blank) -> bool:
    if isinstance(value, MissingValue) or value is None:
        return True
    return not isinstance(kind, Nil) and is_empty(value)


_SIGNS: dict[str, Callable[[int], bool]] = {
    "<": lambda found: found < 0,
    "<=": lambda found: found <= 0,
    ">": lambda found: found > 0,
    ">=": lambda found: found >= 0,
}


class When(WhenExpression):
    """The values of one `{% when %}`, compared by our rule."""

    __slots__ = ()

    def evaluate(self, context: Any) -> list[bool]:
        """Return one truth: the library prints the block once for each."""
        left = self.left.evaluate(context)
        refuse_missing(left)
        return [any(self._is(left, right.evaluate(context), context) for right in self.expressions)]

    def _is(self, left: Any, right: Any, context: Context) -> bool:
        charge_for_comparing(context, left, right)
        return equal(left, right, context.reading.zone)


def charge_for_comparing(context: Context, left: Any, right: Any) -> None:
    context.budget.charge(_A_COMPARISON)
    if isinstance(left, list | tuple | range):
        context.budget.charge(_A_COMPARISON * len(left))
    context.budget.charge_for(left, right)


class Range(RangeLiteral):
    """`(1..3)`, of numbers that are not too long to count with."""

    __slots__ = ()

    def _make_range(self, start: Any, stop: Any) -> range:
        for end in (start, stop):
            if isinstance(end, Decimal):
                storable(end)
        return super()._make_range(start, stop)


class ExactNumber(Expression):
    """A number with a fraction, as it stands in the template."""

    __slots__ = ("value",)

    def __init__(self, source: FloatLiteral) -> None:
        super().__init__(source.token)
        self.value = Decimal(source.token.value)

    def __str__(self) -> str:
        return str(self.value)

    def children(self) -> list[Expression]:
        """Return nothing: a number has no parts."""
        return []

    def evaluate(self, context: Any) -> Decimal:
        return self.value


class Looped(Expression):
    """What a `{% for %}` goes through: a list, a range or an object's pairs."""

    __slots__ = ("source",)

    def __init__(self, source: Expression) -> None:
        super().__init__(source.token)
        self.source = source

    def __str__(self) -> str:
        return str(self.source)

    def children(self) -> list[Expression]:
        """Return the expression, for the library's analysis."""
        return [self.source]

    def evaluate(self, context: Any) -> Any:
        """Return the list. Raises `missing_value` or `not_a_list`."""
        value = self.source.evaluate(context)
        refuse_missing(value)
        if value is None:
            raise ExpressionError(Code.MISSING_VALUE, path=str(self.source))
        if not isinstance(value, list | tuple | range | Mapping):
            raise ExpressionError(Code.NOT_A_LIST, kind=kind_of(value), path=str(self.source))
        return value


class Filtered(FilteredExpression):
    """A value and the filters it goes through."""

    __slots__ = ()

    def __init__(self, source: FilteredExpression) -> None:
        super().__init__(source.token, source.left, source.filters or [])
        for use in self.filters or ():
            if use.name not in FILTERS:
                near = suggestion(use.name, FILTERS)
                raise ExpressionError(Code.UNKNOWN_FILTER, filter=use.name, **near)

    def evaluate(self, context: Any) -> Any:
        value = self.left.evaluate(context)
        for index, use in enumerate(self.filters or ()):
            value = call(FILTERS[use.name], self._call(index, use, value, context))
        return value

    def _call(self, index: int, use: FilterUse, value: Any, context: Context) -> FilterCall:
        before = FilteredExpression(self.token, self.left, (self.filters or [])[:index])
        arguments = [
            (arg, Argument(arg.value.evaluate(context), arg.value.__str__)) for arg in use.args
        ]
        return FilterCall(
            left=Argument(value, before.__str__),
            positional=tuple(a for arg, a in arguments if isinstance(arg, PositionalArgument)),
            named={arg.name: a for arg, a in arguments if isinstance(arg, KeywordArgument)},
            scope=context.reading,
            environment=context.env,
        )
