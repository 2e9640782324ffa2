"""What stands around a place in the document: what can be read there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from workflows.definition.blocks import all_steps, mapping
from workflows.definition.catalogue import Catalogue, Schema
from workflows.definition.checks.seen import ChildBlock, Seen
from workflows.definition.checks.tracing import trace
from workflows.definition.kinds import KINDS, reminder_parts_of
from workflows.definition.kinds.parts import ANYTHING

MAX_LEVELS: Final = 6  # of an output, in which names and tables are looked for


def output_of(step: Mapping[str, Any], catalogue: Catalogue) -> Schema | None:
    """Return the schema of a step's output; None if it is not described."""
    action, params = str(step.get("action")), mapping(step.get("params"))
    if action in KINDS:
        return KINDS[action].output(params, catalogue)
    known = catalogue.actions.get(action)
    return _with_named(known.output, params, catalogue) if known and known.output else None


def _with_named(
    output: Schema, params: Mapping[str, Any], catalogue: Catalogue, levels: int = MAX_LEVELS
) -> Schema:
    """Return the schema with the fields that the params name, or that their table has."""
    found = _row(_picked(output, params), params, catalogue)
    alias = params.get(str(output.get("x-record-of")))
    if isinstance(alias, str) and alias in catalogue.tables:
        found = {**found, "x-record": alias}
    if not levels:
        return found
    inner = mapping(found.get("properties"))
    if inner:
        found = {
            **found,
            "properties": {
                name: _with_named(part, params, catalogue, levels - 1)
                for name, part in inner.items()
            },
        }
    if isinstance(found.get("items"), Mapping):
        found = {**found, "items": _with_named(found["items"], params, catalogue, levels - 1)}
    return found


def _picked(output: Schema, params: Mapping[str, Any]) -> Schema:
    if "x-named-in" not in output:
        return output
    named: Any = params
    for key in output["x-named-in"].split("."):
        named = mapping(named).get(key)
    if isinstance(named, str):
        return output  # filled in as a whole: nobody knows its names
    properties = {**dict.fromkeys(mapping(named), ANYTHING), **output.get("properties", {})}
    return {**output, "properties": properties, "additionalProperties": False}


def _row(output: Schema, params: Mapping[str, Any], catalogue: Catalogue) -> Schema:
    """Return the schema of a row of the table that was chosen."""
    alias = params.get(str(output.get("x-row-of")))
    table = catalogue.tables.get(alias) if isinstance(alias, str) else None
    if table is None or not table.columns:
        return output
    wanted = params.get(str(output.get("x-columns-in")))
    names = [*wanted] if isinstance(wanted, list | dict) and wanted else [*table.columns]
    properties = {
        name: table.columns[name]
        for name in names
        if isinstance(name, str) and name in table.readable | table.creatable
    }
    return {**output, "properties": properties, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class KnownStep:
    """A step as far as others read it."""

    path: str  # its JSON pointer
    output: Schema | None  # None: not described, any field may be read
    blocks: tuple[ChildBlock, ...]  # of child runs, around it
    in_reminders: tuple[str, ...] = ()  # the members of its output that its reminders can read
    items: Any = None  # the list that its steps go through, one by one


@dataclass(frozen=True, slots=True)
class ScopeOfParents:
    """The document and the catalogue, seen from one place."""

    catalogue: Catalogue
    events: tuple[Schema | None, ...]  # of each event type that starts the workflow
    steps: Mapping[str, KnownStep]  # by name
    order: Mapping[str, int]  # JSON pointer of a step -> how many come before it in the text
    values: Mapping[str, Any]  # the document's named constants
    everywhere: Mapping[str, Seen]  # by JSON pointer
    seen: Seen = field(default_factory=Seen)
    step: str = ""  # the JSON pointer of the step around the place
    depth: int = 0  # how many lists of steps lie around the one of this place
    after_error: bool = False  # whether `run.error` can be read

    def at_step(self, path: str) -> "ScopeOfParents":
        """Return the same, seen from the step at `path`, or from the end of the run: /output."""
        return replace(self, step=path, seen=self.everywhere.get(path, Seen()))

    def at_place(self, path: str) -> "ScopeOfParents":
        """Return the same, seen from a condition or a result inside the step."""
        return replace(self, seen=self.everywhere.get(path, Seen()))

    def under(self, condition: object) -> "ScopeOfParents":
        return replace(self, seen=self.seen.under(condition))

    def asking(self, condition: object) -> "ScopeOfParents":
        return replace(self, seen=self.seen.asking(condition))

    def inside(self) -> "ScopeOfParents":
        return replace(self, depth=self.depth + 1)

    def behind_error(self) -> "ScopeOfParents":
        return replace(self, after_error=True)


def look_around(document: Mapping[str, Any], catalogue: Catalogue) -> ScopeOfParents:
    """Return the surroundings of a document that may be wrong in every part."""
    also = document.get("also_on")
    types = [document.get("trigger_type"), *(also if isinstance(also, list) else [])]
    values = document.get("values")
    everywhere, places = trace(document), [path for path, _ in all_steps(document)]
    return ScopeOfParents(
        catalogue=catalogue,
        events=tuple(catalogue.events.get(name) for name in types if isinstance(name, str)),
        steps=_steps(document, catalogue, everywhere),
        order={path: order for order, path in enumerate([*places, "/output"])},
        values=values if isinstance(values, dict) else {},
        everywhere=everywhere,
    )


def _steps(
    document: Mapping[str, Any], catalogue: Catalogue, everywhere: Mapping[str, Seen]
) -> dict[str, KnownStep]:
    found: dict[str, KnownStep] = {}
    for path, step in all_steps(document):
        if isinstance(step, dict) and isinstance(step.get("name"), str):
            blocks = everywhere.get(path, Seen()).blocks
            parts = reminder_parts_of(step.get("action"))
            items = mapping(step.get("params")).get("items")
            known = KnownStep(path, output_of(step, catalogue), blocks, parts, items)
            found.setdefault(step["name"], known)
    return found
