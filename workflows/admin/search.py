"""The search of runs and events: what was typed, as ids, with a word on how far it looked."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from actions import records
from tenants.admin.access import tenants_seen
from tenants.admin.base import RECORD_SEARCHES
from tenants.models.tenant import Tenant
from workflows.models.event import WorkflowEvent
from workflows.services.events.search import MAX_FOUND, MAX_READ, Found, search_events

MAX_TERM_LENGTH: Final = 200  # characters of a term; nobody types more, and each word is a question

Search = Callable[[Sequence[Tenant], str], Found]


def narrowed(request: HttpRequest, queryset: Any, search: Search, term: str) -> Any:
    """Return the rows that `search` finds in the person's tenants."""
    found = search(list(tenants_seen(request)), term[:MAX_TERM_LENGTH])
    if found.ids and found.is_partial:
        said = _(
            "Nothing is exactly “%(term)s”. These hold it as part of a word; for that, the "
            "newest %(count)s events were looked through."
        )
        count = number_format(MAX_READ, force_grouping=True)
        messages.info(request, said % {"term": term, "count": count})
    elif len(found.ids) >= MAX_FOUND:
        said = _("Only the newest %(count)s are shown. Add another word to find less.")
        messages.info(request, said % {"count": MAX_FOUND})
    return queryset.filter(id__in=found.ids)


def records_named_by_events(tenants: Any, model: type[Model], term: str) -> list[UUID]:
    """Return the records of `model` whose events hold `term` as a word: old ones, too."""
    kinds = [record.alias for record in records.all_records() if record.model is model]
    found = search_events(list(tenants), term[:MAX_TERM_LENGTH])
    if not kinds or found.is_partial:
        return []
    about = WorkflowEvent.objects.filter(id__in=found.ids, subject_type__in=kinds)
    return [UUID(one) for one in about.values_list("subject_id", flat=True)]


RECORD_SEARCHES.append(records_named_by_events)
