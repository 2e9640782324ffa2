"""Pages that libraries bring: kept for superusers, or taken away."""

from axes import admin as _axes_admin  # the same
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django_q import admin as _queue_admin  # registers its pages now, so that they can be replaced
from rest_framework_api_key.admin import APIKeyModelAdmin  # the same
from rest_framework_api_key.models import APIKey

from tenants.admin.superusers import SuperusersOnly

__all__ = ["APIKeyModelAdmin", "_axes_admin", "_queue_admin", "auth_admin"]


class LibraryPage(SuperusersOnly):
    """A page to look at: its rows are written by the library."""

    # Whole tables would be sorted, and their oldest and newest day looked for.
    sortable_by = ()
    date_hierarchy = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False


def _keep_for_superusers(label: str, **attributes: object) -> None:
    for model in apps.get_app_config(label).get_models():
        if admin.site.is_registered(model):
            shown_by = type(admin.site.get_model_admin(model))
            kept = type(f"Superusers{shown_by.__name__}", (LibraryPage, shown_by), attributes)
            admin.site.unregister(model)
            admin.site.register(model, kept)


# Keys belong to a tenant here, and the library's own would belong to nobody.
admin.site.unregister(APIKey)
# Roles come from memberships: Django's groups would decide nothing.
admin.site.unregister(Group)
_keep_for_superusers("django_q")
# Its own action fails wherever nobody is just logging in.
_keep_for_superusers("axes", actions=None)
