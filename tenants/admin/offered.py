"""What an address may ask of a list: what the list offers, and nothing else.

Django takes any look-up on a model's own columns (`?note__regex=…`), and orders by any column
(`?o=3`). Each reads a whole history, of secrets it tells a letter at a time, and where the value is
junk many end in an error.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import (
    ERROR_FLAG,
    IGNORED_PARAMS,
    ORDER_VAR,
    PAGE_VAR,
    ChangeList,
)
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DataError
from django.db.models import Field
from django.http import HttpRequest
from django.utils.translation import gettext

from tenants.admin.dates import BEFORE, CreatedFilter
from tenants.admin.lists import Completeness, begin_list, completeness_of
from tenants.core.text.listing import name_apart

# Nobody types more, and each word is a question of its own.
MAX_TERM_LENGTH: Final = 200
_NUL: Final = "\x00"
# What Django's own filters call their parameters, behind the name of the column.
_ENDINGS: Final = ("", "__exact", "__isnull", "__gte", "__lt")


class OfferedList(ChangeList):
    """A page of a list. What the list does not offer in its address is as if it were not there."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        """Leave out what is not offered before anything reads the parameters."""
        begin_list(request)
        self.query = self.query[:MAX_TERM_LENGTH]
        kept = {*offered(self.model_admin, request), *IGNORED_PARAMS}
        if self.sortable_by is not None and not self.sortable_by:
            kept.discard(ORDER_VAR)
        asked = self.filter_params
        self.filter_params = {
            name: values
            for name, values in asked.items()
            if name in kept and all(map(_is_sound, values))
        }
        self.params = {name: self.params[name] for name in self.filter_params}
        refused = [name for name in asked if name not in kept and _is_look_up(self.model, name)]
        if refused and ERROR_FLAG not in request.GET:
            # Leads to the list without any parameters.
            raise IncorrectLookupParameters(", ".join(refused))
        # Its stubs leave the second argument out.
        narrowed: Any = super().get_queryset
        if ERROR_FLAG in request.GET:
            said = gettext(
                "The address asked for what this list does not offer: it is shown whole."
            )
            messages.warning(request, said)
        try:
            rows = narrowed(request, exclude_parameters)
        except IncorrectLookupParameters:
            if ERROR_FLAG not in request.GET:
                raise
            # Somebody was led here already: Django would say that the database is broken.
            self.filter_params, self.params = {}, {}
            begin_list(request)
            rows = narrowed(request, exclude_parameters)
        self._tell_unread(request)
        return rows

    def get_results(self, request: HttpRequest) -> None:
        """Show the first page where there is no such page, and lead on behind the last one."""
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            said = gettext("There is no such page: this is the first one. Older rows have a date.")
            messages.info(request, said)
            self.page_num = 1
            super().get_results(request)
        how = completeness_of(request)
        self.is_incomplete, self.is_cut = how != Completeness.ALL, how == Completeness.MORE
        self.older_query = self._behind_the_last_page()

    def _behind_the_last_page(self) -> str:
        """Return the parameters of the list that begins where the rows that were counted end."""
        pages: Any = self.paginator
        is_last = getattr(pages, "is_capped", False) and self.page_num == pages.num_pages
        is_dated = any(isinstance(one, CreatedFilter) for one in self.filter_specs)
        if not is_last or not is_dated or self.queryset.query.order_by[:1] != ("-id",):
            return ""
        shown = list(self.result_list)
        return self.get_query_string({BEFORE: str(shown[-1].pk)}, [PAGE_VAR]) if shown else ""

    def _tell_unread(self, request: HttpRequest) -> None:
        """Say which values of filters were left out, since they are none that is offered."""
        for spec in self.filter_specs:
            for value in _unread(spec):
                said = gettext(
                    "“%(value)s” is no choice of the filter “%(filter)s”: it was ignored."
                )
                told = {"value": name_apart(value), "filter": spec.title}
                messages.warning(request, said % told)


class OfferedLookups:
    """Put before a ModelAdmin: an address may ask for what the list offers."""

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Refuse every parameter that is none of a filter of the list, whoever asks."""
        return lookup in offered(self, request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Use a list that leaves out what is not offered."""
        return OfferedList

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Search for what somebody may have typed; the boxes that complete names ask here, too."""
        if _NUL in search_term:
            return queryset.none(), False
        kept: Any = super()
        return kept.get_search_results(request, queryset, search_term[:MAX_TERM_LENGTH])

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the row, or None: text that no key can be belongs to no row."""
        if not _is_sound(object_id):
            return None
        kept: Any = super()
        return kept.get_object(request, object_id, from_field)

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """Do something with the chosen rows; with what cannot be a row's key, nothing."""
        kept: Any = super()
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(_may_be_key(queryset.model, one) for one in chosen):
            return None
        return kept.response_action(request, queryset)


def offered(model_admin: Any, request: Any) -> set[str]:
    """Return the parameters by which the filters of a list may be set."""
    filters = (
        model_admin.get_list_filter(request) if request is not None else model_admin.list_filter
    )
    return {name for one in filters for name in _parameters(model_admin.model, one)}


def _unread(spec: Any) -> Iterable[str]:
    """Return the values of a filter in the address that are none of its choices."""
    if hasattr(spec, "unread"):
        unread: Iterable[str] = spec.unread()
        return unread
    if not isinstance(spec, SimpleListFilter):
        return ()
    value = spec.value()
    offered = {str(choice) for choice, _label in spec.lookup_choices}
    return () if not value or value in offered else (value,)


def _parameters(model: Any, one: Any) -> Iterator[str]:
    if isinstance(one, type):
        yield getattr(one, "parameter_name", "")
        yield from getattr(one, "more_parameters", ())
        return
    path = one[0] if isinstance(one, list | tuple) else one
    path = path.name if isinstance(path, Field) else path
    yield from (f"{path}{ending}" for ending in _ENDINGS)
    try:
        target: Any = model._meta.get_field(path)
    except FieldDoesNotExist:
        return
    if target.is_relation:
        yield f"{path}__{target.target_field.name}__exact"


def _is_look_up(model: Any, name: str) -> bool:
    columns = {one for field in model._meta.get_fields() for one in (field.name, _column(field))}
    return name.split("__", 1)[0] in {"pk", *columns}


def _column(field: Any) -> str:
    return str(getattr(field, "attname", field.name))


def _is_sound(text: str) -> bool:
    return _NUL not in text and len(text) <= MAX_TERM_LENGTH


def _may_be_key(model: Any, text: str) -> bool:
    try:
        model._meta.pk.to_python(text)
    except (ValidationError, ValueError, DataError):
        return False
    return _is_sound(text)
