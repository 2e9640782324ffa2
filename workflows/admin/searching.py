"""The search of runs and events: what was typed, as ids, with a word on how far it looked."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from tenants.admin.access import tenants_seen
from tenants.models.tenant import Tenant
from workflows.services.search_history import MOST_FOUND, MOST_READ, Found

LONGEST: Final = 200  # characters of a term; nobody types more, and each word is a question

Search = Callable[[Sequence[Tenant], str], Found]


def narrowed(request: HttpRequest, queryset: Any, search: Search, term: str) -> Any:
    """Return the rows that `search` finds in the person's tenants."""
    found = search(list(tenants_seen(request)), term[:LONGEST])
    if found.ids and found.is_partial:
        said = _(
            "Nothing is exactly “%(term)s”. These hold it as part of a word; for that, the "
            "newest %(count)s events were looked through."
        )
        count = number_format(MOST_READ, force_grouping=True)
        messages.info(request, said % {"term": term, "count": count})
    elif len(found.ids) >= MOST_FOUND:
        said = _("Only the newest %(count)s are shown. Add another word to find less.")
        messages.info(request, said % {"count": MOST_FOUND})
    return queryset.filter(id__in=found.ids)
