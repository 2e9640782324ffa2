"""Who works for which company."""

from django.contrib import admin

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
