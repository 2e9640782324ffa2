"""What the newest language changes for a workflow that was published in an older one."""

from typing import Any

from workflows.definition.changes.numbers import KeptNumber, kept_numbers
from workflows.definition.language import NUMBERS_STAY_NUMBERS
from workflows.models.definition import WorkflowDefinition
from workflows.models.version import WorkflowVersion
from workflows.services.catalogue import catalogue_of

Json = Any


def language_of(definition: WorkflowDefinition, version: int) -> int | None:
    """Return the version of the language that a version of the workflow speaks."""
    rows = WorkflowVersion.objects.filter(definition=definition, version=version)
    return rows.values_list("language_version", flat=True).first()


def numbers_that_stay(definition: WorkflowDefinition, document: Json) -> list[KeptNumber]:
    """Return where publishing `document` now lets numbers stay numbers that became text so far."""
    spoken = language_of(definition, definition.version)
    if spoken is None or spoken >= NUMBERS_STAY_NUMBERS:
        return []
    return numbers_in(definition, document)


def numbers_in(definition: WorkflowDefinition, document: Json) -> list[KeptNumber]:
    """Return where numbers of a document go out as another type than in the first language."""
    if not isinstance(document, dict):
        return []
    return list(kept_numbers(document, catalogue_of(definition.tenant, definition.key)))
