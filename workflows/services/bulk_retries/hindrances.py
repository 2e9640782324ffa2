"""Why a run is left alone when many are retried: asked before, and again when its turn comes.

A retry of many does what nobody has to think about. Where somebody has to say something first
(whether an unclear step was done), the run waits for a person on its own page.
"""

import logging
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from tenants.core.json import Json
from workflows.engine.history.entries import went_wrong
from workflows.engine.statuses import RunStatus, StepStatus
from workflows.models.run import WorkflowRun
from workflows.runtime.database import is_trouble, rows
from workflows.services.refusals import NotRetryable
from workflows.services.runs.record_values import RecordValues, record_values
from workflows.services.runs.retry import resumption_of
from workflows.services.runs.starting import retry_problem
from workflows.services.runs.summaries import repeats_of

logger = logging.getLogger(__name__)

UNDER_WAY: Final = "under_way"
NOTHING_WRONG: Final = "nothing_wrong"
CANCELLED: Final = "was_cancelled"
UNCLEAR: Final = "is_unclear"
REPEATED: Final = "was_started_again"
CHANGED: Final = "changed_meanwhile"
UNREADABLE: Final = "unreadable_run"
GONE: Final = "unknown_run"

_SETTLED_OTHERWISE: Final = {
    RunStatus.COMPLETED: NOTHING_WRONG,
    RunStatus.SKIPPED: NOTHING_WRONG,
    RunStatus.CANCELLED: CANCELLED,
}

# Whole runs below which, at any depth, a step is unclear. Through the index of child runs.
UNCLEAR_BENEATH: Final = """
WITH RECURSIVE beneath AS (
    SELECT id, parent_run AS whole FROM workflow_runs
    WHERE parent_run = ANY(%(runs)s) AND tenant_id = %(tenant)s
    UNION
    SELECT run.id, beneath.whole FROM workflow_runs run JOIN beneath ON run.parent_run = beneath.id
)
SELECT DISTINCT beneath.whole FROM beneath JOIN workflow_runs run USING (id)
WHERE run.status IN ('failed', 'completed_with_errors')
    AND run.step_results @> '[{"status": "unknown"}]'
"""


def hindrance(run: WorkflowRun) -> str:
    """Return why the run is left alone, as a code; "" if what failed in it can be done again."""
    try:
        return _hindrance(run)
    except NotRetryable as why:
        return why.code
    except Exception as trouble:
        if is_trouble(trouble):
            raise
        # A row that nobody can read must not hold up the others.
        logger.warning("run_not_examined", extra={"run": str(run.pk)}, exc_info=True)
        return UNREADABLE


def unclear_beneath(tenant_id: UUID, runs: Iterable[UUID]) -> frozenset[UUID]:
    """Return those of the runs of which a child run has an unclear step."""
    asked = {"tenant": tenant_id, "runs": list(runs)}
    return frozenset(row[0] for row in rows(UNCLEAR_BENEATH, asked))


def values_of_today(run: WorkflowRun) -> RecordValues | None:
    """Return what the run's record says, if what failed is about a value that differs today."""
    try:
        found = record_values(run.tenant, run.pk)
    except NotRetryable:
        return None
    except Exception as trouble:
        if is_trouble(trouble):
            raise
        return None
    said = {text for entry in _failures(run) for text in _texts(entry.get("error"))}
    about = any(
        before in ("", None) or str(before) in said for before, _now in found.changed.values()
    )
    return found if about else None


def _hindrance(run: WorkflowRun) -> str:
    status = RunStatus(run.status)
    if run.parent_run is not None:
        return "is_a_part"
    if status in _SETTLED_OTHERWISE or not status.has_ended:
        return _SETTLED_OTHERWISE.get(status, UNDER_WAY)
    if _is_unclear(run, status):
        return UNCLEAR
    if repeats_of(run):
        return REPEATED
    return retry_problem(run) or ("nothing_failed" if resumption_of(run) is None else "")


def _is_unclear(run: WorkflowRun, status: RunStatus) -> bool:
    unclear = [one.get("status") == StepStatus.UNKNOWN for one in _failures(run)]
    # Of one that went on, what failed for certain can be done again, and nothing else is.
    if status is RunStatus.COMPLETED_WITH_ERRORS:
        return bool(unclear) and all(unclear)
    return any(unclear)


def _failures(run: WorkflowRun) -> list[dict[str, Json]]:
    results = run.step_results if isinstance(run.step_results, list) else []
    entries = (one for one in results if isinstance(one, dict) and "status" in one)
    return [one for one in entries if went_wrong(one)]


def _texts(value: Json) -> Iterable[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
    elif value not in ("", None):
        yield str(value)
