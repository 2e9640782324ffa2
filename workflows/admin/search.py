"""The search of runs and events: what was typed, as ids, with a word on how far it looked."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from django.contrib import messages
from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from actions import records
from tenants.admin.access import tenants_seen
from tenants.admin.base import RECORD_SEARCHES
from tenants.admin.lists import Completeness, tell_incomplete, tested_of
from tenants.admin.order_search import NamedRecords
from tenants.core.text.listing import name_apart
from tenants.models.tenant import Tenant
from workflows.services.events.search import Found, Scope, records_named

MAX_TERM_LENGTH: Final = 200  # characters of a term; nobody types more, and each word is a question

Search = Callable[[Sequence[Tenant], str, Scope], Found]


def narrowed(
    request: HttpRequest, queryset: Any, search: Search, term: str, tested: Q | None = None
) -> Any:
    """Return the rows that `search` finds in the person's tenants, saying what it left out.

    `queryset` is narrowed by the filters of the list; `tested` is what else the rows have to be.
    """
    tenants = list(tenants_seen(request))
    # The tenants are named even where all are seen: the indexes begin with them.
    scope = Scope(queryset.filter(tenant__in=tenants), tested_of(request) & (tested or Q()))
    found = search(tenants, term[:MAX_TERM_LENGTH], scope)
    for sentence in _told(found, term):
        messages.info(request, sentence)
    if not found.is_complete:
        tell_incomplete(request, Completeness.MORE if found.is_cut else Completeness.UNKNOWN)
    return queryset.filter(id__in=found.ids)


def _told(found: Found, term: str) -> Iterator[str]:
    """Yield what people have to know of an answer."""
    if found.ids and found.is_partial:
        said = _("Nothing is exactly “%(term)s”. These hold it as part of a word.")
        yield said % {"term": name_apart(term)}
    if found.is_cut:
        said = _("Only the newest %(count)s are shown. Add another word to find less.")
        yield said % {"count": len(found.ids)}
    if found.looked_through is None:
        return
    count = number_format(found.looked_through, force_grouping=True)
    said = (
        _(
            "Parts of words were looked for among the newest %(count)s only. Choose dates to look "
            "among older ones."
        )
        if found.is_partial
        else _(
            "“%(term)s” stands in so many that only the newest %(count)s were looked through. "
            "Choose dates to look among older ones."
        )
    )
    yield said % {"term": name_apart(term), "count": count}


def records_named_by_events(
    tenants: Sequence[Tenant], model: type[Model], term: str
) -> NamedRecords:
    """Return the records of `model` whose events hold `term` as words: old ones, too."""
    kinds = [record.alias for record in records.all_records() if record.model is model]
    if not kinds:
        return NamedRecords()
    found = records_named(tenants, kinds, term[:MAX_TERM_LENGTH])
    return NamedRecords(found.ids, found.is_complete)


RECORD_SEARCHES.append(records_named_by_events)
