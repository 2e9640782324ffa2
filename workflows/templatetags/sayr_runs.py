"""The panel “workflow runs of this record”, for the page of any record."""

from collections.abc import Mapping
from typing import Any, Final

from django import template
from django.utils.translation import gettext as _

from actions import records
from tenants.admin import access
from workflows.addresses import admin_path, path_to
from workflows.models.run import WorkflowRun
from workflows.services.runs.backfill import workflows_for
from workflows.services.runs.summaries import plans_of, told

register = template.Library()

SHOWN: Final = 10


@register.inclusion_tag("admin/sayr/runs_panel.html", takes_context=True)
def runs_of(
    context: Mapping[str, Any], subject_type: str, subject_id: Any, title: str = ""
) -> dict[str, Any]:
    """Show the last runs about a record: {% runs_of "orders" order.pk %}.

    The record's own tenant decides whose runs they are. Whoever may see the record's page may see
    what was done about it.
    """
    runs = list(_newest(subject_type, str(subject_id)))
    plans, about = plans_of(runs), f"{subject_type}:{subject_id}"
    return {
        "title": title or _("Workflow runs"),
        "runs": [told(run, plans) for run in runs],
        "all_url": path_to("workflows_workflowrun", about=about) if len(runs) == SHOWN else "",
        "events_url": path_to("workflows_workflowevent", about=about),
        **_start_now(context, subject_type, subject_id),
    }


def _start_now(context: Mapping[str, Any], subject_type: str, subject_id: Any) -> dict[str, Any]:
    """Return the workflows that the person may start for this record now."""
    request = context.get("request")
    if request is None:
        return {}
    record: Any = records.get(subject_type).model._base_manager.filter(pk=subject_id).first()
    if record is None or not access.may_edit(request, record.tenant_id):
        return {}
    address = "workflows_workflowdefinition_start_for_record"
    return {
        "startable": workflows_for(record.tenant, subject_type),
        "start_url": admin_path(address, subject_type, subject_id),
        "csrf_token": context.get("csrf_token"),
    }


def _newest(subject_type: str, subject_id: str) -> Any:
    """Return the newest runs, by the index (tenant, kind, id of the record, newest first)."""
    model = records.get(subject_type).model
    tenant_of_record = model._default_manager.filter(pk=subject_id).values_list("tenant", flat=True)
    tenant_id = tenant_of_record.first()
    if tenant_id is None:
        return WorkflowRun.objects.none()
    runs = WorkflowRun.objects.filter(
        tenant=tenant_id, subject_type=subject_type, subject_id=subject_id, parent_run=None
    )
    return runs.select_related("definition", "tenant").order_by("-id")[:SHOWN]
