"""Companies."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.admin.superusers import SuperusersOnly
from tenants.models.tenant import Tenant


@admin.register(Tenant)
class TenantsAdmin(SuperusersOnly, admin.ModelAdmin):
    """Superusers make companies; nobody deletes one with all its history here."""

    list_display = ("name", "key", "country", "time_zone", "currency", "is_running")
    search_fields = ("name", "key")
    ordering = ("name",)
    actions = None
    fieldsets = (
        (None, {"fields": ("name", "key")}),
        (_("How it writes"), {"fields": ("language", "country", "currency", "time_zone")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    @admin.display(description=_("running"), boolean=True)
    def is_running(self, tenant: Tenant) -> bool:
        """Whether its workflows start."""
        return tenant.paused_at is None
