"""Travelling in time: what runs wait for is there now. The database's now() stays the clock."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from tests.support.approvals import NEVER
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now
from workflows.runtime.waits.notify import wake_workers

# What a run's row keeps of the moments of its wait.
MOMENTS = ("since", "until", "wake_at")


def travel(runs=None, *, past_deadline=False):
    """Let the next moment that each waiting run of `runs` (None: all) waits for be now.

    Everything of a run that lies at some time is moved by as much: when its wait began and ends,
    until when its question may be answered, its deadline. Returns how many runs that were. Those
    that no clock wakes stay where they are; with `past_deadline` those that have a deadline have
    missed it.
    """
    waiting = (WorkflowRun.objects.all() if runs is None else runs).filter(status="waiting")
    if past_deadline:
        waiting = waiting.exclude(deadline_at=None)
    with transaction.atomic():
        found = list(waiting.filter(due_at__lt=NEVER).select_for_update())
        now = database_now()
        for run in found:
            until = max(run.due_at, run.deadline_at) if past_deadline else run.due_at
            _move(run, until - now)
    wake_workers()
    return len(found)


def _move(run, time):
    pending = run.pending and {
        key: (datetime.fromisoformat(value) - time).isoformat()
        if key in MOMENTS and value
        else value
        for key, value in run.pending.items()
    }
    WorkflowRun.objects.filter(pk=run.pk).update(
        pending=pending, due_at=F("due_at") - time, deadline_at=F("deadline_at") - time
    )
    questions = WorkflowApproval.objects.filter(run_id=run.pk, decided_at=None)
    questions.update(expires_at=F("expires_at") - time)
