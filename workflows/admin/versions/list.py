"""The versions of a workflow as its page lists them: who, when, why, and what changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from django.utils.translation import gettext as _

from workflows.addresses import admin_path, page_of
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.presentation.actors import actor_words
from workflows.presentation.changes.sentences import one_line, told
from workflows.presentation.times import short_moment

VERSIONS_SHOWN: Final = 20
DRAFT: Final = "draft"


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """One line of the list."""

    number: int
    url: str
    published_at: datetime
    publisher: str
    note: str
    changed: str  # in one line; "" of the first
    compare_url: str  # with the one before; "" of the first
    again_url: str  # to publish it again; "" of the newest


@dataclass(frozen=True, slots=True)
class DraftState:
    """The draft beside what is published."""

    is_first: bool  # nothing was ever published
    who: str
    when: str
    changed: str
    compare_url: str


def listed_versions(definition: WorkflowDefinition) -> list[ListedVersion]:
    """Return the newest versions, the newest first."""
    rows = WorkflowVersion.objects.filter(definition=definition).defer("program")
    found = list(rows.order_by("-version")[: VERSIONS_SHOWN + 1])
    return list(_listed(definition, found))[:VERSIONS_SHOWN]


def _listed(definition: Any, found: list[WorkflowVersion]) -> Iterator[ListedVersion]:
    for version, before in pairwise([*found, None]):
        if version is None:
            return
        yield ListedVersion(
            version.version,
            page_of(version),
            version.published_at,
            actor_words(version.published_by),
            version.note,
            one_line(told(before.document, version.document)) if before else "",
            compare_url(definition, before.version, version.version) if before else "",
            again_url(version) if version.version != definition.version else "",
        )


def draft_state(definition: WorkflowDefinition) -> DraftState | None:
    """Return what there is to say of the draft; None if there is none."""
    if definition.draft is None:
        return None
    is_first = not definition.version
    return DraftState(
        is_first,
        actor_words(definition.updated_by),
        short_moment(definition.updated_at),
        "" if is_first else one_line(told(definition.definition, definition.draft)),
        "" if is_first else compare_url(definition, definition.version, DRAFT),
    )


def compare_url(definition: WorkflowDefinition, old: int | str, new: int | str) -> str:
    """Return the page that compares two versions; a version may be “draft”."""
    return admin_path("workflows_workflowdefinition_compare", definition.pk, old=old, new=new)


def again_url(version: WorkflowVersion) -> str:
    """Return the page on which a version is published again."""
    return admin_path("workflows_workflowversion_again", version.pk)


def version_words(number: int | str) -> str:
    """Return what people call a version, or the draft."""
    if number == DRAFT:
        return _("Draft")
    return _("Version %(number)s") % {"number": number}
