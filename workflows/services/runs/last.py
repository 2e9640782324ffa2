"""The newest run of each of some workflows."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.runtime.database import rows

# One probe of the index (tenant, workflow, newest first) for each. As ranges, so that no other
# index gives this order: a workflow that never ran would be looked for in a whole history.
NEWEST: Final = """
SELECT found.id FROM unnest(%(tenants)s::uuid[], %(definitions)s::uuid[]) AS seen (tenant, id)
CROSS JOIN LATERAL (
    SELECT id FROM workflow_runs
    WHERE tenant_id >= seen.tenant AND tenant_id <= seen.tenant
        AND definition_id >= seen.id AND definition_id <= seen.id AND parent_run IS NULL
    ORDER BY tenant_id, definition_id, id DESC LIMIT 1) found
"""


def last_runs(definitions: Iterable[WorkflowDefinition]) -> Mapping[UUID, WorkflowRun]:
    """Return the newest run of each, by the workflow's id; none where it never ran."""
    shown = list(definitions)
    asked = {
        "tenants": [one.tenant_id for one in shown],
        "definitions": [one.pk for one in shown],
    }
    wanted = [row[0] for row in rows(NEWEST, asked)]
    # Only what lists show: a run's payload and results may be large.
    found = WorkflowRun.objects.filter(pk__in=wanted, tenant__in=asked["tenants"])
    few = found.only("id", "definition_id", "status", "started_at", "created_at")
    return {run.definition_id: run for run in few}
