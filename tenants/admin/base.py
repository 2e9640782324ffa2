"""The base of every admin page of a tenant's rows: who sees what is decided here, once."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tenants.admin import access
from tenants.admin.lists import CappedPaginator, TenantFilter
from tenants.admin.offered import OfferedLookups
from tenants.admin.order_search import NamedRecords
from tenants.models.tenant import Tenant

# What apps above offer to do with chosen records, by name: see `TenantAdmin.get_actions`.
RECORD_ACTIONS: dict[str, Any] = {}
# How apps above find records by words of their history: of some tenants, of a model, by a term.
RECORD_SEARCHES: list[Callable[[Sequence[Tenant], type[models.Model], str], NamedRecords]] = []


class TenantForm(forms.ModelForm):
    """Refuses rows of two tenants in one row."""

    def clean(self) -> Any:
        """Compare the tenant of every chosen row with the row's own."""
        values = super().clean() or self.cleaned_data
        tenant_id = getattr(values.get("tenant"), "pk", None) or self.instance.tenant_id
        for name, value in values.items():
            if name != "tenant" and getattr(value, "tenant_id", tenant_id) != tenant_id:
                self.add_error(name, _("This belongs to another tenant."))
        return values


class TenantAdmin(OfferedLookups, admin.ModelAdmin):
    """Rows of the person's tenants only; Operations may change them, Support may read them.

    Permissions come from the membership, not from Django's permission rows. A row of another
    tenant does not exist here: its address answers as that of a row that was never made.
    """

    form = TenantForm
    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    # Counting each filter's rows would read whole histories.
    show_facets = admin.ShowFacets.NEVER
    ordering: ClassVar[Any] = ("-id",)
    # Sorting by any other column would read a whole history.
    sortable_by: ClassVar[Any] = ()
    # Deleting many rows at once is nobody's daily work here.
    actions: Any = None
    empty_value_display = "\N{EN DASH}"
    list_filter: ClassVar[Any] = (TenantFilter,)
    # Whether the menu leads to its list; else other pages do.
    is_in_menu: ClassVar[bool] = True
    can_be_added: ClassVar[bool] = True
    can_be_changed: ClassVar[bool] = True
    can_be_deleted: ClassVar[bool] = False
    # Whether its search names the rows that it finds by their ids, which needs no other limit.
    search_names_rows: ClassVar[bool] = False
    # What the empty list says: what this is, and what to do.
    when_empty: ClassVar[Any] = ""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Only rows of the person's tenants."""
        rows: models.QuerySet[Any] = access.visible(request, super().get_queryset(request))
        return rows

    def get_actions(self, request: HttpRequest) -> Any:
        """Add what can be done with records, where the rows are some."""
        found: Any = super().get_actions(request)
        if access.is_record(self.model) and access.may_edit_somewhere(request):
            for name, act in RECORD_ACTIONS.items():
                found[name] = (act, name, act.short_description)
        return found

    def get_list_display(self, request: HttpRequest) -> Any:
        """Name the tenant if the person has several."""
        columns = tuple(super().get_list_display(request))
        return (*columns, "tenant") if access.sees_several(request) else columns

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Anybody who belongs somewhere."""
        return self.is_in_menu and access.is_member(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Every member."""
        return access.is_member(request) if obj is None else access.may_see(request, obj.tenant_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operations."""
        return self.can_be_added and access.may_edit_somewhere(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operations of the row's tenant."""
        return self.can_be_changed and self._may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Operations of the row's tenant, where rows may go at all."""
        return self.can_be_deleted and self._may_edit(request, obj)

    def _may_edit(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return access.may_edit_somewhere(request)
        return access.may_edit(request, obj.tenant_id)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Fix the tenant of a made row."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return (*fixed, "tenant") if obj is not None else fixed

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave the tenant out where there is only one to think of."""
        groups: Any = super().get_fieldsets(request, obj)
        if obj is None:
            groups = self.without_what_the_database_sets(groups)
        return self.without_tenant(request, obj, groups)

    def without_tenant(self, request: HttpRequest, obj: Any, groups: Any) -> Any:
        """Return the groups of fields of a made row, for somebody who has one tenant."""
        if obj is None or access.sees_several(request):
            return groups
        return [(name, {**parts, "fields": _without_tenant(parts)}) for name, parts in groups]

    def without_what_the_database_sets(self, groups: Any) -> Any:
        """Return the groups of a row to be made: what has no value before has nothing to show."""
        fields = self.opts.concrete_fields
        made_there = {one.name for one in fields if one.db_default is not models.NOT_PROVIDED}
        set_later = made_there & set(self.readonly_fields)
        left = [(name, {**parts, "fields": _without(set_later, parts)}) for name, parts in groups]
        return [group for group in left if group[1]["fields"]]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer rows of the person's tenants only."""
        target = db_field.remote_field.model
        if db_field.name == "tenant":
            kwargs["queryset"] = access.tenants_edited(request)
        elif any(field.name == "tenant" for field in target._meta.fields):
            kwargs.setdefault("queryset", access.visible(request, target._default_manager.all()))
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "tenant":
            _preselect_only_choice(field)
        return field

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list, with a word for when it is empty."""
        title = capfirst(self.opts.verbose_name_plural)
        context = {"title": title, "when_empty": self.when_empty, **(extra_context or {})}
        return super().changelist_view(request, context)

    def show(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        """Return a page in the admin's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, template, {**frame, "title": title, **context})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """One way to save: the row's own list of choices needs no “save and add another”."""
        context = {"show_save_and_add_another": False, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)


class HistoryAdmin(TenantAdmin):
    """Rows that are only ever read, each on a page of its own."""

    can_be_added = False
    can_be_changed = False
    page_template: ClassVar[str]

    def page(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page shows."""
        raise NotImplementedError

    def page_rows(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return the rows with what their pages tell of others."""
        return rows

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the row, or None: text that no id can be belongs to no row."""
        try:
            return self.page_rows(self.get_queryset(request)).get(pk=object_id)
        except (ObjectDoesNotExist, ValidationError, ValueError):
            return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one row. Somebody else's is as unknown as one that was never made."""
        if request.method != "GET":
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if obj is None or not self.has_view_permission(request, obj):
            # Django's own answer to an unknown id, which its stubs leave out.
            unknown: Any = super()
            answer: HttpResponse = unknown._get_obj_does_not_exist_redirect(
                request, self.opts, object_id
            )
            return answer
        shown = self.page(request, obj)
        title = shown.pop("title", "") or self.page_title(obj)
        return self.show(request, self.page_template, title, original=obj, **shown)

    def page_title(self, obj: Any) -> str:
        """Return the page's heading."""
        return str(obj)


def _without_tenant(parts: Any) -> tuple[Any, ...]:
    return _without({"tenant"}, parts)


def _without(names: set[str], parts: Any) -> tuple[Any, ...]:
    """Return the fields of a group, of which some stand together on a line."""
    left = (
        tuple(one for one in name if one not in names) if isinstance(name, tuple) else name
        for name in parts["fields"]
    )
    return tuple(name for name in left if name and name not in names)


def _preselect_only_choice(field: Any) -> None:
    choices = list(field.queryset[:2])
    if len(choices) == 1:
        field.initial = choices[0].pk
        field.widget = forms.HiddenInput()
