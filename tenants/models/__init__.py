"""The tenant, its people, its keys and its records. Import each from its own module."""

from tenants.models import api_key, membership, order, tenant, user

__all__ = ["api_key", "membership", "order", "tenant", "user"]
