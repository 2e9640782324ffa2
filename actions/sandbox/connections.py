"""Connections that lead to the sandbox. Any number of companies may share it."""

from typing import Final

from actions.models.connection import ConnectionKind
from tenants.core.json import Json
from tenants.models.tenant import Tenant

# There is nothing behind it.
TOKEN: Final = "sandbox-takes-any-token"  # noqa: S105


def values_of(
    tenant: Tenant, kind: ConnectionKind, base_url: str, key: str = ""
) -> dict[str, dict[str, Json]]:
    """Return the settings and the secrets of a connection; `key` tells web services apart.

    Mail has an address of its own. Raises ValueError for it.
    """
    match kind:
        case ConnectionKind.WHATSAPP:
            settings = {"base_url": base_url, "phone_number_id": "106540352242922"}
            return {"settings": settings, "secrets": {"access_token": TOKEN}}
        case ConnectionKind.SLACK:
            settings = {"base_url": f"{base_url}/slack", "channel": "#orders"}
            return {"settings": settings, "secrets": {"bot_token": TOKEN}}
        case ConnectionKind.TEAMS:
            webhook = f"{base_url}/teams/{tenant.key}"
            return {"settings": {}, "secrets": {"webhook_url": webhook}}
        case ConnectionKind.HTTP:
            return {"settings": {"base_url": f"{base_url}/hook/{key}/"}, "secrets": {}}
    raise ValueError(kind)
