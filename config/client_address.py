"""Whose address a request came from, behind the proxies that we run ourselves."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the address that the outermost of our proxies saw, for the lock on guessed passwords.

    Each proxy appends whom it heard from to X-Forwarded-For; what stands further left was written
    by the client, and is not believed.
    """
    remote = request.META.get("REMOTE_ADDR")
    proxies: int = settings.SAYR_TRUSTED_PROXIES
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if proxies == 0 or len(seen) < proxies or not seen[-proxies]:
        return remote
    return seen[-proxies]
