"""What a tenant's documents may name: gathered from the library, the allow-list and its rows."""

from collections import defaultdict

from actions import records, registry
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tenants.models.tenant import Tenant
from workflows.definition.catalogue import ActionSignature, Catalogue, TableSignature
from workflows.event_types import all_event_types
from workflows.models.definition import WorkflowDefinition


def catalogue_of(tenant: Tenant, own_workflow: str = "") -> Catalogue:
    """Return everything that exists for `tenant` right now.

    `own_workflow` is the key of the workflow whose document is looked at: it cannot run itself.
    """
    references: dict[str, set[str]] = defaultdict(set)
    for kind, key in Connection.objects.filter(tenant=tenant).values_list("kind", "key"):
        references[f"connection:{kind}"].add(key)
        references["connection"].add(key)
    templates = MessageTemplate.objects.filter(tenant=tenant)
    for channel, key in templates.values_list("channel", "key"):
        references[f"message_template:{channel}"].add(key)
    published = WorkflowDefinition.objects.filter(tenant=tenant, archived_at=None, version__gt=0)
    return Catalogue(
        actions={
            spec.name: ActionSignature(spec.params, spec.output) for spec in registry.all_actions()
        },
        events={kind.name: kind.payload_schema() for kind in all_event_types()},
        references={kind: frozenset(keys) for kind, keys in references.items()},
        tables={
            record.alias: TableSignature(
                frozenset(record.readable), frozenset(record.writable), frozenset(record.creatable)
            )
            for record in records.all_records()
        },
        workflows=dict(published.values_list("key", "name")),
        own_workflow=own_workflow,
    )
