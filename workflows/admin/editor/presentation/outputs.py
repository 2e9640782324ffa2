"""What steps hand on while somebody edits: described by the language, with examples where it can.

An element of a list, the answer of an approval, the event that was waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenants.core.json import Json
from tenants.core.values.paths import LEFT_OUT
from tenants.models.tenant import Tenant
from workflows.admin.editor.endpoints.known import known
from workflows.admin.editor.presentation.events import recent_payloads
from workflows.definition.blocks import elements, mapping
from workflows.definition.catalogue import ActionSignature, Catalogue
from workflows.definition.checks.parent_scope import output_of
from workflows.definition.errors import ExpressionError
from workflows.definition.kinds.waits import USUAL_CHOICES
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template, template_problems
from workflows.definition.templates.compiled import is_template
from workflows.event_types import payload_schema
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.catalogue import tables
from workflows.services.dry_run.samples import newest_row

Schema = Mapping[str, Any]
Step = Mapping[str, Json]


def schema_of_output(step: Step) -> Schema | None:
    """Return what a step hands on, with the columns and the names that its params choose."""
    action = known(step.get("action"))
    awaited = str(mapping(step.get("params")).get("type"))
    signatures = {}
    if action is not None and not action.steers and action.output is not None:
        signatures[action.name] = ActionSignature(action.params, action.output)
    catalogue = Catalogue(
        actions=signatures, events={awaited: payload_schema(awaited)}, tables=tables()
    )
    return output_of(step, catalogue)


def example_of_output(tenant: Tenant, step: Step, scope: NameScope) -> dict[str, Json] | None:
    """Return what the output of a step could be; None if nothing is known.

    `scope` is what the steps before it would have given.
    """
    params = mapping(step.get("params"))
    match step.get("action"):
        case "find_records":
            found = _example_of_rows(tenant, params)
        case "set_values":
            values = mapping(params.get("values"))
            found = {name: _filled(value, scope) for name, value in values.items()}
        case "run_workflow":
            found = _handed_back(tenant, str(params.get("workflow")))
        case "parallel":
            branches = [mapping(one) for one in elements(params.get("branches"))]
            found = {str(one.get("name")): _filled(one.get("result"), scope) for one in branches}
        case _:
            found = _example_of_kind(tenant, step)
    return found


def _example_of_kind(tenant: Tenant, step: Step) -> dict[str, Json] | None:
    params = mapping(step.get("params"))
    match step.get("action"):
        case "wait_for_event":
            payloads = recent_payloads(tenant, str(params.get("type")))
            payload = payloads[0][0] if payloads else {}
            return {"payload": payload, "event_id": "…", "timed_out": False}
        case "approval":
            return {
                "choice": next(iter(choices_in(step)), ("", ""))[0],
                "answers": {str(mapping(one).get("key")): "…" for one in _form(params)},
                "decided_by": "…",
                "decided_at": "2026-01-31T09:00:00+00:00",
                "timed_out": False,
            }
        case "for_each":
            return {"results": [], "items": 3, "succeeded": 3, "failed": 0}
    return None


def _example_of_rows(tenant: Tenant, params: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the newest record of the table, as if it were what is looked for."""
    row = newest_row(tenant, str(params.get("table")), elements(params.get("fields")))
    return None if row is None else {"count": 1, "records": [row], "first": row, "more": False}


def _handed_back(tenant: Tenant, key: str) -> dict[str, Json] | None:
    """Return what another workflow hands back: its names, and what of it is written out."""
    rows = WorkflowDefinition.objects.of(tenant).filter(key=key, version__gt=0)
    handed = rows.values_list("definition__output", flat=True).first()
    if not isinstance(handed, dict):
        return None
    return {name: "…" if is_template(value) else value for name, value in handed.items()}


def _filled(value: Json, scope: NameScope) -> Json:
    """Return a value as it would be filled in; what cannot be worked out is “…”."""
    if isinstance(value, dict):
        return {name: _filled(inner, scope) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, scope) for inner in value]
    if not isinstance(value, str) or not is_template(value):
        return value
    if template_problems(value):
        return "…"
    try:
        found = compile_template(value).value(scope)
    except ExpressionError:
        return "…"
    return None if found is LEFT_OUT else found


def choices_in(step: Step) -> Iterator[tuple[str, str]]:
    params = mapping(step.get("params"))
    for one in elements(params.get("choices", [*USUAL_CHOICES])):
        choice = mapping(one)
        if choice.get("key"):
            yield str(choice["key"]), str(choice.get("label") or choice["key"])


def question_titles(step: Step) -> dict[str, str]:
    form = (mapping(one) for one in _form(mapping(step.get("params"))))
    return {str(one.get("key")): str(one.get("label") or one.get("key")) for one in form}


def loops_around(document: Json, part: str) -> list[Step]:
    """Return the steps around a part that do theirs for each element, the outermost first."""
    found: list[Step] = []
    here, keys = document, part.split("/")
    for index, key in enumerate(keys):
        if isinstance(here, dict) and here.get("action") == "for_each":
            inside = keys[index : index + 2] == ["params", "steps"]
            found += [here] if inside or keys[index : index + 2] == ["params", "result"] else []
        here = _at(here, key)
    return found


def elements_of(loop: Step, scope: NameScope) -> list[Json]:
    """Return the list that a step goes through, as it would be with these values."""
    items = mapping(loop.get("params")).get("items")
    if isinstance(items, str) and is_template(items) and not template_problems(items):
        try:
            items = compile_template(items).value(scope)
        except ExpressionError:
            return []
    return elements(items)


def _form(params: Mapping[str, Json]) -> list[Json]:
    return elements(params.get("form"))


def _at(here: Json, key: str) -> Json:
    if isinstance(here, list):
        return here[int(key)] if key.isdecimal() and int(key) < len(here) else None
    return here.get(key) if isinstance(here, dict) else None
