"""Whether a workflow asks people, or asked any in a run."""

from typing import Final

from workflows.definition.errors import InvalidProgram
from workflows.definition.programs.instructions import RunWorkflow
from workflows.engine.history.taking_over import Asks, asks_people
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.runtime.database import rows
from workflows.runtime.runs.programs import VersionMissing, program_of

# Whether anything was asked in the runs that a run has started, or in those it was taken from.
ASKED_BENEATH: Final = """
WITH RECURSIVE taken_from AS (
    SELECT id, retried_from FROM workflow_runs WHERE id = %(run)s AND tenant_id = %(tenant)s
    UNION
    SELECT run.id, run.retried_from FROM workflow_runs run
    JOIN taken_from ON run.id = taken_from.retried_from AND run.tenant_id = %(tenant)s
), beneath AS (
    SELECT run.id FROM workflow_runs run JOIN taken_from ON run.parent_run = taken_from.id
    UNION
    SELECT run.id FROM workflow_runs run JOIN beneath ON run.parent_run = beneath.id
)
SELECT EXISTS (SELECT 1 FROM workflow_approvals asked JOIN beneath ON asked.run_id = beneath.id)
"""


def calls_of(run: WorkflowRun) -> Asks:
    """Return a function that says whether a workflow asks people, or asked any in this run."""
    known: dict[str, bool] = {}

    def calls(key: str) -> bool:
        if not known:
            told = {"run": run.pk, "tenant": run.tenant_id}
            known[""] = bool(rows(ASKED_BENEATH, told)[0][0])  # no workflow has this key
        if key not in known:
            known[key] = known[""] or _published_asks(run, key)
        return known[key]

    return calls


def _published_asks(run: WorkflowRun, key: str) -> bool:
    """Whether a workflow, as it is published now, asks people, or calls one that does."""
    seen, waiting = set[str](), [key]
    while waiting:
        own = WorkflowDefinition.objects.filter(tenant=run.tenant_id, key=waiting.pop())
        found = own.filter(version__gt=0).values_list("pk", "version").first()
        if found is None:
            continue
        try:
            program = program_of(*found).program
        except (VersionMissing, InvalidProgram):
            return True  # nobody can say
        if asks_people(program, lambda _key: False):
            return True
        called = {one.workflow for one in program.instructions if isinstance(one, RunWorkflow)}
        waiting += called - seen
        seen |= called
    return False
