"""Runs that were started again from another one."""

from collections.abc import Sequence
from typing import Final

from django.db.models import Q

from workflows.models.run import WorkflowRun

MOST_SHOWN: Final = 20


def repeats_of(run: WorkflowRun) -> Sequence[WorkflowRun]:
    """Return the runs that repeat `run`, the newest first.

    They have its event or, with a corrected payload, its workflow: no index leads from a run to
    its repeats, and each of these does.
    """
    same_event = Q(event_id=run.event_id) if run.event_id else Q()
    same_record = Q(subject_type=run.subject_type, subject_id=run.subject_id)
    alike = same_event | same_record if run.subject_id else same_event
    rows = WorkflowRun.objects.filter(
        alike, tenant=run.tenant_id, retried_from=run.pk, id__gt=run.pk
    )
    return list(rows.only("id", "status", "due_at").order_by("-id")[:MOST_SHOWN])


def unfinished_repeat(run: WorkflowRun) -> WorkflowRun | None:
    """Return a run that repeats `run` and has not ended, if there is one."""
    live = WorkflowRun.objects.filter(
        tenant=run.tenant_id, due_at__isnull=False, retried_from=run.pk
    )
    return live.only("id").first()
