"""The records that runs and events are about: their names, and links to their pages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from actions import records
from tenants.core.database.ids import uuid_or_none


@dataclass(frozen=True, slots=True)
class Subject:
    """A record as lists name it."""

    label: str
    url: str  # "" if it has no page, or is gone

    @property
    def link(self) -> SafeString:
        """The name, linked."""
        if not self.url:
            return format_html("{}", self.label)
        return format_html('<a href="{}">{}</a>', self.url, self.label)


Subjects = Mapping[tuple[str, str], Subject]


def subjects_of(rows: Iterable[Any]) -> Subjects:
    """Return the subject of each row, in one query for each kind of record."""
    wanted: dict[str, dict[str, UUID]] = defaultdict(dict)
    for row in rows:
        if row.subject_id:
            wanted[row.subject_type][row.subject_id] = row.tenant_id
    found: dict[tuple[str, str], Subject] = {}
    for kind, ids in wanted.items():
        known = _records(kind, ids)
        for key in ids:
            found[kind, key] = known.get(key) or Subject(f"{kind} {key}", "")
    return found


def _records(kind: str, ids: Mapping[str, UUID]) -> Mapping[str, Subject]:
    try:
        record = records.get(kind)
    except records.UnknownRecord:
        return {}
    keys = [key for key in map(uuid_or_none, ids) if key is not None]
    rows: Iterable[Any] = record.model._default_manager.filter(
        pk__in=keys, tenant__in=set(ids.values())
    )
    name = record.model._meta.verbose_name
    return {
        str(row.pk): Subject(f"{str(name).capitalize()} {row}", _page_of(row))
        for row in rows
        if ids.get(str(row.pk)) == row.tenant_id
    }


def _page_of(row: Any) -> str:
    if not admin.site.is_registered(type(row)):
        return ""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
