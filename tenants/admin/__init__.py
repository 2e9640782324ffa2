"""Admin pages of tenants, people and records."""

from django.contrib import admin

from tenants.admin.site import SayrSite

# Before the first page registers: this app's pages are the first to load, and the loader has by
# then opened Django's own site already.
admin.site._wrapped = SayrSite()  # type: ignore[attr-defined]  # a LazyObject's inside

from tenants.admin import (  # noqa: E402  # the site has to be there first
    api_keys,
    memberships,
    orders,
    technical,
    tenants,
    users,
)

__all__ = ["api_keys", "memberships", "orders", "technical", "tenants", "users"]
