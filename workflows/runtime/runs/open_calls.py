"""A run never ends with a call that was begun, and of which its entries say nothing.

A worker died in the call, or could not write what came of it. Who goes on calls again, or asks; but
a run that ends there says that something may have been sent. Where a step may be repeated and its
run is `poisoned`, the run's error names the step and says the same.
"""

from typing import Final

from actions import registry
from actions.spec import Effect
from tenants.core.json import Json
from workflows.engine.decide import OUTCOME_UNKNOWN, Then
from workflows.engine.outcomes import Doubt
from workflows.engine.progress import marks_in
from workflows.engine.statuses import StepStatus
from workflows.runtime.database import rows
from workflows.runtime.runs.claims import Claim

# The step that such a run stands at, in short texts; whether it is a call that may have been begun;
# whether a worker before the last one had begun it, and what was noted of that.
STEP_AT: Final = """
SELECT left(step ->> 'name', 100), left(step ->> 'action', 100), left(step ->> 'after_crash', 10),
    step ->> 'op' = 'action' AND jsonb_typeof(run.step_results) = 'array'
        -- Whoever has not been let into its lane has begun nothing.
        AND (run.lane IS NULL OR run.holds_lane OR coalesce(pending ? 'in_doubt', false)),
    pending ->> 'left' IS NOT NULL OR pending ? 'in_doubt',
    CASE WHEN pending ->> 'left' = 'worker_died' AND pending ? 'held' THEN 'worker_held'
        ELSE pending ->> 'left' END
FROM workflow_runs run
JOIN workflow_versions version
    ON version.definition_id = run.definition_id AND version.version = run.version
CROSS JOIN LATERAL (
    SELECT version.program -> 'instructions' -> run.current_step AS step
) at
WHERE run.id = %(id)s AND step ->> 'name' IS NOT NULL AND step ->> 'action' IS NOT NULL
"""


def is_outside(action: str) -> bool:
    """Whether an action's effect is outside this database, where nothing is rolled back.

    Of one that nobody knows any more this has to be supposed.
    """
    try:
        return registry.get(action).effect is not Effect.DATABASE
    except registry.UnknownAction:
        return True


def open_call_of(claim: Claim, *, has_called: bool) -> dict[str, Json] | None:
    """Return the entry of the call in which a run is that cannot be carried on; None: in none.

    `claim` is what can be read of it, which may be little: the row is asked in SQL. `has_called`:
    it was this worker that called.
    """
    kept = (claim.pending or {}) if not claim.written else {}
    found = rows(STEP_AT, {"id": claim.run_id})
    if found:
        name, action, _after_crash, is_call, was_left, left = found[0]
        was_begun = was_left or claim.was_begun
    else:
        name, action, is_call = kept.get("step_name"), kept.get("action"), "input" in kept
        was_begun, left = claim.was_begun, kept.get("left")
    if not (name and action and is_call and (has_called or was_begun) and is_outside(action)):
        return None
    reason = Doubt.NOT_RECORDED if has_called else _reason(claim, left)
    entry: dict[str, Json] = {
        "step_name": name,
        "action": action,
        **({"input": kept["input"]} if "input" in kept else {}),
        **marks_in(kept),
        "status": StepStatus.UNKNOWN,
        "started_at": kept.get("since") or claim.started_at.isoformat(),
        "duration_ms": 0,
        "error": {"code": OUTCOME_UNKNOWN, "params": {"reason": reason}},
        "then": Then.STOP,
    }
    if kept.get("attempts"):
        entry["attempts"] = kept["attempts"]
    earlier = [one for one in claim.results if one.get("step_name") == name]
    if earlier:
        entry["turn"] = 1 + max(len(earlier), *(_number(one.get("turn")) for one in earlier))
    return entry


def _reason(claim: Claim, left: str | None) -> Doubt:
    if claim.pending is not None:
        return claim.doubt
    return Doubt(left) if left in set(Doubt) else Doubt.WORKER_DIED


def _number(turn: Json) -> int:
    return turn if isinstance(turn, int) else 0
