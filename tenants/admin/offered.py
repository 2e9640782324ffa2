"""What an address may ask of a list: what the list offers, and nothing else.

Django takes any look-up on a model's own columns (`?note__regex=…`), and orders by any column
(`?o=3`). Each reads a whole history, of secrets it tells a letter at a time, and where the value is
junk many end in an error.
"""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS, ORDER_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DataError
from django.db.models import Field
from django.http import HttpRequest

# Nobody types more, and each word is a question of its own.
MAX_TERM_LENGTH: Final = 200
_NUL: Final = "\x00"
# What Django's own filters call their parameters, behind the name of the column.
_ENDINGS: Final = ("", "__exact", "__isnull", "__gte", "__lt")


class OfferedList(ChangeList):
    """A page of a list. What the list does not offer in its address is as if it were not there."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        """Leave out what is not offered before anything reads the parameters."""
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
        try:
            return narrowed(request, exclude_parameters)
        except IncorrectLookupParameters:
            if ERROR_FLAG not in request.GET:
                raise
            # Somebody was led here already: Django would say that the database is broken.
            self.filter_params, self.params = {}, {}
            return narrowed(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        """Show the first page where there is no such page."""
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            self.page_num = 1
            super().get_results(request)


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


def _parameters(model: Any, one: Any) -> Iterator[str]:
    if isinstance(one, type):
        yield getattr(one, "parameter_name", "")
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
