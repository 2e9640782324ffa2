"""Go back: publish what an old version said, as a new version."""

from django.db import transaction

from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition
from workflows.models.version import WorkflowVersion
from workflows.services.definitions.drafts import save_draft
from workflows.services.definitions.publish import publish


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
