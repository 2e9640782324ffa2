"""Connections to other services."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from actions import connection_test, wording
from actions.admin.connection_form import FIELDS_OF, SECRETS, SETTINGS, ConnectionForm
from actions.errors import ActionFailure
from actions.models.connection import REQUIRED_SECRETS, Connection, ConnectionKind
from tenants.admin.base import TenantAdmin
from tenants.admin.lists import TenantFilter


@admin.register(Connection)
class ConnectionAdmin(TenantAdmin):
    """Secrets are entered here and never shown again."""

    form = ConnectionForm
    list_display = ("name", "key", "kind", "is_active", "has_secrets", "updated_at")
    list_filter = ("kind", "is_active", TenantFilter)
    list_select_related = ("tenant",)
    search_fields = ("name", "key")
    ordering = ("name",)
    can_be_deleted = True
    when_empty = _(
        "No connections yet. Steps need one to send through WhatsApp, Slack, Teams, "
        "your own mail server or a web service. Mail goes without one, too."
    )

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Ask for the kind first: the form depends on it."""
        if _new_kind(request) is None and self.has_add_permission(request):
            title = gettext("What do you want to connect?")
            template, kinds = "admin/actions/choose_kind.html", ConnectionKind.choices
            return self.show(request, template, title, kinds=kinds)
        return super().add_view(request, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        made = super().get_form(request, obj, change, **{**kwargs, "fields": _model_fields(obj)})
        if obj is not None and not self.has_change_permission(request, obj):
            return made
        kind = ConnectionKind(obj.kind) if obj else _new_kind(request)
        fields = {**SETTINGS, **SECRETS}
        extra = {name: fields[name] for name in FIELDS_OF[kind]} if kind else {}
        return type("FormOfKind", (made,), {**extra, "new_kind": kind or ""})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for what the kind needs; show readers the settings."""
        kind = ConnectionKind(obj.kind) if obj else _new_kind(request)
        head = (None, {"fields": ("tenant", "name", "key", "is_active")})
        if kind is None:
            return [head]
        may_edit = obj is None or self.has_change_permission(request, obj)
        asked = FIELDS_OF[kind] if may_edit else ("settings",)
        groups = [head, (kind.label, {"fields": asked})]
        return self.without_tenant(request, obj, groups)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the key: workflows refer to it."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return (*fixed, "key") if obj is not None else fixed

    def get_urls(self) -> list[Any]:
        test = self.admin_site.admin_view(self.test)
        named = path("<path:object_id>/test/", test, name="actions_connection_test")
        return [named, *super().get_urls()]

    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        connection = self.get_object(request, object_id)
        if connection is None or not self.has_view_permission(request, connection):
            raise Http404
        if request.method != "POST" or not self.has_change_permission(request, connection):
            raise PermissionDenied
        back = HttpResponseRedirect(reverse("admin:actions_connection_change", args=[object_id]))
        if connection.kind in connection_test.POSTS and not request.POST.get("may_post"):
            messages.warning(request, gettext("Nothing was sent. Tick the box first."))
            return back
        try:
            messages.success(request, connection_test.try_out(connection))
        except ActionFailure as failure:
            messages.error(request, wording.sentence(failure.code, failure.params))
        return back

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        obj = self.get_object(request, object_id)
        posts = obj is not None and obj.kind in connection_test.POSTS
        context = {"trial_posts": posts, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description=_("complete"), boolean=True)
    def has_secrets(self, connection: Any) -> bool:
        needed = REQUIRED_SECRETS.get(ConnectionKind(connection.kind), ())
        return bool(connection.secrets) or not needed


def _model_fields(obj: Any) -> tuple[str, ...]:
    return ("tenant", "name", "key", "is_active") if obj is None else ("name", "is_active")


def _new_kind(request: HttpRequest) -> ConnectionKind | None:
    chosen = request.GET.get("kind", "")
    return ConnectionKind(chosen) if chosen in ConnectionKind else None
