"""What the newest language changes for a workflow that was published in an older one."""

from tenants.core.json import Json
from workflows.definition.changes.numbers import ChangedPlace, kept_numbers, rewritten
from workflows.definition.language import (
    AS_PEOPLE_WRITE,
    LANGUAGE_VERSION,
    NUMBERS_STAY_NUMBERS,
)
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.services.definitions.catalogue import catalogue_of


def language_of(definition: WorkflowDefinition, version: int) -> int | None:
    """Return the version of the language that a version of the workflow speaks."""
    rows = WorkflowVersion.objects.filter(definition=definition, version=version)
    return rows.values_list("language_version", flat=True).first()


def changed_places(definition: WorkflowDefinition, document: Json) -> list[ChangedPlace]:
    """Return where publishing `document` now means something else, by the language alone."""
    spoken = language_of(definition, definition.version)
    if spoken is None:
        return []
    return places_between(definition, document, spoken, LANGUAGE_VERSION)


def places_between(
    definition: WorkflowDefinition, document: Json, old: int, new: int
) -> list[ChangedPlace]:
    """Return where a document means something else in the language `new` than in `old`."""
    if not isinstance(document, dict):
        return []
    found: list[ChangedPlace] = []
    tenant = definition.tenant
    if old < NUMBERS_STAY_NUMBERS <= new:
        found += kept_numbers(document, catalogue_of(tenant, definition.key))
    if old < AS_PEOPLE_WRITE <= new:
        found += rewritten(document, tenant.language, tenant.currency)
    return found
