"""Which workflows use a stored thing: a message template, or a connection."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from actions import registry
from actions.models.connection import Connection, ConnectionKind
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.definition.schemas import reference
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.vocabulary import step_label

# A call of a web address without a connection has none.
NEVER_IMPLIED: Final = frozenset({ConnectionKind.HTTP.value})


@dataclass(frozen=True, slots=True)
class Use:
    """A workflow, and its steps that name the thing."""

    definition: WorkflowDefinition
    steps: tuple[str, ...]  # as people read them


def used_by(tenant: Tenant, named: str, key: str) -> list[Use]:
    """Return the published workflows that use `key`, by name.

    `named` is the kind as an action's schema writes it: “message_template:email” or
    “connection:slack”. A step that leaves its connection open uses the only one there is.
    """
    own = WorkflowDefinition.objects.filter(tenant=tenant, archived_at=None).exclude(version=0)
    wanted = _WantedReference(named, key, _taken_when_open(tenant, named, key))
    uses = (Use(one, tuple(_using(one.definition, wanted))) for one in own)
    return sorted((use for use in uses if use.steps), key=lambda use: use.definition.name)


@dataclass(frozen=True, slots=True)
class _WantedReference:
    reference: str
    key: str
    # The kinds of a step's reference for which this connection is the only one.
    when_open: Callable[[frozenset[str]], bool]


def _taken_when_open(tenant: Tenant, named: str, key: str) -> Callable[[frozenset[str]], bool]:
    thing, kinds = reference(named)
    if thing != "connection" or NEVER_IMPLIED & {*kinds}:
        return lambda _kinds: False
    usable = Connection.objects.of(tenant.pk).usable().values_list("kind", "key")
    known = list(usable)
    return lambda kinds: [named for of, named in known if of in kinds] == [key]


def _using(document: Json, wanted: _WantedReference) -> Iterator[str]:
    """Yield the steps that use the thing; steps may stand inside other steps' parameters."""
    if isinstance(document, list):
        for item in document:
            yield from _using(item, wanted)
    elif isinstance(document, dict):
        action, params = document.get("action"), document.get("params")
        if isinstance(action, str) and isinstance(params, dict) and _uses(action, params, wanted):
            yield step_label(document)
        for inner in document.values():
            yield from _using(inner, wanted)


def _uses(action: str, params: Mapping[str, Json], wanted: _WantedReference) -> bool:
    for name, kinds in _referring(action, wanted.reference):
        given = params.get(name)
        if given == wanted.key or (not given and wanted.when_open(kinds)):
            return True
    return False


def _referring(action: str, named: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the parameters of an action that may name a thing of this kind, with their kinds."""
    try:
        properties: Mapping[str, Json] = registry.get(action).params.get("properties", {})
    except registry.UnknownAction:
        return
    wanted, kind = reference(named)
    for name, schema in properties.items():
        thing, kinds = reference(schema.get("x-reference"))
        if thing == wanted and set(kind) <= set(kinds):
            yield name, frozenset(kinds)
