"""One deadline for a whole call. A time limit for each read is none: a byte a second passes it."""

import io
import socket
import time
from typing import Any


class Deadline:
    """The moment by which the call under way must have ended; a session has one, set per call."""

    __slots__ = ("_ends", "has_sent")

    def __init__(self) -> None:
        self._ends = float("inf")
        self.has_sent = False  # whether anything of the call under way was sent

    def start(self, seconds: float) -> None:
        """Begin a call that may take `seconds`."""
        self._ends = time.monotonic() + seconds
        self.has_sent = False

    def is_over(self) -> bool:
        return time.monotonic() >= self._ends

    def remaining_seconds(self) -> float:
        """Return the time left. Raises TimeoutError when there is none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's time is over")
        return left


class ClockedSocket:
    """A connected socket whose every read and write ends at the deadline."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = connected, deadline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def makefile(self, mode: str, buffering: int = -1) -> io.BufferedReader:
        plain = self._socket.makefile("rb", buffering=0)
        return io.BufferedReader(_ClockedReader(plain, self._socket, self._deadline))

    def sendall(self, data: bytes) -> None:
        """Write everything before the deadline."""
        self._socket.settimeout(self._deadline.remaining_seconds())
        self._deadline.has_sent = True
        self._socket.sendall(data)


class _ClockedReader(io.RawIOBase):
    def __init__(self, plain: io.RawIOBase, connected: socket.socket, deadline: Deadline) -> None:
        self._plain, self._socket, self._deadline = plain, connected, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._deadline.remaining_seconds())
        count: int | None = self._plain.readinto(buffer)
        return count

    def close(self) -> None:
        # The plain reader holds the socket open until it is closed itself.
        if not self.closed:
            self._plain.close()
        super().close()
