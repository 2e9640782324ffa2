"""Fields named in params: whether the allow-list lets a step write, create or read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenants.core.json.pointers import pointer
from workflows.definition.catalogue import Catalogue, TableSignature
from workflows.definition.codes import Code
from workflows.definition.problems import Problem, suggestion
from workflows.definition.templates.compiled import is_template
from workflows.definition.values.numbers import shortened


def check_fields(
    value: Any, hints: Mapping[str, Any], siblings: Any, catalogue: Catalogue, path: str
) -> Iterator[Problem]:
    """Yield the fields that the hint of their parameter does not allow.

    The hint names the parameter beside it that holds the table; an unknown table is reported
    there, so nothing is said here.
    """
    for hint, allowed in _ALLOWED.items():
        name = siblings.get(hints.get(hint)) if isinstance(siblings, Mapping) else None
        table = catalogue.tables.get(name) if isinstance(name, str) else None
        if table is None:
            continue
        for place, field in _named(value, path):
            known = allowed(table)
            if field in known:
                continue
            params = {"table": name, "field": shortened(field)}
            if hint != READ and field in table.readable:
                yield Problem(place, Code.FIELD_NOT_WRITABLE, params)
            else:
                yield Problem(place, Code.UNKNOWN_FIELD, {**params, **suggestion(field, known)})


def _named(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the fields that a value names: its keys, a text, a list of texts, rows."""
    if isinstance(value, dict):
        yield from ((pointer(path, field), field) for field in value)
    elif isinstance(value, str):
        if not is_template(value):
            yield path, value.removeprefix("-")  # "-created_at": the greatest first
    elif isinstance(value, list):
        for index, element in enumerate(value):
            field = element.get("field") if isinstance(element, dict) else element
            place = (
                pointer(path, index, "field") if isinstance(element, dict) else pointer(path, index)
            )
            if isinstance(field, str) and not is_template(field):
                yield place, field


def _writable(table: TableSignature) -> frozenset[str]:
    return table.writable


def _creatable(table: TableSignature) -> frozenset[str]:
    return table.creatable


def _readable(table: TableSignature) -> frozenset[str]:
    return table.readable


READ = "x-readable-fields-of"
_ALLOWED = {"x-fields-of": _writable, "x-creatable-fields-of": _creatable, READ: _readable}
