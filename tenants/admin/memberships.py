"""Who works for which company."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tenants.admin.key_notice import tell_of_keys
from tenants.admin.superusers import SuperusersOnly
from tenants.models.membership import Membership


@admin.register(Membership)
class MembershipAdmin(SuperusersOnly, admin.ModelAdmin):
    """Only superusers: a role is power over a company's data."""

    list_display = ("user", "tenant", "role", "created_at")
    list_filter = ("tenant", "role")
    list_select_related = ("user", "tenant")
    search_fields = ("user__username", "user__email", "tenant__name")
    autocomplete_fields = ("user", "tenant")
    ordering = ("-id",)
    actions = None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Say which keys do less from now on."""
        super().save_model(request, obj, form, change)
        tell_of_keys(request, obj.user)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Say which keys open nothing from now on."""
        super().delete_model(request, obj)
        tell_of_keys(request, obj.user)
