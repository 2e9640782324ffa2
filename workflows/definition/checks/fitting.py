"""Values against what they are put into: whose record they name, whether they can stand there.

Only what can never go well is a problem: of what is not described, anything may come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenants.core.json.pointers import pointer
from tenants.core.values.paths import Path, show_path
from workflows.definition.blocks import elements, mapping
from workflows.definition.catalogue import Catalogue, Schema, TableSignature
from workflows.definition.checks.parent_scope import ScopeOfParents
from workflows.definition.codes import Code
from workflows.definition.errors import Problem, suggestion
from workflows.definition.schemas import alternatives, member, rendering
from workflows.definition.templates import compile_template, template_problems
from workflows.definition.templates.compiled import PlainTemplate, is_template
from workflows.definition.values.json_values import shortened

_MANY: Final = frozenset({"object", "array"})
_WRITTEN: Final = ("x-fields-of", "x-creatable-fields-of")
_READ: Final = "x-readable-fields-of"
_UNKNOWN: Final[Schema] = {}
_OF_LISTS: Final = ("first", "last")


def check_fitting(
    params: Any, path: str, schema: Schema, around: ScopeOfParents
) -> Iterator[Problem]:
    """Yield the values that can never be what their place needs."""
    if isinstance(params, dict):
        yield from _asked_values(params, path, schema, around.catalogue)
        yield from _Fitting(schema, around).check(params, schema, path, params)


def _asked_values(
    params: dict[str, Any], path: str, schema: Schema, catalogue: Catalogue
) -> Iterator[Problem]:
    """Yield what a message template asks for and is not given, and what it does not ask for."""
    for name, inner in mapping(schema.get("properties")).items():
        asked = catalogue.asked.get(words_of(params, mapping(inner).get("x-parameters-of")))
        given = params.get(name, {})
        if asked is None or not isinstance(given, dict):
            continue
        for key, is_needed in asked.items():
            if is_needed and given.get(key) in (None, ""):
                yield Problem(pointer(path, name, key), Code.MISSING_PARAM, {"param": key})
        for key in given:
            if key not in asked:
                facts = {"param": shortened(key), **suggestion(key, asked)}
                yield Problem(pointer(path, name, key), Code.UNKNOWN_PARAM, facts)


class _Fitting:
    """Goes through the params of one step."""

    def __init__(self, root: Schema, around: ScopeOfParents) -> None:
        self.root, self.around = root, around

    def check(self, value: Any, schema: Schema, path: str, siblings: Any) -> Iterator[Problem]:
        """Yield the problems of `value`; `siblings` is the object it is a member of."""
        merged: dict[str, Any] = {}
        for branch in alternatives(schema, self.root):
            merged = {**branch, **merged}
        table = self._table(merged, siblings)
        if table is not None:
            yield from self._columns(value, merged, path, *table)
        if isinstance(value, str) and is_template(value):
            yield from self._template(value, merged, path, siblings)
        elif isinstance(value, dict):
            for key, inner in value.items():
                part = member(schema, self.root, key)
                yield from self.check(inner, part, pointer(path, key), value)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                part = member(schema, self.root, index)
                yield from self.check(inner, part, pointer(path, index), siblings)

    def _template(self, value: str, schema: Schema, path: str, siblings: Any) -> Iterator[Problem]:
        alias = words_of(siblings, schema.get("x-record-of"))
        read = plain_path(value)
        if alias and read is not None:
            yield from self._of_table(read, alias, path)
        if rendering(schema) == "value":
            wanted = {kind for one in alternatives(schema, self.root) for kind in types_of(one)}
            if read is None or not wanted or wanted & _MANY:
                return
            yield from self._whole(read, path)
            return
        for printed in printed_paths(value):
            yield from self._whole(printed, path)

    def _whole(self, read: Path, path: str) -> Iterator[Problem]:
        """Yield a problem if a whole record or list stands where one text or number is wanted."""
        kinds = types_of(described(read, self.around)) - {"null"}
        if kinds and kinds <= _MANY:
            code = Code.WHOLE_RECORD if "object" in kinds else Code.WHOLE_LIST
            yield Problem(path, code, {"path": show_path(read)})

    def _of_table(self, read: Path, alias: str, path: str) -> Iterator[Problem]:
        """Yield a problem if the value names a record of another table, or can name none."""
        tables, known = self.around.catalogue.tables, described(read, self.around)
        if alias not in tables or not known:
            return
        named = known.get("x-record")
        facts = {"path": show_path(read), "table": alias}
        if named and named != alias:
            yield Problem(path, Code.OTHER_RECORD, {**facts, "other": named})
        elif not named and self._names_nothing(known, tables[alias]):
            yield Problem(path, Code.NO_RECORD, facts)

    def _names_nothing(self, known: Schema, table: TableSignature) -> bool:
        """Say whether what is described so can be no id: a date, an amount, one of some words."""
        is_uuid = mapping(table.columns.get("id")).get("format") == "uuid"
        kinds = types_of(known) - {"null"}
        is_other = bool(known.get("enum")) or str(known.get("format", "uuid")) != "uuid"
        return is_uuid and (is_other or bool(kinds and not kinds & {"string", *_MANY}))

    def _table(self, schema: Schema, siblings: Any) -> tuple[str, TableSignature] | None:
        for hint in (*_WRITTEN, _READ):
            alias = words_of(siblings, schema.get(hint))
            if alias in self.around.catalogue.tables:
                return alias, self.around.catalogue.tables[alias]
        return None

    def _columns(
        self, value: Any, schema: Schema, path: str, alias: str, table: TableSignature
    ) -> Iterator[Problem]:
        if isinstance(value, dict) and any(hint in schema for hint in _WRITTEN):
            for name, given in value.items():
                yield from _literal(given, table.columns.get(name), pointer(path, name))
        for index, row in enumerate(elements(value) if _READ in schema else ()):
            field = mapping(row).get("field")
            column = table.columns.get(field) if isinstance(field, str) else None
            named, read = mapping(column).get("x-record"), plain_path(mapping(row).get("value"))
            if named and read is not None:
                yield from self._of_table(read, named, pointer(path, index, "value"))


def _literal(given: Any, column: Mapping[str, Any] | None, path: str) -> Iterator[Problem]:
    """Yield the problem of a value that is written out and that the column cannot hold."""
    if column is None or is_template(given):
        return
    if given in ("", None) and column.get("x-needed"):
        yield Problem(path, Code.EMPTY)
    elif given not in ("", None) and str(given) not in map(str, column.get("enum") or [given]):
        choices = [str(one) for one in column["enum"]]
        facts = {"choices": choices, "value": shortened(given), **suggestion(given, choices)}
        yield Problem(path, Code.NOT_A_CHOICE, facts)


def described(read: Path, around: ScopeOfParents, levels: int = 5) -> Schema:
    """Return the schema of the value at a path; {} if nothing is said about it."""
    root, *below = read
    if root in {"trigger", "previous"} and len(around.events) == 1:
        return _below(around.events[0] or _UNKNOWN, below)
    if root == "steps" and len(read) > 2 and read[2] == "output":
        step = around.steps.get(str(read[1]))
        return _below((step and step.output) or _UNKNOWN, list(read[3:]))
    if root == "item" and levels:
        return _item(below, around, levels)
    return _UNKNOWN


def plain_path(value: object) -> Path | None:
    """Return the path if a text is one `{{ path }}` and nothing else."""
    printed = printed_paths(value)
    is_one = isinstance(value, str) and value.strip().count("{{") == 1
    return printed[0] if is_one and len(printed) == 1 and _is_single(value) else None


def printed_paths(value: object) -> tuple[Path, ...]:
    """Return the paths that a text prints as they are: without a filter."""
    if not isinstance(value, str) or not is_template(value) or template_problems(value):
        return ()
    template = compile_template(value)
    return template.paths if isinstance(template, PlainTemplate) else ()


def types_of(schema: Schema) -> frozenset[str]:
    """Return the JSON types that a value can have; none if that is not known."""
    kinds = schema.get("type")
    return frozenset([kinds] if isinstance(kinds, str) else kinds or ())


def _is_single(value: Any) -> bool:
    return compile_template(value).single


def _item(below: list[Any], around: ScopeOfParents, levels: int) -> Schema:
    """Return what is known of an element of the innermost list around the place."""
    blocks = [block for block in around.seen.blocks if block.is_item]
    loop = around.steps.get(blocks[-1].owner) if blocks else None
    read = plain_path(loop.items) if loop else None
    if loop is None or read is None:
        return _UNKNOWN
    listed = described(read, around.at_step(loop.path), levels - 1)
    return _below(member(listed, listed, 0), below)


def _below(schema: Schema, keys: list[str | int]) -> Schema:
    here: Schema = schema
    for key in keys:
        if isinstance(key, str) and key in _OF_LISTS and "array" in types_of(here):
            here = member(here, schema, 0)
            continue
        here = _merged(member(here, schema, key), schema)
    return here


def _merged(schema: Schema, root: Schema) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for branch in alternatives(schema, root):
        merged = {**branch, **merged}
    return merged


def words_of(params: object, name: object) -> str:
    """Return the text of a param, "" if it is none."""
    found = mapping(params).get(str(name)) if isinstance(params, Mapping) else None
    return found if isinstance(found, str) else ""
