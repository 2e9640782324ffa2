"""Questions to people, as the engine would have asked them."""

from datetime import UTC, datetime
from uuid import uuid4

from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
FORM = [
    {"key": "amount", "label": "Amount", "type": "number", "required": True},
    {"key": "reason", "label": "Reason", "type": "long_text", "required": False},
    {"key": "goods", "label": "Goods come back", "type": "yes_no", "required": False},
    {
        "key": "account",
        "label": "Account",
        "type": "choice",
        "required": False,
        "options": ["cash", {"key": "bank", "label": "Bank transfer"}],
    },
]


def parked_run(tenant, **values):
    """Make a run that waits at an approval."""
    definition = WorkflowDefinition.objects.create(
        tenant=tenant, key=f"w{uuid4().hex[:8]}", name="Refunds", definition={}
    )
    return WorkflowRun.objects.create(
        tenant=tenant,
        definition=definition,
        version=1,
        trigger_payload={"order_number": "C-1042", "total_amount": "149.90"},
        status="waiting",
        wait_type="approval",
        due_at=NEVER,
        **values,
    )


def ask(tenant, *, run=None, **values):
    """Ask whether to refund; `run` is the run that asks."""
    run = run or parked_run(tenant)
    defaults = {
        "step_name": "ask",
        "title": "Refund order C-1042?",
        "message": "The customer says that it arrived broken.",
        "approvers": ["ops"],
        "choices": [{"key": "refund", "label": "Refund"}, {"key": "refuse", "label": "Refuse"}],
        "requested_by": "user:somebody",
    }
    made = WorkflowApproval.objects.create(tenant=tenant, run_id=run.pk, **{**defaults, **values})
    pending = {"step": 0, "step_name": "ask", "action": "approval", "awaits": "approval"}
    pending["approval_id"] = str(made.pk)
    WorkflowRun.objects.filter(pk=run.pk, due_at__isnull=False).update(pending=pending)
    return made


def due_now(approval):
    """Whether the run that asked was woken."""
    return WorkflowRun.objects.get(pk=approval.run_id).due_at < NEVER
