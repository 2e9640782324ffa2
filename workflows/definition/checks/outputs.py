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


def output_of(step: Mapping[str, Any], catalogue: Catalogue) -> Schema | None:
    """Return the schema of a step's output; None if it is not described."""
    action, params = str(step.get("action")), mapping(step.get("params"))
    match action:
        case "for_each":
            return _closed("results", "succeeded", "failed", "items")
        case "parallel":
            return _closed(*_texts(params.get("branches"), "name"))
        case "wait_for_event":
            event = catalogue.events.get(str(params.get("type"))) or _ANYTHING
            return _closed("event_id", "timed_out", payload=event)
        case "approval":
            answers = _closed(*_texts(params.get("form"), "key"))
            return _closed("choice", "decided_by", "decided_at", "timed_out", answers=answers)
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
