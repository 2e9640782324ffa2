"""What a dispatcher does beside claiming: keep what it holds, find what others have left.

Trouble with one part of it must not become trouble with all of it.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import uniform
from time import monotonic
from typing import Final, TypeVar

import psycopg

from workflows.runtime.runs.claims import Claim
from workflows.runtime.workers.board import Board
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.session import DispatcherSession
from workflows.runtime.workers.slots import Slots, Suspects

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# Before the next try: what meets a lock holds up the main thread until its time-out.
FIRST_PAUSE_SECONDS: Final = 0.5
MAX_PAUSE_SECONDS: Final = 3.0


class SessionLost(psycopg.OperationalError):
    """The database has closed the session: it takes the worker for dead."""


class Troubles:
    """Which parts of the dispatcher's work are in trouble, and when each is tried again.

    Locks, time-outs, deadlocks and bad data are trouble of one part, for a while. Only a closed
    session is the end of the worker.
    """

    def __init__(self, session: DispatcherSession) -> None:
        self._session = session
        self._failures: Counter[str] = Counter()  # in a row
        self._again_at: dict[str, float] = {}  # monotonic seconds

    def attempt(self, part: str, work: Callable[[], Answer], otherwise: Answer) -> Answer:
        """Do one part; return `otherwise` if it fails, or has failed a moment ago.

        Raises SessionLost.
        """
        if monotonic() < self._again_at.get(part, 0.0):
            return otherwise
        try:
            answer = work()
        except Exception as trouble:
            if self._session.is_lost():
                raise SessionLost(str(trouble)) from trouble
            self._session.roll_back()
            pause = self._next_pause(part)
            self._again_at[part] = monotonic() + pause
            facts = {"part": part, "worker": self._session.worker, "pause_seconds": pause}
            logger.warning("dispatcher_in_trouble", extra=facts, exc_info=True)
            return otherwise
        self._failures.pop(part, None)
        return answer

    def is_done(self, part: str, work: Callable[[], object]) -> bool:
        """Do one part; return whether it was done."""
        return self.attempt(part, lambda: (work(), True)[1], False)

    def _next_pause(self, part: str) -> float:
        # `2 ** failures` would overflow after a night of them.
        self._failures[part] = min(self._failures[part] + 1, 10)
        pause = min(FIRST_PAUSE_SECONDS * 2.0 ** (self._failures[part] - 1), MAX_PAUSE_SECONDS)
        # Two workers that got into each other's way must not meet again.
        return pause * uniform(0.5, 1)  # noqa: S311


REAP_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 5.0
HEAR_SECONDS: Final = 0.5  # between two looks who is cancelled, while evaluations are heavy
RENEW_AGAIN_SECONDS: Final = 1.0  # for leases whose rows were locked


class Upkeep:
    """The leases of one dispatcher, and the runs of the dead; each part in its own time."""

    def __init__(
        self,
        session: DispatcherSession,
        watch: Watch,
        slots: Slots,
        board: Board,
        *,
        lease: timedelta,
    ) -> None:
        self._session, self._watch, self._slots, self._board = session, watch, slots, board
        self.troubles = Troubles(session)
        self.suspects = Suspects(slots)
        self._lease_seconds = lease.total_seconds()
        # Not carried to a checkpoint, the lease not ended yet.
        self.given_up: deque[Claim] = deque()
        self._hand_overs = board.hand_overs
        now = monotonic()
        self.next_reap = self._next_sweep = self._next_hearing = now
        self.next_renewal = now + self._lease_seconds / 3

    def keep_up(self, now: float) -> bool:
        """Do what is due; return whether runs were taken over, which are to be claimed."""
        self.renew(now)
        self._hear_of_cancels(now)
        if now < self.next_reap:
            return False
        self.next_reap = now + REAP_SECONDS
        sweep = now >= self._next_sweep
        if sweep:
            self._next_sweep = now + SWEEP_SECONDS
        self.end_given_up()
        take_over = partial(self._session.take_over_from_the_dead, self._watch.held(), sweep=sweep)
        return bool(self.troubles.attempt("take over", take_over, 0))

    def _hear_of_cancels(self, now: float) -> None:
        """Ask for the runs that work something out for long: they come to no checkpoint."""
        if now >= self._next_hearing and (runs := self._watch.followed()):
            self._next_hearing = now + HEAR_SECONDS
            hear = partial(self._session.cancelled_among, runs)
            self._watch.note_cancelled(self.troubles.attempt("hear of cancels", hear, []))

    def wake_for_places(self) -> bool:
        """Let runs look again that wait for the places that came free; return whether any does."""
        if not self._watch.places or not (runs := self._watch.places.to_wake()):
            return False
        wake = partial(self._session.wake_for_places, runs)
        return bool(self.troubles.attempt("wake for places", wake, 0))

    def renew(self, now: float) -> None:
        """Prolong the leases, when it is time, or when the supervisor has handed some over."""
        hand_overs = self._board.hand_overs
        if hand_overs != self._hand_overs:
            self._hand_overs, self.next_renewal = hand_overs, now
        if now < self.next_renewal:
            return
        every = self._lease_seconds / 3
        is_complete = self.troubles.attempt("renew", partial(self._is_all_renewed, now), False)
        if is_complete:
            # After what was lost is dropped: a slot looks at both, in this order.
            self._board.heard_of = hand_overs
        self.next_renewal = now + (every if is_complete else min(every, RENEW_AGAIN_SECONDS))

    def _is_all_renewed(self, now: float) -> bool:
        """Prolong the leases, and find out which are lost; return whether none was left out."""
        left_out = self._watch.renewed(self._session.renew(self._watch.held()), now)
        if not left_out:
            return True
        still_held = self._session.still_held([claim.run_id for claim in left_out])
        locked = [claim for claim in left_out if still_held.get(claim.run_id) == claim.token]
        for claim in left_out:
            if claim not in locked:
                self._watch.drop(claim)
        return not locked

    def hand_suspects_back(self) -> None:
        """Give back the suspects that are not begun: nothing is begun any more."""
        while claim := self.suspects.take_back():
            hand_back = partial(self._session.hand_back, claim)
            if not self.troubles.is_done("hand back", hand_back):
                # Nobody else can take it meanwhile.
                self.suspects.add(claim, timedelta(0))
                return
            self._watch.drop(claim)

    def end_given_up(self) -> None:
        """Let others take over what a slot could not carry to a checkpoint."""
        self.given_up.extend(self._slots.given_up())
        while self.given_up:
            claim = self.given_up.popleft()
            if not self.troubles.is_done("end lease", partial(self._session.end_lease, claim)):
                self.given_up.append(claim)  # behind the others, which may be easier
                return
