"""From a document to the program that runs it.

The program is JSON and whole in itself: what the catalogue said at publish is decided here and
stored, so that a later catalogue never changes what a published workflow does.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.definition.blocks import all_steps, held, own_params
from workflows.definition.catalogue import Catalogue
from workflows.definition.conditions import compile_condition
from workflows.definition.kinds import KINDS
from workflows.definition.language import LANGUAGE_VERSION
from workflows.definition.programs.assembly import assemble, plan_anything
from workflows.definition.programs.plans import make_plan
from workflows.definition.schemas import bare
from workflows.definition.templates import paths_in
from workflows.definition.validate import ValidDocument

_TEXT = {"type": "string"}


def compile_document(valid: ValidDocument) -> dict[str, Any]:
    document, catalogue = valid.complete, valid.catalogue
    instructions, on_failure = assemble(document, catalogue)
    output = plan_anything(document.get("output"))
    return {
        "language_version": LANGUAGE_VERSION,
        "name": document["name"],
        "trigger_types": [document["trigger_type"], *(document.get("also_on") or [])],
        "trigger_filter": document.get("trigger_filter") or None,
        "settings": _settings(document.get("settings") or {}),
        "values": document.get("values") or {},
        "uses_previous": _uses_previous(document),
        "schemas": _schemas(document, catalogue),
        "instructions": instructions,
        "on_failure": on_failure,
        **({} if output is None else {"output": output}),
    }


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    key = settings.get("concurrency_key")
    lane = {} if key is None else {"concurrency_key": make_plan(key, _TEXT, _TEXT)}
    return {**settings, **lane}


def _schemas(document: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    known = {name: action.params for name, action in catalogue.actions.items()}
    known |= {kind.name: kind.rendered_schema for kind in KINDS.values() if kind.is_checked}
    names = {step["action"] for _, step in all_steps(document)}
    return {name: bare(known[name]) for name in sorted(names & set(known))}


def _uses_previous(document: Mapping[str, Any]) -> bool:
    """Say whether anything reads the before-values of the record change."""
    if any(compile_condition(one).reads_previous for one in _conditions(document)):
        return True
    read = (path for value in _filled_in(document) for path in paths_in(value))
    return any(path[0] == "previous" for path in read)


def _filled_in(document: Mapping[str, Any]) -> Iterator[Any]:
    yield document.get("output")
    yield (document.get("settings") or {}).get("concurrency_key")
    for path, step in all_steps(document):
        yield own_params(step)
        yield from (result for _, result in held(step, "x-result", path))


def _conditions(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if document.get("trigger_filter"):
        yield document["trigger_filter"]
    for path, step in all_steps(document):
        if step.get("condition"):
            yield step["condition"]
        yield from (condition for _, condition in held(step, "x-condition", path))
