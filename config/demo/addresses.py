"""Which ports the demo listens on: the usual ones, or the next that are free."""

import socket
from dataclasses import dataclass
from typing import Final

from config.demo.errors import NoFreePort

HOST: Final = "127.0.0.1"
TRIED: Final = 50


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything answers."""

    web_port: int
    sandbox_port: int
    mail_port: int

    @property
    def web(self) -> str:
        """The web application, without a slash at the end."""
        return f"http://{HOST}:{self.web_port}"

    @property
    def sandbox(self) -> str:
        return f"http://{HOST}:{self.sandbox_port}"

    @property
    def private_hosts(self) -> str:
        """What steps must be allowed to call, though it is no public address."""
        return f"{HOST}:{self.sandbox_port},{HOST}:{self.mail_port}"


def usual() -> Addresses:
    """Return the ports a person expects, or the next free ones. Raises NoFreePort."""
    sandbox = _free_from(8025)
    return Addresses(_free_from(8000), sandbox, _free_from(sandbox + 1))


def any_free() -> Addresses:
    """Return ports that nobody else will come upon."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(3)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return Addresses(*ports)


def _free_from(first: int) -> int:
    for port in range(first, first + TRIED):
        try:
            socket.create_server((HOST, port)).close()
        except OSError:
            continue
        return port
    raise NoFreePort(first, first + TRIED - 1)
