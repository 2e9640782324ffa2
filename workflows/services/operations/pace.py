"""When to try again what failed, so that it keeps nothing else waiting."""

from collections.abc import Set as AbstractSet
from threading import Lock
from time import monotonic


class Pace:
    """When to try again what failed: after a pause, then twice as long each time, up to a limit.

    Kept by each process: a new one tries at once. Whom it has told already stands in the database.
    """

    def __init__(self, first_seconds: float = 5.0, longest_seconds: float = 300.0) -> None:
        self._first, self._longest = first_seconds, longest_seconds
        self._resting: dict[object, tuple[float, float]] = {}  # until when, and how long it was
        self._lock = Lock()

    def failed(self, what: object) -> None:
        """Let it rest."""
        with self._lock:
            _until, before = self._resting.get(what, (0.0, self._first / 2))
            pause = min(before * 2, self._longest)
            self._resting[what] = (monotonic() + pause, pause)

    def is_new(self, what: object) -> bool:
        """Let it rest if it has failed before; the first time is only remembered.

        For trouble that may be somebody else's. Returns whether it was the first time.
        """
        mark = (what, "once")
        with self._lock:
            is_first = mark not in self._resting
            if is_first:
                self._resting[mark] = (monotonic(), 0.0)
        if not is_first:
            self.failed(what)
        return is_first

    def went_well(self, what: object) -> None:
        """Forget its failures."""
        with self._lock:
            self._resting.pop(what, None)
            self._resting.pop((what, "once"), None)

    def resting(self) -> AbstractSet[object]:
        """Return what is not to be tried yet, and forget what nobody has tried for long."""
        now = monotonic()
        with self._lock:
            old = [what for what, (until, _p) in self._resting.items() if until < now - 3600]
            for what in old:
                del self._resting[what]
            return {what for what, (until, _pause) in self._resting.items() if until > now}
