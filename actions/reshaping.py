"""Operations on lists: filter, sort, group, join. Pure; values are the same as in conditions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from actions.comparing import Incomparable, key_of, sort_keys
from actions.errors import PermanentFailure
from actions.paths import MISSING, lookup, parse_path
from actions.rows import does_not_compare, row_holds, shortened

Json = Any
Items = list[Json]

MOST_ITEMS: Final = 10_000


def reshaped(items: Items, operations: Sequence[Json], zone: tzinfo) -> Items:
    """Return the list after all operations, in order. Raises PermanentFailure."""
    items = _within_limit(items)
    for operation in operations:
        [(name, wanted)] = operation.items()
        items = _within_limit(_OPERATIONS[name](items, wanted, zone))
    return items


def _within_limit(items: Items) -> Items:
    _check_count(len(items))
    return items


def _check_count(count: int) -> None:
    if count > MOST_ITEMS:
        raise PermanentFailure("too_many_items", count=count, limit=MOST_ITEMS)


def _keep(items: Items, rows: Json, zone: tzinfo) -> Items:
    return [item for at, item in enumerate(items, 1) if _are_true(rows, item, at, zone)]


def _drop(items: Items, rows: Json, zone: tzinfo) -> Items:
    return [item for at, item in enumerate(items, 1) if not _are_true(rows, item, at, zone)]


def _are_true(rows: Json, item: Json, at: int, zone: tzinfo) -> bool:
    return all(_is_true(row, item, at, zone) for row in rows)


def _is_true(row: Json, item: Json, at: int, zone: tzinfo) -> bool:
    try:
        return row_holds(row, item, zone)
    except Incomparable as reason:
        if reason.code == "missing_value":
            raise _lacks(row["field"], at) from None
        raise does_not_compare(row, reason) from None


def _pick(items: Items, names: Json, zone: tzinfo) -> Items:
    return [{name: item[name] for name in names if name in item} for item in _objects(items)]


def _rename(items: Items, names: Mapping[str, str], zone: tzinfo) -> Items:
    return [{names.get(name, name): item[name] for name in item} for item in _objects(items)]


def _sort(items: Items, how: Json, zone: tzinfo) -> Items:
    values = _values(items, how["by"])
    known = [place for place, value in enumerate(values) if value is not None]
    try:
        keys = sort_keys([values[place] for place in known], zone)
    except Incomparable as reason:
        raise PermanentFailure(
            "values_have_no_order", field=shortened(how["by"]), value=shortened(reason.value)
        ) from None
    key_at = dict(zip(known, keys, strict=True))
    known.sort(key=key_at.__getitem__, reverse=how.get("descending", False))
    unknown = [item for item, value in zip(items, values, strict=True) if value is None]
    return [items[place] for place in known] + unknown


def _unique(items: Items, field: str, zone: tzinfo) -> Items:
    first: dict[Any, Json] = {}
    for key, item in zip(_keys(items, field, zone), items, strict=True):
        first.setdefault(key, item)
    return list(first.values())


def _first(items: Items, count: int, zone: tzinfo) -> Items:
    return items[:count]


def _flatten(items: Items, field: str, zone: tzinfo) -> Items:
    lists = _values(items, field)
    for at, inner in enumerate(lists, 1):
        if not isinstance(inner, list):
            raise PermanentFailure("item_not_list", field=shortened(field), item=at)
    _check_count(sum(map(len, lists)))
    return [element for inner in lists for element in inner]


def _chunk(items: Items, size: int, zone: tzinfo) -> Items:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _group(items: Items, field: str, zone: tzinfo) -> Items:
    groups: dict[Any, dict[str, Json]] = {}
    for item, value in zip(items, _values(items, field), strict=True):
        group = groups.setdefault(key_of(value, zone), {"key": value, "items": []})
        group["items"].append(item)
    return [{**group, "count": len(group["items"])} for group in groups.values()]


def _join(items: Items, how: Json, zone: tzinfo) -> Items:
    other = _within_limit(how["with"])
    found: dict[Any, Json] = {}
    for key, element in zip(_keys(other, how["on"], zone), other, strict=True):
        found.setdefault(key, element)
    keys = _keys(_objects(items), how["on"], zone)
    return [{**item, how["as"]: found.get(key)} for item, key in zip(items, keys, strict=True)]


def _without(items: Items, how: Json, zone: tzinfo) -> Items:
    other = _within_limit(how["list"])
    objects = [element for element in other if isinstance(element, dict)]
    gone = set(_keys(objects, how["on"], zone))
    gone |= {key_of(element, zone) for element in other if not isinstance(element, dict)}
    keys = _keys(items, how["on"], zone)
    return [item for item, key in zip(items, keys, strict=True) if key not in gone]


def _keys(items: Items, field: str, zone: tzinfo) -> list[Any]:
    return [key_of(value, zone) for value in _values(items, field)]


def _values(items: Items, field: str) -> list[Json]:
    """Return what stands in the field of each item. An item without it is a mistake."""
    path = parse_path(field)
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


_OPERATIONS: Final[Mapping[str, Callable[[Items, Any, tzinfo], Items]]] = {
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
