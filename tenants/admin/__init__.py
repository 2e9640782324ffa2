"""Admin pages of tenants, people and records."""

from django.apps import apps

# Read when `admin.site` is first used, which is below: this app's pages are the first to load.
apps.get_app_config("admin").default_site = "tenants.admin.site.SayrSite"  # type: ignore[attr-defined]

from tenants.admin import (  # noqa: E402  # the site has to be chosen first
    api_keys,
    memberships,
    orders,
    technical,
    tenants,
    users,
)

__all__ = ["api_keys", "memberships", "orders", "technical", "tenants", "users"]
