"""Publish a document: check it, make an immutable version, let new runs use it."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.problems import Problem
from workflows.definition.programs.compiler import compile_document
from workflows.definition.validate import ValidDocument, validate
from workflows.models.definition import WorkflowDefinition
from workflows.models.version import WorkflowVersion
from workflows.services.definitions.catalogue import Thing, catalogue_of

Json = Any


def problems_of(
    tenant: Tenant, document: Json, key: str = "", things: Iterable[Thing] | None = None
) -> list[Problem]:
    """Return everything that is wrong with a document, for this tenant, now.

    `key` is that of the workflow it belongs to, "" if it has none yet; `things` are the tenant's,
    if somebody has just read them.
    """
    return validate(document, catalogue_of(tenant, key, things))


def validated(tenant: Tenant, document: Json, key: str = "") -> ValidDocument:
    """Return a document as one that can be published now. Raises InvalidDocument."""
    return ValidDocument(document, catalogue_of(tenant, key))


def publish(
    tenant: Tenant, actor: str, definition: WorkflowDefinition, document: Json, note: str = ""
) -> WorkflowVersion:
    """Make `document` the published version of `definition`, saving the latter.

    Raises InvalidDocument with every problem, having changed nothing. Runs in flight keep theirs.
    """
    valid = validated(tenant, document, definition.key)
    return publish_valid(tenant, actor, definition, valid, note)


def publish_valid(
    tenant: Tenant, actor: str, definition: WorkflowDefinition, valid: ValidDocument, note: str
) -> WorkflowVersion:
    """Publish what was validated just now."""
    document, program = valid.written, compile_document(valid)
    with tenant_scope(tenant), transaction.atomic():
        _lock(definition)
        definition.tenant = tenant
        definition.name = document["name"]
        definition.trigger_type = document["trigger_type"]
        definition.trigger_types = _listened_types(document)
        definition.awaited_types = sorted({*definition.awaited_types, *awaited_types(program)})
        definition.definition = document
        definition.draft = None
        definition.version += 1
        definition.updated_by = actor
        definition.save()
        return WorkflowVersion.objects.create(
            tenant=tenant,
            definition=definition,
            version=definition.version,
            document=document,
            program=program,
            language_version=program["language_version"],
            note=note,
            published_by=actor,
        )


def awaited_types(program: Json) -> set[str]:
    """Return the types of events that a program's runs wait for."""
    waits = (one for one in program["instructions"] if one["op"] == "wait_for_event")
    return {one["event_type"] for one in waits}


def _lock(definition: WorkflowDefinition) -> None:
    """Let two publishers of one workflow take turns, each with a number of its own.

    Runs of it start meanwhile.
    """
    if not definition._state.adding:
        rows = WorkflowDefinition.objects.select_for_update(no_key=True)
        newest = rows.get(pk=definition.pk)
        definition.version = newest.version
        definition.awaited_types = newest.awaited_types


def _listened_types(document: Json) -> list[str]:
    return list(dict.fromkeys([document["trigger_type"], *document.get("also_on", [])]))
