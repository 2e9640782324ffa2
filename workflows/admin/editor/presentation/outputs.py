"""What steps hand on while somebody edits: described by the language, with examples where it can.

An element of a list, the answer of an approval, the event that was waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.admin.editor.endpoints.known import known
from workflows.admin.editor.presentation.events import recent_payloads
from workflows.definition.blocks import elements, mapping
from workflows.definition.catalogue import Catalogue
from workflows.definition.checks.parent_scope import output_of
from workflows.definition.errors import ExpressionError
from workflows.definition.kinds.waits import USUAL_CHOICES
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template, template_problems
from workflows.definition.templates.compiled import is_template
from workflows.event_types import payload_schema

Schema = Mapping[str, Any]
Step = Mapping[str, Json]


def schema_of_output(step: Step) -> Schema | None:
    action = known(step.get("action"))
    if action is None or not action.steers:
        return action.output if action else None
    awaited = str(mapping(step.get("params")).get("type"))
    return output_of(step, Catalogue(events={awaited: payload_schema(awaited)}))


def example_of_output(tenant: Tenant, step: Step) -> dict[str, Json] | None:
    """Return what the output of a step of control flow could be; None if nothing is known."""
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
