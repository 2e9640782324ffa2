"""What a slot may ask its pump: is the run still ours, and are we about to stop."""

from collections import Counter
from datetime import timedelta
from threading import Lock
from time import monotonic
from uuid import UUID

from workflows.runtime.claims import Claim

# A call is not begun when the lease ends sooner than this share of it.
MARGIN = 6
# For how long a tenant's run counts against its next turn, if it was short.
SERVED_SECONDS = 1.0


class Watch:
    """The leases of one worker, by a clock that goes on while the process is frozen."""

    def __init__(self, lease: timedelta) -> None:
        self._lease_seconds = lease.total_seconds()
        self._sure_until: dict[UUID, tuple[int, float]] = {}  # run: token, monotonic seconds
        self._served: list[tuple[UUID, UUID, float]] = []  # run, tenant, monotonic seconds
        self._lock = Lock()
        self._stopping = False

    def take(self, claim: Claim, asked_at: float) -> None:
        """Begin to watch a claimed run. `asked_at` is monotonic, from before the claim was sent."""
        with self._lock:
            self._sure_until[claim.run_id] = (claim.token, asked_at + self._lease_seconds)
            self._served.append((claim.run_id, claim.tenant_id, asked_at))

    def renewed(self, held: dict[UUID, int], asked_at: float) -> list[UUID]:
        """Note the leases that the database confirmed; return the runs that are lost."""
        with self._lock:
            for run_id, (token, _until) in list(self._sure_until.items()):
                if held.get(run_id) == token:
                    self._sure_until[run_id] = (token, asked_at + self._lease_seconds)
            return [run for run, (token, _) in self._sure_until.items() if held.get(run) != token]

    def drop(self, run_id: UUID) -> None:
        """Stop watching a run that this worker is done with."""
        with self._lock:
            self._sure_until.pop(run_id, None)

    def held(self) -> list[UUID]:
        """Return the runs whose leases must be renewed."""
        with self._lock:
            return list(self._sure_until)

    def holds(self, claim: Claim) -> bool:
        """Whether the lease is sure to last long enough to begin a step."""
        with self._lock:
            token, until = self._sure_until.get(claim.run_id, (0, 0.0))
        return token == claim.token and until - monotonic() > self._lease_seconds / MARGIN

    def served(self) -> Counter[UUID]:
        """Return how many runs each tenant has under way, or had begun in the last moments."""
        now = monotonic()
        with self._lock:
            self._served = [
                (run, tenant, since)
                for run, tenant, since in self._served
                if run in self._sure_until or now - since < SERVED_SECONDS
            ]
            return Counter(tenant for _run, tenant, _since in self._served)

    def stop(self) -> None:
        """From now on runs are put down between two steps."""
        self._stopping = True

    def is_stopping(self) -> bool:
        """Whether the worker is about to stop."""
        return self._stopping
