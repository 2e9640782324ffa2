"""What a tenant's documents may name, from library, allow-list and rows; whether they fit it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Case, CharField, Value, When, Window
from django.db.models.functions import Concat, RowNumber

from actions import library, records, registry
from actions import wording as actions_wording
from actions.models.connection import Connection
from actions.models.message_template import Channel, MessageTemplate
from actions.spec import ActionSpec
from tenants.core.json import Json
from tenants.models.membership import Membership, Role
from tenants.models.tenant import Tenant
from workflows.definition.catalogue import ActionSignature, Catalogue, TableSignature
from workflows.definition.codes import Code
from workflows.definition.errors import Problem
from workflows.definition.validate import ValidDocument, validate
from workflows.event_types import all_event_types, column_schema
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.runs import errors

# Every error of a step has a sentence.
KNOWN_ERRORS: Final = frozenset(
    {*errors.SENTENCES, *actions_wording.SENTENCES, *actions_wording.EARLIER, *Code}
)


@dataclass(frozen=True, slots=True)
class TenantThing:
    """Something that a tenant has and documents name."""

    # As references write it: "connection:slack", "message_template:email", "workflow"; or "person",
    # and "person:gone" of a member who cannot log in.
    kind: str
    key: str  # a person's is the user name
    name: str


def things_of(tenant: Tenant) -> list[TenantThing]:
    """Return all of them, those of a kind by name: one statement."""
    templates = MessageTemplate.objects.filter(tenant=tenant, version__gt=0)
    connections = Connection.objects.filter(tenant=tenant)
    workflows = WorkflowDefinition.objects.filter(tenant=tenant, archived_at=None, version__gt=0)
    members = Membership.objects.filter(tenant=tenant)
    active = Case(When(user__is_active=True, then=Value("person")), default=Value("person:gone"))
    first, last = "user__first_name", "user__last_name"
    full_name = Concat(first, Value(" "), last, output_field=CharField())
    found = _rows(templates, Concat(Value("message_template:"), "channel")).union(
        _rows(connections, Concat(Value("connection:"), "kind")),
        _rows(workflows, Value("workflow")),
        _rows(members, active, "user__username", full_name, order="user__username"),
        all=True,
    )
    # The database sorts names as people do, but each kind for itself.
    in_order = sorted(found, key=lambda row: row[3])
    return [TenantThing(kind, key, name.strip() or key) for kind, key, name, _rank in in_order]


def _rows(rows: Any, kind: Any, key: str = "key", name: Any = "name", order: str = "name") -> Any:
    rank = Window(RowNumber(), order_by=order)
    return rows.order_by().values_list(kind, key, name, rank)


def catalogue_of(
    tenant: Tenant, own_workflow: str = "", things: Iterable[TenantThing] | None = None
) -> Catalogue:
    """Return everything that exists for `tenant` right now.

    `own_workflow` is the key of the workflow whose document is looked at: it cannot run itself.
    `things` are the tenant's, if somebody has just read them.
    """
    references: dict[str, set[str]] = defaultdict(set)
    workflows, people = {}, set()
    for thing in things_of(tenant) if things is None else things:
        what, _colon, _kind = thing.kind.partition(":")
        if what == "workflow":
            workflows[thing.key] = thing.name
        elif what == "person":
            people.add(thing.key)
        else:
            references[thing.kind].add(thing.key)
        if what == "connection":
            references[what].add(thing.key)
    return Catalogue(
        actions={
            spec.name: ActionSignature(
                spec.params, spec.output, own_errors=_is_of_host(spec), retry=spec.retry
            )
            for spec in registry.all_actions()
        },
        events={kind.name: kind.payload_schema() for kind in all_event_types()},
        references={kind: frozenset(keys) for kind, keys in references.items()},
        tables=tables(),
        asked=_AskedValues(tenant),
        workflows=workflows,
        errors=KNOWN_ERRORS,
        roles=frozenset(Role.values),
        people=frozenset(name for name in people if "@" in name),
        own_workflow=own_workflow,
    )


def tables() -> dict[str, TableSignature]:
    """Return the tables that workflows may touch."""
    return {record.alias: _table(record) for record in records.all_records()}


def _table(record: records.Record) -> TableSignature:
    names = dict.fromkeys((*record.readable, *record.writable, *record.creatable))
    return TableSignature(
        frozenset(record.readable),
        frozenset(record.writable),
        frozenset(record.creatable),
        {name: _column(record.field(name)) for name in names},
    )


def _column(field: Any) -> dict[str, Json]:
    return {**column_schema(field), **({} if field.blank else {"x-needed": True})}


class _AskedValues(Mapping[str, Mapping[str, bool]]):
    """What the message templates of a tenant ask for, read when somebody wants to know."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._known: dict[str, dict[str, bool]] | None = None

    def _read(self) -> dict[str, dict[str, bool]]:
        if self._known is None:
            rows = MessageTemplate.objects.filter(tenant=self.tenant, channel=Channel.WHATSAPP)
            self._known = {
                row.key: {one.key: not one.is_optional for one in row.registered.wanted}
                for row in rows
            }
        return self._known

    def __getitem__(self, key: str) -> Mapping[str, bool]:
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def problems_of(
    tenant: Tenant, document: Json, key: str = "", things: Iterable[TenantThing] | None = None
) -> list[Problem]:
    """Return everything that is wrong with a document, for this tenant, now.

    `key` is that of the workflow it belongs to, "" if it has none yet; `things` are the tenant's,
    if somebody has just read them.
    """
    return validate(document, catalogue_of(tenant, key, things))


def validated(tenant: Tenant, document: Json, key: str = "") -> ValidDocument:
    """Return a document as one that can be published now. Raises InvalidDocument."""
    return ValidDocument(document, catalogue_of(tenant, key))


def _is_of_host(spec: ActionSpec) -> bool:
    """Whether the action is no part of the library: nobody has listed the errors of others."""
    return not spec.run.__module__.startswith(f"{library.__name__}.")
