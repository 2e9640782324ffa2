"""What nobody is asked any more, since a run was started again on another version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tenants.core.json import Json
from workflows.models.definition import WorkflowVersion
from workflows.models.run import WorkflowRun
from workflows.runtime.database import rows

# The versions of the runs that a run was taken from.
EARLIER_VERSIONS: Final = """
WITH RECURSIVE taken_from AS (
    SELECT id, version, retried_from FROM workflow_runs
    WHERE id = %(run)s AND tenant_id = %(tenant)s
    UNION
    SELECT run.id, run.version, run.retried_from FROM workflow_runs run
    JOIN taken_from ON run.id = taken_from.retried_from AND run.tenant_id = %(tenant)s
)
SELECT DISTINCT version FROM taken_from WHERE version <> %(version)s ORDER BY version
"""
# What makes a question another one.
_TERMS: Final = ("params", "condition", "allow_self", "timeout_choice", "give_up_after")


@dataclass(frozen=True, slots=True)
class DroppedQuestion:
    """A question of an earlier version that the run's own does not ask, or asks otherwise."""

    label: str
    version: int


def dropped_questions(run: WorkflowRun) -> list[DroppedQuestion]:
    """Return what nobody was asked because a run was started again on another version."""
    if run.retried_from is None:
        return []
    told = {"run": run.pk, "tenant": run.tenant_id, "version": run.version}
    earlier = [version for (version,) in rows(EARLIER_VERSIONS, told)]
    if not earlier:
        return []
    own = _questions(run, run.version)
    return [
        DroppedQuestion(one["label"] or one["name"], version)
        for version in earlier
        for name, one in _questions(run, version).items()
        if name not in own or _terms(one) != _terms(own[name])
    ]


def _questions(run: WorkflowRun, version: int) -> Mapping[str, Json]:
    found = WorkflowVersion.objects.filter(definition=run.definition_id, version=version)
    instructions = found.values_list("program__instructions", flat=True).first() or []
    return {one["name"]: one for one in instructions if one["op"] == "approval"}


def _terms(question: Mapping[str, Json]) -> list[Json]:
    return [question.get(term) for term in _TERMS]
