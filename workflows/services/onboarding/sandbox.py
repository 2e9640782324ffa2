"""What a new company lacks to send with, led to the sandbox: for trying out, in one click."""

from actions.conf import settings
from actions.models.connection import Connection, ConnectionKind
from actions.sandbox.connections import values_of
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.services.definitions.drafts import edited
from workflows.services.onboarding.gallery import Need, needs
from workflows.services.onboarding.progress import on_its_way


def sandbox_url() -> str:
    """Return where it listens; "" where there is none, as in production."""
    return settings().sandbox_url


def connect_to_sandbox(tenant: Tenant) -> list[Connection]:
    """Make the connections that the company's first workflow lacks; return them.

    What somebody switched off gets no other in its place, and a key that is taken, by one of
    another kind, is left alone.
    """
    workflow = on_its_way(tenant)
    if workflow is None or not sandbox_url():
        return []
    with tenant_scope(tenant):
        wanted = needs(tenant, edited(workflow))
        lacking = [one for one in wanted if not one.is_met and one.off is None]
        known = set(Connection.objects.of(tenant.pk).values_list("key", flat=True))
        free = [one for one in lacking if (one.key or one.kind) not in known]
        return [_made(tenant, one) for one in free]


def _made(tenant: Tenant, need: Need) -> Connection:
    kind, key = ConnectionKind(need.kind), need.key or need.kind
    values = values_of(tenant, kind, sandbox_url(), key)
    name = f"{kind.label} · Sandbox"
    return Connection.objects.create(tenant=tenant, key=key, name=name, kind=kind, **values)
