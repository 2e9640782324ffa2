"""What can be read of a step's output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workflows.definition.blocks import elements, mapping
from workflows.definition.catalogue import Catalogue, Schema

# Of a wait that still goes on, in its reminders: how many there were, where people decide.
REMINDER_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "wait_for_event": ("reminder",),
    "approval": ("reminder", "link"),
}

_ANYTHING: Schema = {}
_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_YES_OR_NO: Schema = {"type": "boolean"}
_LIST: Schema = {"type": "array"}


def output_of(step: Mapping[str, Any], catalogue: Catalogue) -> Schema | None:
    """Return the schema of a step's output; None if it is not described."""
    action, params = str(step.get("action")), mapping(step.get("params"))
    if action in _ALWAYS:
        return _ALWAYS[action]
    match action:
        case "parallel":
            return _closed(*_texts(params.get("branches"), "name"))
        case "wait_for_event":
            event = catalogue.events.get(str(params.get("type"))) or _ANYTHING
            return _closed(event_id=_TEXT, timed_out=_YES_OR_NO, payload=event)
        case "approval":
            answers = _closed(*_texts(params.get("form"), "key"))
            decided = {"choice": _TEXT, "decided_by": _TEXT, "decided_at": _TEXT}
            return _closed(**decided, timed_out=_YES_OR_NO, answers=answers)
        case _:
            known = catalogue.actions.get(action)
            return _with_named(known.output, params) if known and known.output else None


def _with_named(output: Schema, params: Mapping[str, Any]) -> Schema:
    """Return the schema with the fields that the params name themselves."""
    if "x-named-in" not in output:
        return output
    named: Any = params
    for key in output["x-named-in"].split("."):
        named = mapping(named).get(key)
    properties = {**dict.fromkeys(mapping(named), _ANYTHING), **output.get("properties", {})}
    return {**output, "properties": properties, "additionalProperties": False}


def _closed(*names: str, **described: Schema) -> Schema:
    properties = {**dict.fromkeys(names, _ANYTHING), **described}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _texts(objects: Any, key: str) -> list[str]:
    found = (mapping(one).get(key) for one in elements(objects))
    return [text for text in found if isinstance(text, str)]


# Of steps that hand on the same whatever their params say.
_ALWAYS: Final[Mapping[str, Schema]] = {
    "for_each": _closed(results=_LIST, succeeded=_NUMBER, failed=_NUMBER, items=_NUMBER),
    "branch": _closed(case=_TEXT),
    "repeat": _closed(round=_NUMBER, done=_YES_OR_NO),
    "wait": _closed(until=_TEXT),
    "emit_event": _closed(event_id=_TEXT, runs=_LIST),
}
