"""Let workflows start that wait for another one's failure."""

import logging
from typing import Final

from django.db import transaction

from tenants.core.json import Json
from tenants.facts import TenantFacts
from workflows.event_types import RUN_FAILED
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.runtime.database import rows
from workflows.runtime.hooks import FailedRun
from workflows.runtime.steps.perform import Cause, acting
from workflows.services.events import statements
from workflows.services.events.drafts import EventDraft
from workflows.services.events.fire import fire_all

logger = logging.getLogger(__name__)

SOURCE: Final = "engine"


def tell(tenant: TenantFacts, run: FailedRun) -> None:
    """Fire `workflow.run_failed` in the transaction under way, if an active workflow listens.

    Not for a run that such an event started: two workflows that fail for one another would never
    end. A workflow does not start on its own failures unless it says so. Never raises: what goes
    wrong here must not keep the run from ending.
    """
    try:
        # A savepoint: a refused statement must not spoil the transaction that ends the run.
        with transaction.atomic():
            _tell(tenant, run)
    except Exception:
        logger.exception("run_failed_not_told", extra={"run": str(run.run_id)})


def _tell(tenant: TenantFacts, run: FailedRun) -> None:
    asked = {"tenant": tenant.id, "types": [RUN_FAILED]}
    if not rows(statements.LISTENING_DEFINITIONS, asked):
        return
    event = WorkflowEvent.objects.filter(tenant=tenant.id, runs=run.run_id)
    trigger_type = event.values_list("type", flat=True).first() or ""
    if trigger_type == RUN_FAILED:
        return
    draft = EventDraft(RUN_FAILED, _payload(tenant, run, trigger_type), subject=run.subject)
    with acting(Cause(run.run_id, run.definition_id, run.depth)):
        fire_all(tenant, [draft], source=SOURCE)


def _payload(tenant: TenantFacts, run: FailedRun, trigger_type: str) -> dict[str, Json]:
    definition = WorkflowDefinition.objects.only("name", "key").get(
        tenant=tenant.id, pk=run.definition_id
    )
    kind, subject_id = run.subject
    payload = run.payload if isinstance(run.payload, dict) else {}
    return {
        "run_id": str(run.run_id),
        "workflow": definition.name,
        "workflow_key": definition.key,
        "version": run.version,
        "trigger_type": trigger_type,
        "error_step": run.error_step,
        "error_code": run.error_code,
        "error_message": run.error_message,
        "subject_type": kind,
        "subject_id": subject_id,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        **({"order_id": payload["order_id"]} if "order_id" in payload else {}),
    }
