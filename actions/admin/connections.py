"""Connections to other services."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from actions.admin.connection_form import FIELDS_OF, SECRETS, SETTINGS, ConnectionForm
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
    never_looked_up = frozenset({"secrets", "settings"})
    when_empty = _(
        "No connections yet. Steps need one to send through WhatsApp, Slack, Teams, "
        "your own mail server or a web service. Mail goes without one, too."
    )

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Ask for the kind first: the form depends on it."""
        if _new_kind(request) is None and self.has_add_permission(request):
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("What do you want to connect?"),
                "kinds": ConnectionKind.choices,
            }
            return TemplateResponse(request, "admin/actions/choose_kind.html", context)
        return super().add_view(request, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Add the fields that the kind needs."""
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

    @admin.display(description=_("complete"), boolean=True)
    def has_secrets(self, connection: Any) -> bool:
        """Whether the secrets that its kind needs were entered."""
        needed = REQUIRED_SECRETS.get(ConnectionKind(connection.kind), ())
        return bool(connection.secrets) or not needed


def _model_fields(obj: Any) -> tuple[str, ...]:
    return ("tenant", "name", "key", "is_active") if obj is None else ("name", "is_active")


def _new_kind(request: HttpRequest) -> ConnectionKind | None:
    chosen = request.GET.get("kind", "")
    return ConnectionKind(chosen) if chosen in ConnectionKind else None
