"""Which workflows use a stored thing: a message template, or a connection."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from actions import registry
from tenants.models.tenant import Tenant
from workflows.models.definition import WorkflowDefinition
from workflows.wording.values import spelt_out

Json = Any


@dataclass(frozen=True, slots=True)
class Use:
    """A workflow, and its steps that name the thing."""

    definition: WorkflowDefinition
    steps: tuple[str, ...]  # as people read them


def used_by(tenant: Tenant, reference: str, key: str) -> list[Use]:
    """Return the published workflows that name `key`, by name.

    `reference` is the kind as an action's schema writes it: “message_template:email” or
    “connection:slack”. A step that leaves its connection open is not listed: it takes whichever
    is the only one.
    """
    own = WorkflowDefinition.objects.filter(tenant=tenant, archived_at=None).exclude(version=0)
    uses = (Use(one, tuple(_naming(one.definition, reference, key))) for one in own)
    return sorted((use for use in uses if use.steps), key=lambda use: use.definition.name)


def _naming(document: Json, reference: str, key: str) -> Iterator[str]:
    """Yield the steps that name the thing; steps may stand inside other steps' parameters."""
    if isinstance(document, list):
        for item in document:
            yield from _naming(item, reference, key)
    elif isinstance(document, dict):
        action, params = document.get("action"), document.get("params")
        if isinstance(action, str) and isinstance(params, dict):
            named = (params.get(name) for name in _referring(action, reference))
            if key in named:
                yield document.get("label") or spelt_out(str(document.get("name", "")))
        for inner in document.values():
            yield from _naming(inner, reference, key)


def _referring(action: str, reference: str) -> Iterator[str]:
    """Yield the parameters of an action that may name a thing of this kind."""
    try:
        properties: Mapping[str, Json] = registry.get(action).params.get("properties", {})
    except registry.UnknownAction:
        return
    thing, _colon, kind = reference.partition(":")
    for name, schema in properties.items():
        known, _colon, kinds = str(schema.get("x-reference", "")).partition(":")
        if known == thing and kind in {one.strip() for one in kinds.split(",")}:
            yield name
