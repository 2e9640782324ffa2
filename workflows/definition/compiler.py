"""From a document to the program that runs it.

The program is JSON and whole in itself: what the catalogue said at publish is decided here and
stored, so that a later catalogue never changes what a published workflow does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.definition.catalogue import Catalogue
from workflows.definition.conditions import compile_condition
from workflows.definition.errors import InvalidDocument
from workflows.definition.plans import make_plan
from workflows.definition.schemas import bare
from workflows.definition.templates import paths_in
from workflows.definition.validate import validate

LANGUAGE_VERSION = 1


def compile_document(document: object, catalogue: Catalogue) -> dict[str, Any]:
    """Return the stored program. Raises InvalidDocument with every problem."""
    problems = validate(document, catalogue)
    if problems or not isinstance(document, dict):
        raise InvalidDocument(problems)
    steps = document["steps"]
    return {
        "language_version": LANGUAGE_VERSION,
        "name": document["name"],
        "trigger_types": [document["trigger_type"], *(document.get("also_on") or [])],
        "trigger_filter": document.get("trigger_filter") or None,
        "settings": document.get("settings") or {},
        "values": document.get("values") or {},
        "uses_previous": _uses_previous(document),
        "schemas": {
            name: bare(catalogue.actions[name].params)
            for name in sorted({step["action"] for step in steps})
        },
        "instructions": [_instruction(index, step, catalogue) for index, step in enumerate(steps)],
    }


def _instruction(index: int, step: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    schema = catalogue.actions[step["action"]].params
    return {
        "op": "action",
        "index": index,
        "name": step["name"],
        "label": step.get("label") or "",
        "action": step["action"],
        "condition": step.get("condition") or None,
        "params": make_plan(step["params"], schema, schema),
        "on_error": step.get("on_error", "stop"),
        "retry": step.get("retry"),
        "timeout": step.get("timeout"),
    }


def _uses_previous(document: Mapping[str, Any]) -> bool:
    """Say whether anything reads the before-values of the record change."""
    conditions = [step.get("condition") for step in document["steps"]]
    rows = [one for one in (*conditions, document.get("trigger_filter")) if one]
    if any(compile_condition(row).reads_previous for row in rows):
        return True
    read = (path for step in document["steps"] for path in paths_in(step["params"]))
    return any(path[0] == "previous" for path in read)
