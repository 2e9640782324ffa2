"""Lists. They compare and add as everything else in the language does."""

from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from decimal import Decimal
from functools import partial
from typing import Any

from liquid import Markup, escape

from tenants.core.values.comparison import as_text, comparable_json, is_empty, kind_of, like
from tenants.core.values.paths import MISSING, lookup, show_path
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
from workflows.definition.templates.filters.calling import Cost, TemplateFilter, refuse_long_text
from workflows.definition.values.json_values import calculate, number, shortened, sort_keys

_ANY: Any = object()  # no value was given to compare with


def _keys(key: object) -> tuple[object, ...]:
    """Return the keys of a field that may lie deeper: `customer.name`."""
    return tuple(key.split(".")) if isinstance(key, str) else (key,)


def _optional(element: Any, keys: tuple[object, ...]) -> Any:
    return lookup(element, keys) if isinstance(element, Mapping) else MISSING


def _missing(index: int, key: object) -> ExpressionError:
    """Return the error of an element without the field: a misspelt name."""
    below = show_path(("", index, shortened(key)))
    return ExpressionError(Code.MISSING_VALUE, below=below)


def _fields(elements: list[Any], key: object) -> list[Any]:
    keys = _keys(key)
    found = [_optional(element, keys) for element in elements]
    index = next((index for index, value in enumerate(found) if value is MISSING), None)
    if index is not None:
        raise _missing(index, key)
    return found


def _join(elements: list[Any], separator: Any = " ", *, environment: Any) -> str:
    texts = [_printed(element, index) for index, element in enumerate(elements)]
    separator = as_text(separator) if not isinstance(separator, str) else separator
    refuse_long_text(sum(map(len, texts)) + len(separator) * len(texts))
    if environment.autoescape:
        return escape(separator).join(texts)
    return str(separator).join(texts)


def _printed(element: Any, index: int) -> str:
    if element is None:
        raise ExpressionError(Code.MISSING_VALUE, below=f"[{index}]")
    if isinstance(element, Mapping | list | tuple):
        raise ExpressionError(Code.NOT_TEXT, kind=kind_of(element))
    return element if isinstance(element, Markup) else as_text(element)


def _first(elements: list[Any]) -> Any:
    return elements[0] if elements else None


def _last(elements: list[Any]) -> Any:
    return elements[-1] if elements else None


def _concat(elements: list[Any], more: Any) -> list[Any]:
    if not isinstance(more, list):
        raise ExpressionError(Code.NOT_A_LIST, kind=kind_of(more))
    return elements + more


def _reverse(elements: list[Any]) -> list[Any]:
    return elements[::-1]


def _sum(elements: list[Any], key: object = None) -> Decimal:
    total = Decimal(0)
    for value in elements if key is None else _fields(elements, key):
        total = calculate("plus", total, number(value))
    return total


def _sort(
    elements: list[Any], key: Any = None, *, scope: NameScope, fold: bool = False
) -> list[Any]:
    """Sort numbers as numbers, dates as dates, the rest as text; null goes last."""
    values = elements if key is None else _fields(elements, key)
    if fold:
        values = [value.casefold() if isinstance(value, str) else value for value in values]
    pairs = list(zip(values, elements, strict=True))
    known = [pair for pair in pairs if pair[0] is not None]
    unknown = [element for value, element in pairs if value is None]
    if len(known) > 1:
        keys = sort_keys([value for value, _ in known], scope.zone)
        order = sorted(range(len(keys)), key=keys.__getitem__)
        known = [known[place] for place in order]
    return [element for _, element in known] + unknown


def _matcher(wanted: Any, zone: tzinfo) -> Callable[[Any], bool]:
    is_wanted = None if wanted is _ANY else like(wanted, zone)

    def matches(found: Any) -> bool:
        if found is MISSING:
            return False
        if is_wanted is None:
            return found is not None and found is not False
        return is_wanted(found)

    return matches


def _select(
    elements: list[Any], key: object, wanted: Any = _ANY, *, scope: NameScope, keep: bool = True
) -> list[Any]:
    # A field that no element has is misspelt; one that some lack is optional.
    keys = _keys(key)
    found = [_optional(element, keys) for element in elements]
    if elements and all(value is MISSING for value in found):
        raise _missing(0, key)
    matches = _matcher(wanted, scope.zone)
    pairs = zip(found, elements, strict=True)
    return [element for value, element in pairs if matches(value) is keep]


def _find(elements: list[Any], key: object, wanted: Any = _ANY, *, scope: NameScope) -> Any:
    return _first(_select(elements, key, wanted, scope=scope))


def _has(elements: list[Any], key: object, wanted: Any = _ANY, *, scope: NameScope) -> bool:
    return bool(_select(elements, key, wanted, scope=scope))


def _find_index(
    elements: list[Any], key: object, wanted: Any = _ANY, *, scope: NameScope
) -> int | None:
    found = _select(elements, key, wanted, scope=scope)
    return next((i for i, element in enumerate(elements) if found and element is found[0]), None)


def _uniq(elements: list[Any], key: object = None) -> list[Any]:
    values = elements if key is None else _fields(elements, key)
    kept: dict[str, Any] = {}
    for value, element in zip(values, elements, strict=True):
        kept.setdefault(comparable_json(value), element)
    return list(kept.values())


def _compact(elements: list[Any], key: object = None) -> list[Any]:
    keys = _keys(key)
    values: Iterable[Any] = elements if key is None else (_optional(e, keys) for e in elements)
    return [
        element
        for value, element in zip(values, elements, strict=True)
        if value is not MISSING and not is_empty(value)
    ]


# What they do with each element; what lies in it is read where it is compared or printed.
_SHALLOW = Cost(each=2, inside=0)
_READ = Cost(each=30, inside=2)
_COMPARED = Cost(each=60, inside=4)
_FOLDED = Cost(each=60, inside=16)
_WRITTEN = Cost(each=60, inside=10)
LIST_FILTERS = (
    TemplateFilter("join", _join, "list", needs="environment", cost=_READ),
    TemplateFilter("first", _first, "list", cost=_SHALLOW),
    TemplateFilter("last", _last, "list", cost=_SHALLOW),
    TemplateFilter("concat", _concat, "list", cost=_SHALLOW),
    TemplateFilter("map", _fields, "list", cost=_READ),
    TemplateFilter("reverse", _reverse, "list", cost=_SHALLOW),
    TemplateFilter("sum", _sum, "list", cost=_READ),
    TemplateFilter("sort", _sort, "list", needs="scope", cost=_COMPARED),
    TemplateFilter("sort_natural", partial(_sort, fold=True), "list", needs="scope", cost=_FOLDED),
    TemplateFilter("where", _select, "list", needs="scope", cost=_COMPARED),
    TemplateFilter("reject", partial(_select, keep=False), "list", needs="scope", cost=_COMPARED),
    TemplateFilter("find", _find, "list", needs="scope", cost=_COMPARED),
    TemplateFilter("find_index", _find_index, "list", needs="scope", cost=_COMPARED),
    TemplateFilter("has", _has, "list", needs="scope", cost=_COMPARED),
    TemplateFilter("uniq", _uniq, "list", cost=_WRITTEN),
    TemplateFilter("compact", _compact, "list", cost=_READ),
)
