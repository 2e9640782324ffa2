"""Publish a document: check it, make an immutable version, let new runs use it."""

from django.db import transaction

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.errors import InvalidDocument
from workflows.definition.problems import Problem
from workflows.definition.programs.compiler import compile_document
from workflows.definition.validate import validate
from workflows.models.definition import WorkflowDefinition
from workflows.models.version import WorkflowVersion
from workflows.services.definitions.catalogue import catalogue_of


def problems_of(tenant: Tenant, document: Json, key: str = "") -> list[Problem]:
    """Return everything that is wrong with a document, for this tenant, now.

    `key` is that of the workflow it belongs to, "" if it has none yet.
    """
    return validate(document, catalogue_of(tenant, key))


def publish(
    tenant: Tenant, actor: str, definition: WorkflowDefinition, document: Json, note: str = ""
) -> WorkflowVersion:
    """Make `document` the published version of `definition`, saving the latter.

    Raises InvalidDocument with every problem, having changed nothing. Runs in flight keep theirs.
    """
    catalogue = catalogue_of(tenant, definition.key)
    problems = validate(document, catalogue)
    if problems:
        raise InvalidDocument(problems)
    program = compile_document(document, catalogue)
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
