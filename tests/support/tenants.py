"""Tenants for tests."""

from tenants.models.tenant import Tenant


def make_tenant(key, name=None, **values):
    """Create a tenant."""
    defaults = {"time_zone": "Asia/Beirut", "country": "LB", "currency": "USD"}
    return Tenant.objects.create(key=key, name=name or key.title(), **{**defaults, **values})
