"""A kept-alive HTTP session that reaches public addresses only and ends at a deadline.

Stands on `requests-hardened`: one name resolution, a connection to exactly that address, and the
certificate checked against the name, so that a name cannot point elsewhere a moment later.
"""

import logging
import os
import threading
from collections.abc import Mapping
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any

from requests import PreparedRequest  # noqa: TID251 - the one place
from requests.adapters import HTTPAdapter  # noqa: TID251
from requests.exceptions import InvalidURL  # noqa: TID251
from requests.structures import CaseInsensitiveDict  # noqa: TID251
from requests.utils import DEFAULT_ACCEPT_ENCODING  # noqa: TID251
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection

from actions.clock import ClockedSocket, Deadline
from actions.outbound.addresses import DEFAULT_PORTS, Target, is_allowed, is_public

USER_AGENT = "Sayr"
ENCODINGS = DEFAULT_ACCEPT_ENCODING
# At DEBUG it writes the path of every request, and the path of a Teams webhook is its secret.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class Session(HTTPSession):  # type: ignore[misc]  # the library ships no types
    """One thread's connections, shared by all its calls and all tenants: it keeps nothing else."""

    def __init__(self) -> None:
        super().__init__(
            Config(
                ip_filter_enable=False,  # the adapters mounted below filter
                ip_filter_allow_loopback_ips=False,
                never_redirect=True,
                default_timeout=(3, 10),
                user_agent_override=USER_AGENT,
            )
        )
        self.deadline = Deadline()
        self.trust_env = False  # neither a proxy nor a .netrc of the machine
        # A cookie that one tenant's server set must not travel with another tenant's call.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in DEFAULT_PORTS:
            self.mount(f"{scheme}://", PublicOnlyAdapter(scheme, self.deadline))

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, connect: float
    ) -> HTTPResponse:
        """Send one request and return its answer, unread. `deadline` was started before.

        Raises what urllib3 does, and InvalidIPAddress.

        What a session of `requests` does besides (cookies, redirects, hooks, credentials from
        files) is switched off here anyway, and took half of a call's time.
        """
        prepared = PreparedRequest()
        prepared.method, prepared.url, prepared.body = method, _encoded(url), body
        prepared.headers = CaseInsensitiveDict(
            {"User-Agent": USER_AGENT, "Accept-Encoding": ENCODINGS, "Connection": "keep-alive"}
        )
        prepared.headers.update(headers)
        if body is not None or method in {"POST", "PUT", "PATCH"}:
            prepared.headers["Content-Length"] = str(len(body or b""))
        prepared.hooks = {}
        timeout = Timeout(connect, self.deadline.remaining_seconds())
        adapter: PublicOnlyAdapter = self.adapters[f"{prepared.url.partition(':')[0].lower()}://"]
        return adapter.exchange(prepared, timeout, self.verify)

    def get_redirect_target(self, resp: Any) -> None:
        """Never follow, and never look: looking reads the whole body, whatever its size."""


class PublicOnlyAdapter(IPFilterAdapter):  # type: ignore[misc]  # the library ships no types
    """Refuses private addresses, but for the "host:port" that the settings allow."""

    def __init__(self, scheme: str, deadline: Deadline) -> None:
        self._scheme, self._deadline = scheme, deadline
        super().__init__(is_https_proto=scheme == "https")

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._deadline)

    def exchange(
        self, request: PreparedRequest, timeout: Timeout, verify: bool | str
    ) -> HTTPResponse:
        """Send a request to the address that its name stands for; return the answer, unread.

        As the adapter's own `send`, without the proxies, cookies and exceptions of `requests`.
        """
        try:
            host, pool = self.build_connection_pool_key_attributes(request, verify)
        except ValueError as error:
            raise InvalidURL(error, request=request) from error
        connections: HTTPConnectionPool = self.poolmanager.connection_from_host(
            **host, pool_kwargs=pool
        )
        self.cert_verify(connections, request.url, verify, None)
        answer: HTTPResponse = connections.urlopen(  # type: ignore[assignment]  # unread, it is one
            str(request.method),
            request.path_url,
            request.body,
            request.headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=self.max_retries,
            timeout=timeout,
        )
        return answer

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> Any:
        """Resolve the name, check the address. Raises InvalidIPAddress."""
        plain_host, plain_pool = HTTPAdapter.build_connection_pool_key_attributes(
            self, request, verify, cert
        )
        port = plain_host["port"] or DEFAULT_PORTS[self._scheme]
        target = Target(self._scheme, plain_host["host"].strip("[]").lower(), port)
        if is_allowed(target):
            return plain_host, plain_pool
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        address = ip_address(host["host"].strip("[]"))
        # Stricter than the library, which lets site-local and IPv4-compatible addresses pass.
        if not is_public(address):
            raise InvalidIPAddress(address)
        return host, pool


@lru_cache(maxsize=1000)
def _encoded(url: str) -> str:
    """Return the address as it is sent. Raises what `requests` raises for a bad one."""
    prepared = PreparedRequest()
    prepared.prepare_url(url, None)
    return str(prepared.url)


def session() -> Session:
    found: Session | None = getattr(_local, "session", None)
    if found is None:
        found = _local.session = Session()
    return found


def _pools(deadline: Deadline) -> dict[str, type[HTTPConnectionPool]]:
    class ClockedConnection(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            self.sock = ClockedSocket(self.sock, deadline)

    class ClockedSecureConnection(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            self.sock = ClockedSocket(self.sock, deadline)

    class Pool(HTTPConnectionPool):
        ConnectionCls = ClockedConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = ClockedSecureConnection

    return {"http": Pool, "https": SecurePool}


def _forget_sessions() -> None:
    # A forked process shares its parent's sockets: two conversations on one would mix.
    global _local
    _local = threading.local()


_local = threading.local()
os.register_at_fork(after_in_child=_forget_sessions)
