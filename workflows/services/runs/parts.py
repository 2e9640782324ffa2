"""A part of a run goes on, and those above it for it alone."""

from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

from tenants.core.json import Json
from workflows.engine.history.resuming import Fresh, Resumption, RetryScope
from workflows.engine.statuses import RunStatus
from workflows.models.run import WorkflowRun
from workflows.runtime.runs import revive
from workflows.services.refusals import NotRetryable
from workflows.services.runs.retry import resumption_of, run_of

Entry = dict[str, Json]


def line_of(run: WorkflowRun, *, lock: bool = True) -> list[WorkflowRun]:
    """Return a run with those above it, the whole run first, each locked in that order."""
    ids = [run.pk]
    parent = run.parent_run
    while parent is not None:
        ids.insert(0, parent)
        parent = WorkflowRun.objects.filter(pk=parent).values_list("parent_run", flat=True).first()
    return [run_of(run.tenant, one, lock=lock) for one in ids]


def problem_above(line: Sequence[WorkflowRun]) -> str:
    """Return why the runs above the last one would not go on for it; "" if they would."""
    try:
        for parent, child in pairwise(line):
            _way_to(child, parent)
    except NotRetryable as why:
        return why.code
    return ""


def held(run: WorkflowRun) -> tuple[UUID, int]:
    """Return what a run is written by: its id, and the token that it was read with."""
    return run.pk, run.lease_token


def resume_line(
    line: Sequence[WorkflowRun],
    part: tuple[list[Entry], Entry],
    actor: str,
    fresh: Fresh | None = None,
) -> bool:
    """Let the whole run go on, and in it the runs down to the last; False if one has changed.

    `part` is what the last one's row has from now on: its results, and where it goes on. Its
    siblings that failed stay as they are. Raises NotRetryable: `went_on` (a run above it did not
    stop for it, and cannot do it alone), `not_failed`.
    """
    ways = [_way_to(child, parent) for parent, child in pairwise(line)]
    (onward, _only), *inner = ways
    marked = [_mark(line[-1], *part)]
    for one, (_onward, only) in zip(line[1:-1], inner, strict=True):
        # One that was cancelled goes on anyway.
        if one.status != RunStatus.CANCELLED:
            marked.append(_mark(one, one.step_results, {"only": only} if only else {}))
    root = line[0]
    taken_up = resumption_of(root, RetryScope.SETTLED, fresh, ways[0][1]) if fresh else onward
    if taken_up is None or not all(marked):
        return False
    return revive.resume(root.tenant_id, held(root), taken_up, actor)


def _mark(run: WorkflowRun, results: list[Entry], kept: Entry) -> bool:
    return revive.settle_child(run.tenant_id, held(run), results, kept)


def _way_to(child: WorkflowRun, parent: WorkflowRun) -> tuple[Resumption, str]:
    """Return where the parent goes on to take up this child, and the step it does alone for it.

    Raises NotRetryable if it would not.
    """
    if not RunStatus(parent.status).has_ended:
        raise NotRetryable(child.pk, "not_failed")
    only = ""
    if parent.status == RunStatus.COMPLETED_WITH_ERRORS:
        only = next((one["step_name"] for one in parent.step_results if _has(one, child)), "")
        if not only:
            raise NotRetryable(child.pk, "went_on")
    elif parent.status not in {RunStatus.FAILED, RunStatus.CANCELLED}:
        raise NotRetryable(child.pk, "went_on")
    onward = resumption_of(parent, RetryScope.SETTLED, only=only)
    children = (onward.pending.get("children") if onward else None) or {}
    if onward is None or not children or not _lies_in(child, children["oldest"], children["last"]):
        raise NotRetryable(child.pk, "went_on")
    return onward, only


def _has(entry: Entry, child: WorkflowRun) -> bool:
    return bool(entry.get("children")) and _lies_in(child, *entry["children"])


def _lies_in(child: WorkflowRun, oldest: str, last: str) -> bool:
    return UUID(oldest) <= child.pk <= UUID(last)
