"""The workflow that a step of another calls."""

from typing import Final

from tenants.core.json import Json
from tenants.facts import TenantFacts
from workflows.definition.scope import NameScope
from workflows.engine.outcomes import StepFailed
from workflows.runtime.database import database_clock, rows
from workflows.runtime.runs import concurrency
from workflows.runtime.runs.children import Callee
from workflows.runtime.runs.parent_scope import ParentScope
from workflows.runtime.runs.programs import program_of
from workflows.runtime.runs.scopes import tenant_values
from workflows.runtime.steps.budgets import filter_budget

# Workflows that call one another; with a mistake in them they would call each other for ever.
MAX_CALLS: Final = 10

PUBLISHED: Final = """
SELECT id, version FROM workflow_definitions
WHERE tenant_id = %(tenant)s AND key = %(key)s AND is_active AND archived_at IS NULL AND version > 0
"""


def find(tenant: TenantFacts, key: str, handed: Json, around: ParentScope) -> Callee | StepFailed:
    """Return the published version of a tenant's workflow, or why it cannot be called."""
    if around.called >= MAX_CALLS:
        return StepFailed("chain_too_long", {"most": MAX_CALLS})
    found = rows(PUBLISHED, {"tenant": tenant.id, "key": key})
    if not found:
        return StepFailed("workflow_not_active", {"workflow": key})
    definition_id, version = found[0]
    program = program_of(definition_id, version).program
    scope = NameScope(
        trigger=handed,
        tenant=tenant_values(tenant),
        now=database_clock(),
        values=program.values,
        budget=filter_budget(),
    )
    lane, _problem = concurrency.lane_of(program, scope)
    return Callee(definition_id, version, lane, program.settings.deadline)
