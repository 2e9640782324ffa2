"""Which addresses a step may call."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from actions.conf import settings

# The only IPv6 block of which parts are given out to the public.
GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
# Public by its number, private by its use: Azure's metadata and DNS service.
AZURE_SERVICE: Final = ip_address("168.63.129.16")
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_UNPRINTABLE: Final = re.compile(r"[\x00-\x20\x7f\\]")


class AddressRefused(ValueError):
    """The address is not one a step may call."""

    def __init__(self, reason: str, host: str = "") -> None:
        super().__init__(f"{host or 'the address'}: {reason}")
        self.reason, self.host = reason, host


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    scheme: str
    host: str  # lower case, without brackets
    port: int

    @property
    def host_and_port(self) -> str:
        """As written in `ALLOWED_PRIVATE_HOSTS`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: two addresses with one origin are one server."""
        return f"{self.scheme}://{self.host_and_port}"


@lru_cache(maxsize=1000)
def target_of(url: str) -> Target:
    """Read where `url` leads. Raises AddressRefused."""
    if _UNPRINTABLE.search(url):
        raise AddressRefused("holds a space, a backslash or an unprintable character")
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or ""), parts.port
    except ValueError as error:
        raise AddressRefused("cannot be read") from error
    if scheme not in DEFAULT_PORTS:
        raise AddressRefused("must begin with https:// or http://", host)
    if not host:
        raise AddressRefused("has no host")
    if parts.username is not None or parts.password is not None:
        # It would be stored and shown with the step; credentials belong into a connection.
        raise AddressRefused("must not hold a user name or password", host)
    return Target(scheme, host, port or DEFAULT_PORTS[scheme])


def is_allowed(target: Target) -> bool:
    return target.host_and_port in settings().allowed_private_hosts


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether the address belongs to somebody else in the public internet."""
    if not address.is_global or address.is_multicast or address == AZURE_SERVICE:
        return False
    if str(address) in settings().denied_addresses:
        return False
    return address.version == 4 or address in GLOBAL_UNICAST
