"""From a document to the program that runs it.

The program is JSON and whole in itself: what the catalogue said at publish is decided here and
stored, so that a later catalogue never changes what a published workflow does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.definition.assembly import assemble
from workflows.definition.blocks import all_steps, held, own_params
from workflows.definition.catalogue import Catalogue
from workflows.definition.conditions import compile_condition
from workflows.definition.errors import InvalidDocument
from workflows.definition.kinds import KINDS, kind_named
from workflows.definition.schemas import bare
from workflows.definition.templates import paths_in
from workflows.definition.validate import validate

LANGUAGE_VERSION = 1


def compile_document(document: object, catalogue: Catalogue) -> dict[str, Any]:
    """Return the stored program. Raises InvalidDocument with every problem."""
    problems = validate(document, catalogue)
    if problems or not isinstance(document, dict):
        raise InvalidDocument(problems)
    instructions, on_failure = assemble(document, catalogue)
    return {
        "language_version": LANGUAGE_VERSION,
        "name": document["name"],
        "trigger_types": [document["trigger_type"], *(document.get("also_on") or [])],
        "trigger_filter": document.get("trigger_filter") or None,
        "settings": document.get("settings") or {},
        "values": document.get("values") or {},
        "uses_previous": _uses_previous(document),
        "schemas": _schemas(document, catalogue),
        "instructions": instructions,
        "on_failure": on_failure,
    }


def _schemas(document: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """Return what rendered params are checked by."""
    names = {step["action"] for _, step in all_steps(document)}
    checked = {name for name in names if not kind_named(name) or name == "emit_event"}
    known = {name: action.params for name, action in catalogue.actions.items()}
    known |= {name: kind.params for name, kind in KINDS.items()}
    return {name: bare(known[name]) for name in sorted(checked)}


def _uses_previous(document: Mapping[str, Any]) -> bool:
    """Say whether anything reads the before-values of the record change."""
    if any(compile_condition(one).reads_previous for one in _conditions(document)):
        return True
    read = (path for _, step in all_steps(document) for path in paths_in(own_params(step)))
    return any(path[0] == "previous" for path in read)


def _conditions(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if document.get("trigger_filter"):
        yield document["trigger_filter"]
    for path, step in all_steps(document):
        if step.get("condition"):
            yield step["condition"]
        yield from (condition for _, condition in held(step, "x-condition", path))
