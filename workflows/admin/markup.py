"""The HTML of columns of lists: badges and links."""

from typing import Any
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows.addresses import path_to
from workflows.presentation.badges import Badge
from workflows.services.runs.summaries import Subject


def shown_badge(badge: Badge) -> SafeString:
    """Return a label in its colour."""
    return format_html('<span class="sayr-badge sayr-badge-{}">{}</span>', *badge)


def subject_link(subject: Subject | None) -> Any:
    """Return the name of a record, linked to its page if it has one; None if there is none."""
    if subject is None:
        return None
    address = path_to(subject.model, subject.key) if subject.model else ""
    return link(address, subject.label) if address else subject.label


def run_link(run_id: UUID | str, words: object = "") -> SafeString:
    """Return a link to the page of a run."""
    return link(path_to("workflows_workflowrun", run_id), words or run_id)


def link(address: str, words: object) -> SafeString:
    """Return a link."""
    return format_html('<a href="{}">{}</a>', address, words)
