"""A decision is good for one time, in whichever run it is acted on.

Runs that were started again from one another share the decisions that they took over. So whether
one has been used is asked of all of them, and while one of them goes on, no other does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tenants.core.json import Json
from workflows.definition.errors import InvalidProgram
from workflows.definition.programs.program import Program, where_runs_may_start
from workflows.engine.history.entries import has_stopped
from workflows.engine.history.replay import StepVisit
from workflows.engine.history.taking_over import (
    WITHOUT_EFFECT,
    Asks,
    Children,
    Mark,
    acts_beyond,
    acts_inside,
    decisions_in,
    does_something,
    marks_of,
)
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.runtime.database import rows
from workflows.runtime.runs.programs import VersionMissing, program_of
from workflows.services.runs.entries import entries_of

Entries = Sequence[dict[str, Json]]

SPENT: Final = "decision_used"
UNDER_WAY: Final = "already_under_way"

# Whether child runs of a step, or those below them, did anything, or may have: what failed was done
# in part, or its call may have arrived (`engine.history.taking_over`). A child that ended in the
# middle of a step keeps that under `resume`.
ACTED_BENEATH: Final = """
WITH RECURSIVE beneath AS (
    SELECT id FROM workflow_runs WHERE parent_run = %(run)s AND tenant_id = %(tenant)s
        AND id BETWEEN %(oldest)s::uuid AND %(last)s::uuid
    UNION
    SELECT run.id FROM workflow_runs run JOIN beneath ON run.parent_run = beneath.id
)
SELECT EXISTS (
    SELECT 1 FROM workflow_runs run JOIN beneath USING (id)
    CROSS JOIN LATERAL (
        SELECT jsonb_array_elements(run.step_results) UNION ALL
        SELECT run.pending -> 'resume' UNION ALL SELECT run.pending #> '{resume,retry,kept}'
    ) AS steps (done)
    WHERE (done ->> 'status' IN ('completed', 'unknown')
            OR done ?| ARRAY['so_far', 'in_doubt', 'begun']
            OR done @? '$.error.params.may_have_arrived ? (@ == true)'
            OR done @? '$.attempts[*].error.params.may_have_arrived ? (@ == true)')
        AND coalesce(done ->> 'action', '') <> ALL(%(without_effect)s::text[])
) OR EXISTS (
    SELECT 1 FROM workflow_runs run JOIN beneath USING (id) WHERE error_code = 'poisoned'
)
"""


@dataclass(slots=True)
class Spending:
    """What was done on the decisions of one run, by it and by those that share them.

    `is_locked`: nothing of it changes until the transaction ends.
    """

    run: WorkflowRun
    calls: Asks
    is_locked: bool = False  # asked for inside a transaction
    _others: list[WorkflowRun] | None = None

    def problem(self, program: Program, taken: Entries, *, is_retry: bool = False) -> str:
        """Return why the decisions among the entries `taken` allow no more; "" if they do.

        `is_retry`: the run itself goes on, so that only others can have used them. Codes:
        `decision_used`, `already_under_way`.
        """
        decisions = decisions_in(program, taken, self.calls)
        if not decisions:
            return ""
        marks = marks_of(taken)
        sharing = [one for one in self._family() if decisions & marks_of(entries_of(one))]
        if any(not RunStatus(one.status).has_ended for one in sharing):
            return UNDER_WAY
        members = sharing if is_retry else [self.run, *sharing]
        return SPENT if any(_has_acted(one, marks) for one in members) else ""

    def beginning(
        self, program: Program, way: Sequence[StepVisit], arrived: StepVisit, entries: Entries
    ) -> tuple[StepVisit, str]:
        """Return where a new run begins that is to begin at `arrived`, and why it cannot.

        Behind a decision that was used it begins at that question, which is asked again; unless
        more would be done again then than what is asked for.
        """
        taken = without_stops(entries[: arrived.before])
        code = self.problem(program, taken)
        if code != SPENT:
            return arrived, code
        decisions = decisions_in(program, taken, self.calls)
        before = way[: way.index(arrived)]
        passed = [one for one in before if one.entry is not None]
        own = where_runs_may_start(program.instructions)
        asked = (one for one in passed if marks_of([one.entry or {}]) <= decisions)
        first = next(asked, None)
        if first is None or first.instruction.index not in own:
            return arrived, SPENT
        again = passed[passed.index(first) :]
        is_more = any(does_something(one.instruction, one.entry or {}) for one in again)
        return (arrived, SPENT) if is_more else (first, "")

    def _family(self) -> list[WorkflowRun]:
        """Return the others that began with the same event, and may have its decisions."""
        if self._others is None:
            own = WorkflowRun.objects.filter(
                tenant=self.run.tenant_id,
                event_id=self.run.event_id,
                definition=self.run.definition_id,
                parent_run=None,
            )
            if self.is_locked:
                # Whoever starts or retries one of them takes turns at the oldest.
                own.select_for_update(no_key=True, of=("self",)).order_by("id").first()
            others = own.exclude(pk=self.run.pk).defer("trigger_payload")
            self._others = list(others.order_by("id"))
        return self._others


def without_stops(entries: Entries) -> Entries:
    """Return the entries that a new run can take over.

    The step that stopped the run left nothing that a later one could rest on. It did not stop the
    new one, either: there it would be taken for what a retry has to begin with.
    """
    return [entry for entry in entries if not has_stopped(entry)]


def _has_acted(run: WorkflowRun, taken: frozenset[Mark]) -> bool:
    return any(act is None or _acted_beneath(run, act) for act in _acts_of(run, taken))


def _acts_of(run: WorkflowRun, taken: frozenset[Mark]) -> Iterator[Children | None]:
    try:
        program = program_of(run.definition_id, run.version).program
    except (VersionMissing, InvalidProgram):
        yield None  # nobody can say
        return
    yield from acts_beyond(program, entries_of(run), taken, RunStatus(run.status))
    kept = (run.pending or {}).get("resume")
    if kept is not None and run.current_step < len(program.instructions):
        yield from acts_inside(program.instructions[run.current_step], kept, run.error_code)


def _acted_beneath(run: WorkflowRun, children: Children) -> bool:
    oldest, last = children
    asked = {"run": run.pk, "tenant": run.tenant_id, "oldest": oldest, "last": last}
    return bool(rows(ACTED_BENEATH, {**asked, "without_effect": list(WITHOUT_EFFECT)})[0][0])
