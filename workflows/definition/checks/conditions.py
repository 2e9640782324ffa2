"""Conditions: rows under `all` and `any`."""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Final

from tenants.core.json.pointers import pointer
from tenants.core.values.comparison import kind_of
from tenants.core.values.numbers import as_number
from tenants.core.values.paths import parse_path
from workflows.definition.checks.parent_scope import ScopeOfParents
from workflows.definition.checks.seen import rows
from workflows.definition.checks.simple import check_keys, wrong_type
from workflows.definition.checks.templates import check_path, check_template, check_templates
from workflows.definition.codes import Code
from workflows.definition.errors import Problem, suggestion
from workflows.definition.operators import OPERATORS, Operator
from workflows.definition.templates.compiled import is_template
from workflows.definition.values.dates import any_moment
from workflows.definition.values.json_values import shortened
from workflows.definition.values.windows import parse_duration

MAX_ROWS: Final = 100
_GROUPS = ("all", "any")


def check_condition(
    condition: object, path: str, around: ScopeOfParents, *, is_filter: bool = False
) -> Iterator[Problem]:
    """Yield the problems of a condition. `is_filter`: it decides before any step has run."""
    if not isinstance(condition, dict):
        yield wrong_type(condition, path, "condition")
        return
    if len(list(rows(condition))) > MAX_ROWS:
        yield Problem(path, Code.TOO_MANY, {"most": MAX_ROWS})
        return
    if condition and not any(word in condition for word in _GROUPS):
        yield Problem(path, Code.BAD_CONDITION)
    elif condition:
        here = around.asking(condition)
        yield from _check_group(condition, path, here, is_filter=is_filter)


def _check_group(
    group: dict[str, Any], path: str, around: ScopeOfParents, *, is_filter: bool
) -> Iterator[Problem]:
    word = next(word for word in _GROUPS if word in group)
    yield from check_keys(group, path, required=[word], optional=[])
    place, members = pointer(path, word), group[word]
    if not isinstance(members, list):
        yield wrong_type(members, place, "list")
        return
    if not members:
        yield Problem(place, Code.EMPTY)
    for index, member in enumerate(members):
        at = pointer(place, index)
        if not isinstance(member, dict):
            yield wrong_type(member, at, "condition")
        elif any(name in member for name in _GROUPS):
            yield from _check_group(member, at, around, is_filter=is_filter)
        else:
            yield from _check_row(member, at, around, is_filter=is_filter)


def _check_row(
    row: dict[str, Any], path: str, around: ScopeOfParents, *, is_filter: bool
) -> Iterator[Problem]:
    yield from check_keys(row, path, required=["field", "operator"], optional=["value"])
    name = row.get("operator")
    operator = OPERATORS.get(name) if isinstance(name, str) else None
    if "operator" in row and operator is None:
        near = suggestion(name, OPERATORS)
        params = {"operator": shortened(name), **near}
        yield Problem(pointer(path, "operator"), Code.UNKNOWN_OPERATOR, params)
    if "field" in row:
        copes = operator is not None and operator.missing is not None
        yield from _check_field(row["field"], pointer(path, "field"), around, copes, is_filter)
    if operator is not None:
        yield from _check_before(operator, row.get("field"), pointer(path, "field"))
        yield from _check_value(operator, row, path)
    place = pointer(path, "value")
    if is_filter and any(_templates(row.get("value"))):
        yield Problem(place, Code.FILTER_TAKES_NO_TEMPLATE)
    elif not is_filter:
        yield from check_templates(row.get("value"), place, around)


def _check_field(
    field: object, path: str, around: ScopeOfParents, copes: bool, is_filter: bool
) -> Iterator[Problem]:
    if not isinstance(field, str):
        yield wrong_type(field, path, "text")
        return
    read = parse_path(field)
    if is_filter and (read is None or read[0] not in {"trigger", "previous"}):
        yield Problem(path, Code.FILTER_TAKES_TRIGGER_ONLY, {"field": shortened(field)})
    elif read is not None:
        yield from check_path(read, path, around, guarded=copes)
    elif is_template(field):
        yield from check_template(field, path, around)
    else:
        yield Problem(path, Code.BAD_PATH, {"path": shortened(field)})


def _check_before(operator: Operator, field: object, path: str) -> Iterator[Problem]:
    read = parse_path(field) if isinstance(field, str) else None
    if operator.reads_before and (read is None or read[0] != "trigger"):
        yield Problem(path, Code.NEEDS_TRIGGER_FIELD, {"operator": operator.name})


def _check_value(operator: Operator, row: dict[str, Any], path: str) -> Iterator[Problem]:
    value, place = row.get("value"), pointer(path, "value")
    if operator.wants == "nothing":
        if value is not None:
            yield Problem(place, Code.OPERATOR_TAKES_NO_VALUE, {"operator": operator.name})
    elif "value" not in row or (value is None and operator.null == "refuse"):
        yield Problem(place, Code.OPERATOR_NEEDS_VALUE, {"operator": operator.name})
    elif not is_template(value) and not _FITS[operator.wants][0](value):
        facts = {"value": shortened(value), "kind": kind_of(value)}
        params = {"operator": operator.name, **facts}
        yield Problem(place, _FITS[operator.wants][1], params)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    return any_moment(value, UTC) is not None


_FITS: dict[str, tuple[Callable[[Any], bool], Code]] = {
    "value": (lambda _: True, Code.WRONG_TYPE),
    "scalar": (_is_scalar, Code.NOT_COMPARABLE),
    "list": (lambda value: isinstance(value, list), Code.OPERATOR_WANTS_LIST),
    "pair": (
        lambda value: isinstance(value, list) and len(value) == 2 and all(map(_is_scalar, value)),
        Code.OPERATOR_WANTS_PAIR,
    ),
    "duration": (lambda value: parse_duration(value) is not None, Code.OPERATOR_WANTS_DURATION),
    "number": (lambda value: as_number(value) is not None, Code.OPERATOR_WANTS_NUMBER),
    "date": (_is_moment, Code.OPERATOR_WANTS_DATE),
}


def _templates(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from _templates(element)
    elif isinstance(value, dict):
        yield from _templates(list(value.values()))
    elif isinstance(value, str) and is_template(value):
        yield value
