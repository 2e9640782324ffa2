"""Facts of tenants, remembered for a moment: they are asked for with every event and every run."""

from functools import lru_cache
from time import monotonic
from typing import Final
from uuid import UUID

from tenants.facts import TenantFacts
from tenants.models.tenant import Tenant

# How long a process goes on with what it knows of a tenant (its name, language, time zone).
REMEMBERED_SECONDS: Final = 30


def facts_of(tenant_id: UUID) -> TenantFacts:
    """Return a tenant's facts, at most half a minute old. Raises Tenant.DoesNotExist."""
    return _facts(tenant_id, int(monotonic() / REMEMBERED_SECONDS))


@lru_cache(maxsize=1000)
def _facts(tenant_id: UUID, _period: int) -> TenantFacts:
    return Tenant.objects.get(id=tenant_id).facts()
