"""Duplicate a workflow: a draft of its own, switched off."""

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.core.text.names import MAX_CHARACTERS
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.drafts import edited, free_key, name_in, save_draft


def duplicate(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> WorkflowDefinition:
    """Make a draft of what people see of `definition`, its draft before what is published.

    It has a key of its own, starts nothing, and is edited here, wherever the other one is.
    Raises InvalidDocument if it cannot be stored, as `save_draft` does.
    """
    document = dict(edited(definition))
    document["name"] = _free_name(tenant, name_in(document))
    with tenant_scope(tenant), transaction.atomic():
        made = WorkflowDefinition(tenant=tenant, key=free_key(tenant, document))
        made.tags = list(definition.tags)
        return save_draft(tenant, actor, made, document)


def _free_name(tenant: Tenant, name: str) -> str:
    """Return “New order (copy)”, or “New order (copy 2)” if that is there."""
    own = WorkflowDefinition.objects.of(tenant)
    number = 1
    while True:
        said = _("%(name)s (copy)") if number == 1 else _("%(name)s (copy %(number)s)")
        told = {"name": name, "number": number}
        longer = len(said % told) - MAX_CHARACTERS
        told["name"] = name[: len(name) - longer] if longer > 0 else name
        found = said % told
        if not own.filter(name=found).exists():
            return found
        number += 1
