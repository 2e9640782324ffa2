"""Operations on lists: filter, sort, group, join. Pure; values are the same as in conditions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from actions.errors import PermanentFailure
from actions.spec import EvaluationBudget, Unlimited
from actions.tables.rows import (
    charge_for_rows,
    does_not_compare,
    path_of_field,
    row_holds,
    shortened,
)
from tenants.core.json import Json
from tenants.core.values.comparison import Incomparable, key_of, sort_keys
from tenants.core.values.paths import MISSING, lookup

Items = list[Json]

MAX_ITEMS: Final = 10_000
# In operations of a budget.
_AN_ITEM: Final = 10
_A_KEY: Final = 40
_A_PLACE: Final = 80  # of a value in the order
_WRITTEN: Final = 8


@dataclass(frozen=True, slots=True)
class Means:
    """What an operation needs besides the list."""

    zone: tzinfo
    budget: EvaluationBudget


def reshaped(
    items: Items, operations: Sequence[Json], zone: tzinfo, budget: EvaluationBudget | None = None
) -> Items:
    """Return the list after all operations, in order. Raises PermanentFailure.

    Of each operation is counted what it takes, before it is done.
    """
    means, items = Means(zone, budget or Unlimited()), _within_limit(items)
    for operation in operations:
        [(name, wanted)] = operation.items()
        means.budget.charge(_AN_ITEM * len(items))
        items = _within_limit(_OPERATIONS[name](items, wanted, means))
    return items


def _within_limit(items: Items) -> Items:
    _check_count(len(items))
    return items


def _check_count(count: int) -> None:
    if count > MAX_ITEMS:
        raise PermanentFailure("too_many_items", count=count, limit=MAX_ITEMS)


def _keep(items: Items, rows: Json, means: Means) -> Items:
    charge_for_rows(rows, len(items), means.budget)
    return [item for at, item in enumerate(items, 1) if _are_true(rows, item, at, means)]


def _drop(items: Items, rows: Json, means: Means) -> Items:
    charge_for_rows(rows, len(items), means.budget)
    return [item for at, item in enumerate(items, 1) if not _are_true(rows, item, at, means)]


def _are_true(rows: Json, item: Json, at: int, means: Means) -> bool:
    return all(_is_true(row, item, at, means) for row in rows)


def _is_true(row: Json, item: Json, at: int, means: Means) -> bool:
    try:
        return row_holds(row, item, means.zone, means.budget)
    except Incomparable as reason:
        if reason.code == "missing_value":
            raise _lacks(row["field"], at) from None
        raise does_not_compare(row, reason) from None


def _pick(items: Items, names: Json, means: Means) -> Items:
    means.budget.charge(len(items) * len(names))
    return [{name: item[name] for name in names if name in item} for item in _objects(items)]


def _rename(items: Items, names: Mapping[str, str], means: Means) -> Items:
    means.budget.charge(2 * _fields_of(items))
    return [{names.get(name, name): item[name] for name in item} for item in _objects(items)]


def _sort(items: Items, how: Json, means: Means) -> Items:
    values = _values(items, how["by"])
    known = [place for place, value in enumerate(values) if value is not None]
    means.budget.charge(_A_PLACE * len(known))
    means.budget.charge_for(values)
    try:
        keys = sort_keys([values[place] for place in known], means.zone)
    except Incomparable as reason:
        raise PermanentFailure(
            "values_have_no_order", field=shortened(how["by"]), value=shortened(reason.value)
        ) from None
    key_at = dict(zip(known, keys, strict=True))
    known.sort(key=key_at.__getitem__, reverse=how.get("descending", False))
    unknown = [item for item, value in zip(items, values, strict=True) if value is None]
    return [items[place] for place in known] + unknown


def _unique(items: Items, field: str, means: Means) -> Items:
    first: dict[Any, Json] = {}
    for key, item in zip(_keys(items, field, means), items, strict=True):
        first.setdefault(key, item)
    return list(first.values())


def _first(items: Items, count: int, means: Means) -> Items:
    return items[:count]


def _flatten(items: Items, field: str, means: Means) -> Items:
    lists = _values(items, field)
    for at, inner in enumerate(lists, 1):
        if not isinstance(inner, list):
            raise PermanentFailure("item_not_list", field=shortened(field), item=at)
    _check_count(sum(map(len, lists)))
    return [element for inner in lists for element in inner]


def _chunk(items: Items, size: int, means: Means) -> Items:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _group(items: Items, field: str, means: Means) -> Items:
    groups: dict[Any, dict[str, Json]] = {}
    values = _values(items, field)
    _charge_for_keys(values, means)
    for item, value in zip(items, values, strict=True):
        group = groups.setdefault(key_of(value, means.zone), {"key": value, "items": []})
        group["items"].append(item)
    return [{**group, "count": len(group["items"])} for group in groups.values()]


def _join(items: Items, how: Json, means: Means) -> Items:
    other = _within_limit(how["with"])
    found: dict[Any, Json] = {}
    for key, element in zip(_keys(other, how["on"], means), other, strict=True):
        found.setdefault(key, element)
    keys = _keys(_objects(items), how["on"], means)
    means.budget.charge(_fields_of(items))
    return [{**item, how["as"]: found.get(key)} for item, key in zip(items, keys, strict=True)]


def _without(items: Items, how: Json, means: Means) -> Items:
    other = _within_limit(how["list"])
    objects = [element for element in other if isinstance(element, dict)]
    bare = [element for element in other if not isinstance(element, dict)]
    _charge_for_keys(bare, means)
    gone = set(_keys(objects, how["on"], means))
    gone |= {key_of(element, means.zone) for element in bare}
    keys = _keys(items, how["on"], means)
    return [item for item, key in zip(items, keys, strict=True) if key not in gone]


def _keys(items: Items, field: str, means: Means) -> list[Any]:
    values = _values(items, field)
    _charge_for_keys(values, means)
    return [key_of(value, means.zone) for value in values]


def _charge_for_keys(values: Items, means: Means) -> None:
    means.budget.charge(_A_KEY * len(values))
    # Lists and objects are written out to be compared.
    means.budget.charge_for(values, times=_WRITTEN)


def _fields_of(items: Items) -> int:
    return sum(len(item) for item in items if isinstance(item, dict))


def _values(items: Items, field: str) -> list[Json]:
    """Return what stands in the field of each item. An item without it is a mistake."""
    path = path_of_field(field)
    values = [lookup(item, path) for item in items]
    for at, value in enumerate(values, 1):
        if value is MISSING:
            raise _lacks(field, at)
    return values


def _objects(items: Items) -> Items:
    for at, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise PermanentFailure("item_not_object", item=at, value=shortened(item))
    return items


def _lacks(field: str, at: int) -> PermanentFailure:
    return PermanentFailure("item_lacks_field", field=shortened(field), item=at)


_OPERATIONS: Final[Mapping[str, Callable[[Items, Any, Means], Items]]] = {
    "keep": _keep,
    "drop": _drop,
    "pick": _pick,
    "rename": _rename,
    "sort": _sort,
    "unique": _unique,
    "first": _first,
    "flatten": _flatten,
    "chunk": _chunk,
    "group": _group,
    "join": _join,
    "without": _without,
}
