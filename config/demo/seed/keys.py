"""The API key that the demo prints."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from tenants.models.api_key import ApiKey
from tenants.models.tenant import Tenant

NAME: Final = "Demo"


def usable_key(tenant: Tenant, file: Path) -> str:
    """Return a key of the company that works: the kept one, or a new one in its place."""
    with suppress(OSError, ApiKey.DoesNotExist):
        kept = file.read_text().strip()
        ApiKey.objects.get_from_key(kept)
        return kept
    ApiKey.objects.filter(tenant=tenant, name=NAME).delete()
    _row, key = ApiKey.objects.create_key(tenant=tenant, name=NAME)
    file.touch(mode=0o600)
    file.write_text(key)
    return str(key)
