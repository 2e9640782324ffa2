"""Travelling in time: what runs wait for is there now. The database's now() stays the clock."""

from django.db.models import F

from tests.support.approvals import NEVER
from workflows.models.run import WorkflowRun
from workflows.runtime.wakeup import wake_workers


def travel(runs=None, *, past_deadline=False):
    """Let the next moment that each waiting run of `runs` (None: all) waits for be past.

    Returns how many that were. Runs that no clock wakes stay where they are; with `past_deadline`
    those that have a deadline have missed it.
    """
    waiting = (WorkflowRun.objects.all() if runs is None else runs).filter(status="waiting")
    past = {"due_at": F("created_at")}
    if past_deadline:
        waiting, past = waiting.exclude(deadline_at=None), {**past, "deadline_at": F("created_at")}
    moved = waiting.filter(due_at__lt=NEVER).update(**past)
    wake_workers()
    return moved
