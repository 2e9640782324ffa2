"""Real values to show while editing: the last event, and what steps gave in the last runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.admin.editor.form.steps import step_parts
from workflows.admin.editor.presentation.events import recent_payloads
from workflows.admin.editor.presentation.outputs import (
    elements_of,
    example_of_output,
    loops_around,
    schema_of_output,
)
from workflows.definition.errors import ExpressionError
from workflows.definition.kinds import reminder_parts_of
from workflows.definition.scope import TENANT_FIELDS, NameScope
from workflows.definition.values.json_values import exact
from workflows.event_types import payload_schema
from workflows.models.definition import WorkflowDefinition
from workflows.runtime.runs.programs import preview_budget
from workflows.services.dry_run.samples import made_up, outputs_for

# What steps inside a reminder read of the step that reminds.
REMINDING: Final[Mapping[str, Json]] = {"reminder": 1, "link": "https://…"}


@dataclass(frozen=True, slots=True)
class Sample:
    """What templates of a workflow would see."""

    scope: NameScope
    real: bool  # False: no such event has come yet, the values are made up


def sample_of(
    tenant: Tenant,
    definition: WorkflowDefinition | None,
    document: Mapping[str, Json],
    now: datetime,
    part: str = "",
) -> Sample:
    """Return real values where there are any, made-up ones where there are none yet.

    `part` is the path of the step that reads them: inside a list's steps there is an element.
    """
    trigger_type = str(document.get("trigger_type") or "")
    payloads = recent_payloads(tenant, trigger_type)
    payload, previous = (
        payloads[0] if payloads else (made_up(tenant, payload_schema(trigger_type)), None)
    )
    values = document.get("values")
    scope = NameScope(
        trigger=_plain(payload),
        previous=_plain(previous),
        steps={},
        run={
            "id": "…",
            "workflow": str(document.get("name", "")),
            "version": 1,
            "error": {"code": "http_404", "step": "…", "http_status": 404},
        },
        tenant={name: getattr(tenant, name) for name in TENANT_FIELDS},
        now=now.astimezone(ZoneInfo(tenant.time_zone)),
        values=values if isinstance(values, dict) else {},
        budget=preview_budget(),
    )
    scope = _with_steps(scope, tenant, document, definition)
    sample = Sample(scope, real=bool(payloads))
    return replace(sample, scope=sample_in(sample, document, part))


def sample_in(sample: Sample, document: Mapping[str, Json], part: str) -> NameScope:
    """Return what the part reads: inside the steps of a list also the list's first element."""
    scope = sample.scope
    for loop in loops_around(document, part):
        scope = replace(scope, loop=_element(loop, scope))
    return scope


def _element(loop: Mapping[str, Json], scope: NameScope) -> dict[str, Json]:
    """Return what the steps of a list read: its first element, and what is around."""
    first = next(iter(elements_of(loop, scope)), None)
    made: dict[str, Json] = {"item": _plain(first), "item_index": 0}
    return {**made, "outer": dict(scope.loop)} if scope.loop else made


def _with_steps(
    scope: NameScope, tenant: Tenant, document: Json, definition: WorkflowDefinition | None
) -> NameScope:
    """Return the scope with what each step gave once, or would give: in their order."""
    outputs = outputs_for(tenant, definition.pk if definition else None, document)
    for _path, step in step_parts(document):
        name, action = step.get("name"), str(step.get("action"))
        if isinstance(name, str):
            # The result of another action says nothing about this one's.
            output = outputs.get(f"{name} {action}")
            if output is None or not _says_enough(output):
                output = example_of_output(tenant, step, scope)
            if output is None:
                output = made_up(tenant, schema_of_output(step))
            reminding = {part: REMINDING[part] for part in reminder_parts_of(action)}
            known = _plain({**reminding, **output}) if isinstance(output, dict) else _plain(output)
            steps = {**scope.steps, name: {"status": "completed", "output": known}}
            scope = replace(scope, steps=steps)
    return scope


def _says_enough(output: Json) -> bool:
    """Whether something was found: of nothing found nobody learns what a record looks like."""
    return not (isinstance(output, dict) and "first" in output and output["first"] is None)


def _plain(value: Json) -> Json:
    try:
        return exact(value)
    except ExpressionError:
        return None
