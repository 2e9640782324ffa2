"""What a tenant's documents may name: gathered from the library, the allow-list and its rows."""

from collections import defaultdict

from actions import records, registry
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tenants.models.tenant import Tenant
from workflows.definition.catalogue import ActionSignature, Catalogue, TableSignature
from workflows.event_types import all_event_types


def catalogue_of(tenant: Tenant) -> Catalogue:
    """Return everything that exists for `tenant` right now."""
    references: dict[str, set[str]] = defaultdict(set)
    for kind, key in Connection.objects.filter(tenant=tenant).values_list("kind", "key"):
        references[f"connection:{kind}"].add(key)
        references["connection"].add(key)
    templates = MessageTemplate.objects.filter(tenant=tenant)
    for channel, key in templates.values_list("channel", "key"):
        references[f"message_template:{channel}"].add(key)
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
    )
