"""What people say of a problem: I take it, give it back, it is solved."""

from typing import Final
from uuid import UUID, uuid4

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.problem import WorkflowProblem
from workflows.runtime.database import database_now
from workflows.services.problems.fold import refresh
from workflows.services.refusals import Refused

MAX_NOTE: Final = 500


class ProblemChanged(Refused):
    """The problem is not as the person saw it. `code`: `problem_solved`, `problem_grew`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def take(tenant: Tenant, problem_id: UUID, actor: str) -> WorkflowProblem:
    """Note that `actor` sees to it, also instead of somebody else. Raises ProblemChanged."""
    with tenant_scope(tenant):
        problem = _open(tenant, problem_id)
        if problem.taken_by != actor:
            problem.taken_by, problem.taken_at = actor, database_now()
            problem.save(update_fields=["taken_by", "taken_at"])
        return problem


def give_back(tenant: Tenant, problem_id: UUID) -> WorkflowProblem:
    """Note that nobody sees to it any more. Raises ProblemChanged."""
    with tenant_scope(tenant):
        problem = _open(tenant, problem_id)
        problem.taken_by, problem.taken_at = "", None
        problem.save(update_fields=["taken_by", "taken_at"])
        return problem


def solve(
    tenant: Tenant, problem_id: UUID, actor: str, *, seen: int, note: str = ""
) -> WorkflowProblem:
    """Note that it is solved, although runs of it may have failed and stay so.

    `seen` is how many failures the person knew of: if there are more, nothing is noted. Raises
    ProblemChanged.
    """
    refresh([tenant.pk])
    with tenant_scope(tenant):
        problem = _open(tenant, problem_id)
        if problem.failures != seen:
            raise ProblemChanged("problem_grew")
        # The runs of until now are no longer its own, without a word to any of them.
        problem.members = uuid4()
        problem.closed_at, problem.closed_by = database_now(), actor
        problem.note = note.strip()[:MAX_NOTE]
        problem.save(update_fields=["members", "closed_at", "closed_by", "note"])
        return problem


def _open(tenant: Tenant, problem_id: UUID) -> WorkflowProblem:
    """Return the problem, locked. Raises ProblemChanged."""
    rows = WorkflowProblem.objects.select_for_update(of=("self",)).select_related("definition")
    found = rows.filter(tenant=tenant, pk=problem_id).first()
    if found is None or found.closed_at is not None:
        raise ProblemChanged("problem_solved")
    return found
