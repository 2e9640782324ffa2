"""Publish a document, or go back to an old one: an immutable version that new runs use."""

from django.db import transaction

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.programs.compiler import compile_document
from workflows.definition.validate import ValidDocument
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.services.definitions.catalogue import validated
from workflows.services.definitions.drafts import save_draft


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


class PublishedMeanwhile(Exception):
    """Somebody published since the person looked."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} was published meanwhile")
        self.version = version


def publish_again(
    tenant: Tenant, actor: str, old: WorkflowVersion, note: str, seen: int
) -> WorkflowVersion:
    """Publish the document of `old` as the newest version; a draft stays as it is.

    `seen` is the version that the person saw as the newest. Raises PublishedMeanwhile, and
    InvalidDocument if the document does not fit what exists today; then nothing has changed.
    """
    with tenant_scope(tenant), transaction.atomic():
        definition = _locked(tenant, old)
        if definition.version != seen:
            raise PublishedMeanwhile(definition.version)
        draft = definition.draft
        version = publish(tenant, actor, definition, old.document, note)
        if draft is not None:
            save_draft(tenant, actor, definition, draft)
        return version


def take_as_draft(tenant: Tenant, actor: str, old: WorkflowVersion) -> WorkflowDefinition:
    """Make the document of `old` the draft, so that it can be mended before it is published."""
    with tenant_scope(tenant), transaction.atomic():
        return save_draft(tenant, actor, _locked(tenant, old), old.document)


def _locked(tenant: Tenant, old: WorkflowVersion) -> WorkflowDefinition:
    rows = WorkflowDefinition.objects.of(tenant).select_for_update()
    return rows.get(pk=old.definition_id)
