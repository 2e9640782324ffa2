"""What lists of millions of rows need: a count that stops, and a word on what was left out."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.access import sees_several, tenants_seen
from tenants.admin.dates import chosen_dates, made_when_chosen
from tenants.core.database.ids import floor_of
from tenants.core.text.listing import bare

Choices = list[tuple[str, Any]]

MAX_COUNTED: Final = 10_000
LOOKED_AT: Final = 100_000
# What a request is told of its list: see `completeness_of` and `tested_of`.
_COMPLETENESS: Final = "_sayr_completeness"
_TESTED: Final = "_sayr_tested"


class CappedPaginator(Paginator):
    """Counts to 10,001 and no further: counting a big tenant's runs took 218 ms (measured).

    What lies behind is reached by dates, or by “older ones” on the last page.
    """

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, at most MOST_COUNTED and one."""
        rows: Any = self.object_list
        if not isinstance(rows, models.QuerySet):
            return len(rows)
        return rows.order_by()[: MAX_COUNTED + 1].count()

    @cached_property
    def num_pages(self) -> int:
        """Return how many pages there are of the rows that were counted."""
        if self.is_capped:
            return max(MAX_COUNTED // self.per_page, 1)
        pages: int = super().num_pages
        return pages

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than were counted."""
        return self.count > MAX_COUNTED


class TenantFilter(admin.SimpleListFilter):
    """By tenant; only for people who have several."""

    title = _("tenant")
    parameter_name = "tenant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer the person's own tenants."""
        if not sees_several(request):
            return []
        return [(str(key), name) for key, name in tenants_seen(request).values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to the chosen one; a value that was not offered is ignored."""
        offered = {value for value, _name in self.lookup_choices}
        return queryset.filter(tenant_id=self.value()) if self.value() in offered else queryset


def newest(request: HttpRequest, rows: Any) -> Any:
    """Return the newest LOOKED_AT of `rows`, telling the reader if there are more.

    For questions that no index answers: a rare value would otherwise read a whole history. Of the
    rows of chosen days, the newest of these.
    """
    rows = made_when_chosen(request, rows)
    floor = floor_of(rows, LOOKED_AT)
    if floor is None:
        return rows
    said = gettext("Only the newest %(count)s were looked through. Choose a date for older ones.")
    if chosen_dates(request).is_any:
        said = gettext("Only the newest %(count)s of these days were looked through.")
    messages.info(request, said % {"count": number_format(LOOKED_AT, force_grouping=True)})
    tell_incomplete(request)
    return rows.filter(id__gt=floor)


def newest_that(request: HttpRequest, rows: Any, condition: Q, *, is_searched: bool) -> Any:
    """Return those of the newest rows that are as `condition` says, which no index answers.

    `is_searched`: the list's search names the rows that it finds. If somebody searches, it is the
    search that asks the condition (`tested_of`), before it leaves out anything.
    """
    if is_searched and search_term(request):
        setattr(request, _TESTED, (*getattr(request, _TESTED, ()), condition))
        return rows
    return newest(request, rows).filter(condition)


def tested_of(request: HttpRequest) -> Q:
    """Return what the filters of a list leave to its search to ask."""
    return Q(*getattr(request, _TESTED, ()))


class Completeness(StrEnum):
    """Whether a list shows all that its question names."""

    ALL = "all"
    MORE = "more"  # there are more than it shows
    UNKNOWN = "unknown"  # not all rows were looked at


def begin_list(request: HttpRequest) -> None:
    """Forget what an earlier reading of the same request's parameters told."""
    setattr(request, _TESTED, ())
    setattr(request, _COMPLETENESS, Completeness.ALL)


def tell_incomplete(request: HttpRequest, how: Completeness = Completeness.UNKNOWN) -> None:
    """Note that the list may lack rows, so that its count says so."""
    setattr(request, _COMPLETENESS, how)


def completeness_of(request: HttpRequest) -> Completeness:
    """Return whether the list shows all that its question names."""
    return getattr(request, _COMPLETENESS, Completeness.ALL)


def search_term(request: HttpRequest) -> str:
    """Return what is searched for; "" for what Django's form does not accept, or only spaces."""
    term = request.GET.get(SEARCH_VAR, "")
    return "" if "\x00" in term else bare(term).strip()


class NewestByChoice(admin.ChoicesFieldListFilter):
    """By a column that no index holds: a choice that was offered, among the newest rows."""

    def __init__(self, field: Any, *where: Any, **more: Any) -> None:
        super().__init__(field, *where, **more)
        *_, model_admin = where
        self._is_searched = getattr(model_admin, "search_names_rows", False)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to the chosen ones; a value that was not offered is ignored."""
        offered = {str(value) for value, _label in self.field.flatchoices}
        asked: Any = self.lookup_val or []
        chosen = [value for value in asked if value in offered]
        if not chosen:
            return queryset
        condition = Q(**{f"{self.field_path}__in": chosen})
        return newest_that(request, queryset, condition, is_searched=self._is_searched)

    def unread(self) -> list[str]:
        """Return what the address asks for that is not offered."""
        offered = {str(value) for value, _label in self.field.flatchoices}
        asked: Any = self.lookup_val or []
        return [value for value in asked if value not in offered]


class StatedChoicesFilter(admin.SimpleListFilter):
    """A filter whose first choice is not “all” but what people want to see at first."""

    first: Choices

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices without “all”."""
        everything = super().choices(changelist)
        for choice in everything:
            if choice["query_string"] != changelist.get_query_string(remove=[self.parameter_name]):
                yield choice
