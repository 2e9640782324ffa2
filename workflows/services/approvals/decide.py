"""Decide an approval: the one function that does, whoever calls; and what a person can decide.

Lock order: the run, then its approval. Whoever parks or ends a run and then looks at its approval,
in the same transaction, holds the run's row already: no wake-up and no decision is lost in between.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from tenants.core.json import Json
from tenants.models.membership import Membership
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.runtime.database import database_now
from workflows.runtime.waits.notify import wake_decided, wake_workers
from workflows.services.approvals.answers import checked, fields_of, options_of
from workflows.services.approvals.approvers import Decider, refusal, signatures_of
from workflows.services.approvals.refusals import (
    AlreadyDecided,
    MayNotDecide,
    NoLongerOpen,
    UnknownApproval,
    UnknownChoice,
)

logger = logging.getLogger(__name__)

Approvals = QuerySet[WorkflowApproval, WorkflowApproval]

MAX_SHOWN: Final = 200
MAX_NAME_LENGTH: Final = 200  # characters of decided_by

# An entry is the person's name, mail address in any case, or role in the approval's tenant.
ASKED: Final = """
EXISTS (
    SELECT 1 FROM jsonb_array_elements_text(
        CASE jsonb_typeof(workflow_approvals.approvers)
            WHEN 'array' THEN workflow_approvals.approvers ELSE '[]' END) AS asked (entry)
    WHERE entry = %s OR (lower(entry) = lower(%s) AND entry <> '') OR entry = 'role:' || (
        SELECT role FROM memberships
        WHERE memberships.tenant_id = workflow_approvals.tenant_id AND memberships.user_id = %s))
"""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What somebody decided, as they gave it."""

    choice: str
    answers: Mapping[str, Json] = field(default_factory=dict)  # by the keys of the form's fields


def decide(
    tenant: Tenant, approval_id: UUID, decider: Decider, answer: GivenAnswer
) -> WorkflowApproval:
    """Take the decision and wake the run, in one transaction; return the decided approval.

    Of several at once, one takes effect. Raises AlreadyDecided (it names who, what and when),
    NoLongerOpen, MayNotDecide, UnknownChoice, AnswerInvalid, UnknownApproval: nothing was changed.
    """
    with tenant_scope(tenant):
        approval, run_lives = _locked(tenant, approval_id)
        _refuse(approval, decider, run_lives=run_lives)
        choices = tuple(choice.key for choice in options_of(approval.choices))
        if answer.choice not in choices:
            raise UnknownChoice(answer.choice, choices)
        answers = checked(fields_of(approval.form), answer.answers, answer.choice)
        WorkflowApproval.objects.filter(tenant=tenant, pk=approval_id, decided_at=None).update(
            choice=answer.choice,
            answers=answers,
            decided_by=decider.name[:MAX_NAME_LENGTH],
            decided_via=decider.via,
            decided_at=Now(),
        )
        approval.refresh_from_db()
        wake_decided(tenant.id, approval.run_id, approval_id)
        wake_workers()
    logger.info("approval_decided", extra={"approval": str(approval_id), "via": str(decider.via)})
    return approval


def waiting_for(tenants: Iterable[Tenant], user: Any) -> list[UUID]:
    """Return the open approvals in which `user` is asked, the oldest first, at most MOST_SHOWN.

    A superuser may decide the others too, and is not called to each of them.
    """
    rows = open_ones(WorkflowApproval.objects.filter(tenant__in=list(tenants)))
    asked = _asked(rows.exclude(_own_request(user)), user)
    return list(asked.order_by("id").values_list("id", flat=True)[:MAX_SHOWN])


def open_ones(rows: Approvals) -> Approvals:
    """Narrow to those that can be decided: undecided, in time, and their step waits for them."""
    lives = WorkflowRun.objects.filter(
        pk=OuterRef("run_id"), tenant=OuterRef("tenant"), due_at__isnull=False
    )
    in_time = Q(expires_at=None) | Q(expires_at__gt=Now())
    return rows.filter(in_time, Exists(lives), decided_at=None, closed_at=None)


def has_expired(approval: WorkflowApproval, now: datetime) -> bool:
    """Whether its time is over. That its run has not gone on yet changes nothing."""
    return approval.expires_at is not None and approval.expires_at <= now


def _locked(tenant: Tenant, approval_id: UUID) -> tuple[WorkflowApproval, bool]:
    """Lock the run, then the approval; return it, and whether the run lives."""
    own = WorkflowApproval.objects.filter(tenant=tenant, pk=approval_id)
    run_id = own.values_list("run_id", flat=True).first()
    if run_id is None:
        raise UnknownApproval(approval_id)
    runs = WorkflowRun.objects.filter(tenant=tenant, pk=run_id).select_for_update(no_key=True)
    due_at = runs.values_list("due_at", flat=True).first()
    return own.select_for_update(no_key=True, of=("self",)).get(), due_at is not None


def _refuse(approval: WorkflowApproval, decider: Decider, *, run_lives: bool) -> None:
    # First who they are: what was decided is nothing for strangers.
    if reason := refusal(approval, decider):
        raise MayNotDecide(approval, reason)
    if approval.decided_at is not None:
        raise AlreadyDecided(approval)
    if approval.closed_at is not None and run_lives:
        raise NoLongerOpen(approval, "step_over")
    if not run_lives:
        raise NoLongerOpen(approval, "run_ended")
    if has_expired(approval, database_now()):
        raise NoLongerOpen(approval, "expired")


def _asked(rows: Approvals, user: Any) -> Approvals:
    if not user.is_active:
        return rows.none()
    if not user.is_superuser:
        rows = rows.filter(Exists(Membership.objects.filter(tenant=OuterRef("tenant"), user=user)))
    values = [user.get_username(), user.email, user.pk]
    asked = RawSQL(ASKED, values, BooleanField())  # noqa: S611  # the values are bound
    return rows.filter(asked)


def _own_request(user: Any) -> Q:
    signed = list(signatures_of(user))
    theirs = Q(requesters__overlap=signed) | Q(requested_by__in=signed)
    return Q(allow_self=False) & theirs
