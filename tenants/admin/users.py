"""People."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.admin.key_notice import tell_of_keys
from tenants.admin.superusers import SuperusersOnly
from tenants.models.membership import Membership
from tenants.models.user import User


class MembershipsOfUser(SuperusersOnly, admin.TabularInline):
    """Where a person works."""

    model = Membership
    extra = 0
    autocomplete_fields = ("tenant",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers; Django asks an inline with one argument more."""
        return super().has_add_permission(request)


@admin.register(User)
class PeopleAdmin(SuperusersOnly, UserAdmin):
    """Django's page, without the groups and permissions that decide nothing here."""

    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_superuser")
    list_filter = ("is_superuser", "is_active")
    filter_horizontal = ()
    actions = None
    inlines = (MembershipsOfUser,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "language", "time_zone")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "usable_password", "password1", "password2"),
            },
        ),
        (_("Access"), {"fields": ("is_staff",)}),
    )
    readonly_fields = ("last_login", "date_joined")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Say which keys do less from now on."""
        super().save_related(request, form, formsets, change)
        tell_of_keys(request, form.instance)
