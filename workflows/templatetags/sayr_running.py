"""The panels of a workflow's page about its runs under way and its owner."""

from collections.abc import Mapping
from typing import Any

from django import template

from tenants.admin import access
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.lifecycle import possible_owners
from workflows.services.definitions.tags import known_tags
from workflows.services.operations.alerts import owner_of
from workflows.services.runs.cancel_all import MAX_COUNTED, count_live

register = template.Library()


@register.inclusion_tag("admin/sayr/running.html", takes_context=True)
def running(context: Mapping[str, Any], definition: Any) -> dict[str, Any]:
    """Show what is under way, and who is told of failures: {% running original %}."""
    live = count_live(definition) if definition.version else 0
    return {
        "definition": definition,
        "live": live,
        "is_capped": live > MAX_COUNTED,
        "may_edit": access.may_edit(context["request"], definition.tenant_id),
        "people": possible_owners(definition.tenant),
        "known_tags": known_tags(WorkflowDefinition.objects.of(definition.tenant)),
        "told": owner_of(definition),
        "csrf_token": context.get("csrf_token"),
    }
