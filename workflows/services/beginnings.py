"""How far a company has come with its first workflow: what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.models.connection import Connection
from tenants.models.tenant import Tenant
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent


@dataclass(frozen=True, slots=True)
class Beginnings:
    """What there is already, in the order in which it is made."""

    has_connection: bool
    has_workflow: bool  # published and switched on
    has_event: bool


def beginnings(tenants: Sequence[Tenant]) -> Beginnings:
    """Look at `tenants` together: whoever has several needs the way only once."""
    workflows = WorkflowDefinition.objects.filter(tenant__in=tenants, is_active=True)
    return Beginnings(
        has_connection=Connection.objects.filter(tenant__in=tenants).exists(),
        has_workflow=workflows.exists(),
        has_event=WorkflowEvent.objects.filter(tenant__in=tenants).exists(),
    )
