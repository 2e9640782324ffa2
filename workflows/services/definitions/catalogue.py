"""What a tenant's documents may name: gathered from the library, the allow-list and its rows."""

from collections import defaultdict
from typing import Final

from actions import library, records, registry
from actions import wording as actions_wording
from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from actions.spec import ActionSpec
from tenants.models.membership import Membership, Role
from tenants.models.tenant import Tenant
from workflows.definition.catalogue import ActionSignature, Catalogue, TableSignature
from workflows.definition.codes import Code
from workflows.event_types import all_event_types
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.runs import errors

# Every error of a step has a sentence.
KNOWN_ERRORS: Final = frozenset(
    {*errors.SENTENCES, *actions_wording.SENTENCES, *actions_wording.EARLIER, *Code}
)


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
    people = Membership.objects.filter(tenant=tenant, user__username__contains="@")
    return Catalogue(
        actions={
            spec.name: ActionSignature(
                spec.params, spec.output, own_errors=_is_of_host(spec), retry=spec.retry
            )
            for spec in registry.all_actions()
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
        errors=KNOWN_ERRORS,
        roles=frozenset(Role.values),
        people=frozenset(people.values_list("user__username", flat=True)),
        own_workflow=own_workflow,
    )


def _is_of_host(spec: ActionSpec) -> bool:
    """Whether the action is no part of the library: nobody has listed the errors of others."""
    return not spec.run.__module__.startswith(f"{library.__name__}.")
