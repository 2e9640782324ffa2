"""Pages that only superusers may open: they concern every tenant."""

from typing import Any

from django.http import HttpRequest

from tenants.admin.access import is_superuser
from tenants.admin.offered import OfferedLookups


class SuperusersOnly(OfferedLookups):
    """Put before a ModelAdmin. Nobody else sees that the page exists."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)
