"""What a slot may ask its dispatcher: is the run still ours, and are we about to stop."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from threading import Condition
from time import monotonic
from typing import Final
from uuid import UUID

from workflows.runtime.runs.claims import Claim
from workflows.runtime.steps.call_places import CallPlaces

# A call is not begun when the lease ends sooner than this share of it.
MARGIN: Final = 6
# For how long a tenant's run counts against its next turn, if it was short.
SERVED_SECONDS: Final = 1.0


class Watch:
    """The leases of one worker, by a clock that goes on while the process is frozen."""

    def __init__(
        self, lease: timedelta, *, is_renewed: bool = False, slots: int | None = None
    ) -> None:
        self._lease_seconds = lease.total_seconds()
        self._leases: dict[UUID, tuple[Claim, float]] = {}  # with the monotonic seconds of its end
        self._served: list[tuple[UUID, UUID, float]] = []  # run, tenant, monotonic seconds
        self._followed: set[UUID] = set()  # runs whose cancelling somebody wants to hear of at once
        self._cancelled: set[UUID] = set()
        self._changed = Condition()
        self._is_renewed = is_renewed  # by a dispatcher, which is worth waiting for
        self._stopping = False
        # How many calls a host may have; without slots nobody counts.
        self.places = CallPlaces(slots, lambda: set(self.held_by_tenant())) if slots else None

    def take(self, claim: Claim, asked_at: float) -> None:
        """Begin to watch a claimed run. `asked_at` is monotonic, from before the claim was sent."""
        with self._changed:
            self._leases[claim.run_id] = (claim, asked_at + self._lease_seconds)
            self._served.append((claim.run_id, claim.tenant_id, asked_at))

    def renewed(self, confirmed: dict[UUID, int], asked_at: float) -> list[Claim]:
        """Note the leases that the database prolonged; return the others."""
        others = []
        with self._changed:
            for run_id, (claim, _until) in list(self._leases.items()):
                if confirmed.get(run_id) == claim.token:
                    self._leases[run_id] = (claim, asked_at + self._lease_seconds)
                else:
                    others.append(claim)
            self._changed.notify_all()
        return others

    def drop(self, claim: Claim) -> None:
        """Stop watching a run that this worker is done with, or has lost.

        By then the same worker may have claimed it anew: that lease goes on.
        """
        with self._changed:
            kept = self._leases.get(claim.run_id)
            if kept is not None and kept[0].token == claim.token:
                del self._leases[claim.run_id]
            self._changed.notify_all()

    def is_held(self, claim: Claim) -> bool:
        """Whether the run is this worker's, as far as is known without waiting."""
        until = self._end_of(claim)
        return until is not None and (self._is_renewed or until > monotonic())

    def follow(self, claim: Claim) -> None:
        """Find out soon if somebody asks to cancel a run that works something out for long."""
        with self._changed:
            self._followed.add(claim.run_id)

    def unfollow(self, claim: Claim) -> None:
        with self._changed:
            self._followed.discard(claim.run_id)
            self._cancelled.discard(claim.run_id)

    def followed(self) -> list[UUID]:
        """Return the runs of which the database is to be asked whether they are cancelled."""
        with self._changed:
            return list(self._followed - self._cancelled)

    def note_cancelled(self, runs: Iterable[UUID]) -> None:
        with self._changed:
            self._cancelled |= self._followed.intersection(runs)

    def is_cancelled(self, claim: Claim) -> bool:
        return claim.run_id in self._cancelled

    def held(self) -> list[UUID]:
        """Return the runs whose leases must be renewed."""
        with self._changed:
            return list(self._leases)

    def holds(self, claim: Claim) -> bool:
        """Whether the lease is sure to last long enough to begin a step.

        Where a dispatcher renews the leases, it is given the time to: as long as a lock keeps it
        from that, nobody else can take the run over either.
        """
        with self._changed:
            while (until := self._end_of(claim)) is not None:
                if until - monotonic() > self._lease_seconds / MARGIN:
                    return True
                if not self._is_renewed:
                    return False
                self._changed.wait()
            return False

    def served(self) -> Counter[UUID]:
        """Return how many runs each tenant has under way, or had begun in the last moments."""
        now = monotonic()
        with self._changed:
            self._served = [
                (run, tenant, since)
                for run, tenant, since in self._served
                if run in self._leases or now - since < SERVED_SECONDS
            ]
            return Counter(tenant for _run, tenant, _since in self._served)

    def held_by_tenant(self) -> Counter[UUID]:
        with self._changed:
            return Counter(claim.tenant_id for claim, _until in self._leases.values())

    def serves_others_than(self, tenant_id: UUID) -> bool:
        """Whether runs of other tenants are under way."""
        with self._changed:
            return any(claim.tenant_id != tenant_id for claim, _until in self._leases.values())

    def stop(self) -> None:
        """From now on runs are put down between two steps."""
        self._stopping = True

    def is_stopping(self) -> bool:
        return self._stopping

    def abandon(self) -> None:
        """From now on no lease is renewed any more."""
        with self._changed:
            self._is_renewed = False
            self._changed.notify_all()

    def _end_of(self, claim: Claim) -> float | None:
        kept, until = self._leases.get(claim.run_id, (None, 0.0))
        return until if kept is not None and kept.token == claim.token else None
