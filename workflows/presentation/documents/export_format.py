"""Workflows as a file: what exports write and imports read. One format for one and for many.

    {"sayr_workflows": 1, "workflows": [{"key": "new-order", "workflow": {…the document…}}]}

Connections and message templates stand in documents by their keys, so they travel by key.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from tenants.core.json import Json
from workflows.presentation.documents import document_text
from workflows.presentation.documents.document_text import UnreadableDocument

FORMAT: Final = 1
MAX_BYTES: Final = 2_000_000
MAX_WORKFLOWS: Final = 200
MAX_KEY_LENGTH: Final = 100

_KEY: Final = re.compile(r"[-a-zA-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class ExportedWorkflow:
    """One workflow of a file."""

    key: str
    document: Json  # as the file has it; nobody has checked it


def write(entries: Iterable[ExportedWorkflow]) -> str:
    """Return the file, its keys always in one order: a small change is a small difference."""
    workflows = [{"key": one.key, "workflow": one.document} for one in entries]
    return document_text.write({"sayr_workflows": FORMAT, "workflows": workflows}) + "\n"


def read(content: bytes) -> list[ExportedWorkflow]:
    """Return the workflows of a file. Raises Unreadable, in words for whoever chose the file."""
    if len(content) > MAX_BYTES:
        raise UnreadableDocument(_("The file is too large: at most 2 MB."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as mistake:
        raise UnreadableDocument(
            _("This is not a text file. Choose a file that was exported.")
        ) from mistake
    return _entries(document_text.read(text, MAX_BYTES))


def _entries(given: Json) -> list[ExportedWorkflow]:
    if not isinstance(given, dict) or "sayr_workflows" not in given:
        raise UnreadableDocument(_("This file holds no exported workflows."))
    if given["sayr_workflows"] is True or given["sayr_workflows"] != FORMAT:
        raise UnreadableDocument(
            _("This file is written in a format (%(format)s) that is not known here.")
            % {"format": str(given["sayr_workflows"])[:40]}
        )
    workflows = given.get("workflows")
    if not isinstance(workflows, list) or not workflows:
        raise UnreadableDocument(_("This file holds no exported workflows."))
    if len(workflows) > MAX_WORKFLOWS:
        told = {"most": MAX_WORKFLOWS}
        raise UnreadableDocument(
            _("These are too many workflows: at most %(most)s in one file.") % told
        )
    entries = [_entry(one, number) for number, one in enumerate(workflows, 1)]
    _refuse_twins(entries)
    return entries


def _entry(given: Json, number: int) -> ExportedWorkflow:
    told = {"number": number}
    if not isinstance(given, dict) or set(given) != {"key", "workflow"}:
        raise UnreadableDocument(_("Workflow %(number)s of this file cannot be read.") % told)
    key = given["key"]
    if not isinstance(key, str) or len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise UnreadableDocument(
            _("Workflow %(number)s of this file has no usable key: letters, digits, - and _.")
            % told
        )
    if not isinstance(given["workflow"], dict):
        raise UnreadableDocument(_("Workflow %(number)s of this file cannot be read.") % told)
    return ExportedWorkflow(key, given["workflow"])


def _refuse_twins(entries: list[ExportedWorkflow]) -> None:
    seen: set[str] = set()
    for one in entries:
        if one.key in seen:
            raise UnreadableDocument(
                _("The key “%(key)s” stands twice in this file.") % {"key": one.key}
            )
        seen.add(one.key)
