"""The dispatcher: the one long task of a worker process.

Its main thread claims due runs as slots come free, renews leases, takes over from dead workers,
and drains when it is told to stop. The slots' threads execute.
"""

import logging
import os
import select
from datetime import timedelta
from random import uniform
from time import monotonic
from typing import Final

import psycopg

from workflows.conf import current
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.execute import execute
from workflows.runtime.waits.matching import BATCH
from workflows.runtime.workers.board import Board, Pulse
from workflows.runtime.workers.broker import end_this_process_after_the_task
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.process import beat, stop_pipe
from workflows.runtime.workers.session import DispatcherSession, Shares, WorkerNumberTaken
from workflows.runtime.workers.slots import Slots
from workflows.runtime.workers.upkeep import SessionLost, Upkeep

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0  # behind the notifications: what they miss is found within this
ECHO_SECONDS: Final = 0.02  # after a wake-up, for the ones its sender left out (wakeup.THROTTLE)
# After so many wake-ups for which another worker was faster, a worker looks only that little later:
# at low load one of them takes everything, and the others do not get in its way.
TOO_LATE: Final = 2
# With more due than there are slots, a claim waits until some of them are free, but never longer:
# a claim for each slot that came free took the dispatcher more time than the runs themselves
# (measured).
REFILL_SECONDS: Final = 0.05
REFILL_SHARE: Final = 2
# So many times its slots a worker may have under way, for companies that would have none: the first
# company may hold all slots, the second half as many beside them, the third a third, and so on.
SPARE_FACTOR: Final = 4
TICK_SECONDS: Final = 0.25
LIFE_SECONDS: Final = 3600  # then the process is replaced, against slow leaks
# From this share of it on, in the first moment in which nothing is under way: a worker that waits
# for a long step at its very end leaves its other slots empty.
QUIET_END: Final = 0.75
LOST_GRACE: Final = timedelta(seconds=5)  # for the slots, when the database session is gone

GROUP_VARIABLE: Final = "SAYR_WORKER_GROUP"
LIFE_VARIABLE: Final = "SAYR_WORKER_LIFE_SECONDS"  # shorter, for tests


def dispatch() -> str:
    """Work until asked to stop, or until the end of this process's life; say why it ended."""
    if _is_asked_to_stop():
        return "asked to stop"
    settings = current()
    try:
        session = DispatcherSession(
            os.environ.get(GROUP_VARIABLE, "default"), settings.slots, settings.lease
        )
    except (psycopg.Error, WorkerNumberTaken) as trouble:
        logger.warning("dispatcher_without_database", extra={"reason": str(trouble).strip()})
        _pause()
        end_this_process_after_the_task()
        return "no database"
    try:
        asked = _worked(Dispatcher(session, settings.slots, settings.lease), settings.grace)
    finally:
        # However it ended: a session that outlives its dispatcher keeps the worker alive to the
        # others, and the server has only so many.
        session.abandon()
    if not asked:
        # Whatever went wrong in it ends with the process. After being asked to stop it must stay:
        # django-q2's pusher would wait for ever for somebody to take the package it holds.
        end_this_process_after_the_task()
    return "asked to stop" if asked else "replaced"


def _worked(machine: "Dispatcher", grace: timedelta) -> bool:
    """Let a dispatcher work to its end; return whether it was asked to stop."""
    ids = {"worker": machine.session.worker}
    asked = False
    try:
        asked = machine.work() or machine.finish_steps()
    except psycopg.Error:
        logger.warning("dispatcher_lost_database", extra=ids, exc_info=True)
        # Its runs are being taken over already: what the slots still write would be void.
        grace = LOST_GRACE
    except Exception:
        # A fault of its own. Whatever it was about ends with the process, and not before the slots
        # have ended their steps.
        logger.exception("dispatcher_failed", extra=ids)
    machine.drain(grace)
    if machine.session.is_lost():
        _pause()
    return asked


def _is_asked_to_stop() -> bool:
    return bool(select.select([stop_pipe()], [], [], 0)[0])


def _pause() -> None:
    """Wait a second, alive to the supervisor and to the stop pipe, before the next attempt."""
    beat()
    select.select([stop_pipe()], [], [], POLL_SECONDS)


class Dispatcher:
    """The state of one dispatcher's main thread."""

    def __init__(self, session: DispatcherSession, slots: int, lease: timedelta) -> None:
        self.session = session
        self.watch = Watch(lease, is_renewed=True, slots=slots)
        most = slots * SPARE_FACTOR
        self.board = Board(most, session.worker)
        enough = max(1, slots // REFILL_SHARE)
        self.slots = Slots(slots, self._execute, enough=enough, most=most, board=self.board)
        self.upkeep = Upkeep(session, self.watch, self.slots, self.board, lease=lease)
        self.troubles, self.suspects = self.upkeep.troubles, self.upkeep.suspects
        self.starved = False  # due runs may wait for a slot
        self.misses = 0  # wake-ups in a row for which nothing was left

        self.pulse = Pulse(self.board)
        now = monotonic()
        self.next_claim = self.next_match = self.refill_at = self.look_at = now
        life_seconds = float(os.environ.get(LIFE_VARIABLE, LIFE_SECONDS))
        self.end_of_life = now + uniform(0.9, 1.1) * life_seconds  # noqa: S311
        self.quiet_end = now + QUIET_END * life_seconds

    def work(self) -> bool:
        """Claim and execute; return whether somebody asked to stop (else: the end of life).

        Raises SessionLost.
        """
        while not self._is_at_its_end(monotonic()):
            self.pulse.touch()
            self._do_what_is_due(monotonic())
            if self._wait():
                return True
        return False

    def _is_at_its_end(self, now: float) -> bool:
        is_quiet = not (self.slots.busy or self.suspects)
        return now >= self.end_of_life or (is_quiet and now >= self.quiet_end)

    def finish_steps(self) -> bool:
        """Claim nothing more; wait for the steps in flight, however long they take.

        Return whether somebody asked to stop meanwhile. Raises SessionLost.
        """
        self.watch.stop()
        while self.slots.busy:
            self.pulse.touch()
            self.upkeep.keep_up(monotonic())
            self.upkeep.hand_suspects_back()
            ready, _, _ = select.select([self.slots.wake_reader, stop_pipe()], [], [], TICK_SECONDS)
            self.slots.clear_wake()
            self._has_news()  # or they would pile up in the server
            if stop_pipe() in ready:
                return True
        return False

    def drain(self, grace: timedelta) -> None:
        """Claim nothing more; let the steps in flight finish; put their runs down."""
        self.watch.stop()
        end = monotonic() + grace.total_seconds()
        try:
            self.upkeep.hand_suspects_back()
            while (self.slots.busy or self.suspects) and monotonic() < end:
                self.upkeep.renew(monotonic())
                self.upkeep.hand_suspects_back()
                self._rest()
            self.upkeep.end_given_up()
        except SessionLost:
            logger.warning("dispatcher_lost_database", extra={"worker": self.session.worker})
            self.watch.abandon()
            while self.slots.busy and monotonic() < end:
                self._rest()
        self.watch.abandon()
        self.slots.close()
        try:
            self.session.close()
        except psycopg.Error:
            logger.warning("dispatcher_not_signed_off", extra={"worker": self.session.worker})
        self.pulse.stop()
        self.board.close()

    def _rest(self) -> None:
        self.pulse.touch()
        select.select([self.slots.wake_reader], [], [], TICK_SECONDS)
        self.slots.clear_wake()

    def _do_what_is_due(self, now: float) -> None:
        if self.upkeep.keep_up(now):
            self.next_claim = now
        if self.upkeep.wake_for_places():
            self.next_claim = 0
        if now >= self.next_claim:
            self._match(now)
            self._claim(now)

    def _match(self, now: float) -> None:
        """Bring new events to the runs that wait for them; those are due then, and claimed next."""
        if now < self.next_match:
            return  # the look a little later, which follows every wake-up, finds them
        self.next_match = now + ECHO_SECONDS
        while self.troubles.attempt("match", self.session.match_events, 0) == BATCH:
            self.pulse.touch()

    def _claim(self, now: float) -> bool:
        """Take due runs; return whether there were any, or no slot is free to find out."""
        self.suspects.begin_one()
        if held_back := self.suspects.seconds_to_hold_back():
            self.next_claim = now + held_back  # a finished slot wakes us before
            return True
        free = self.slots.free
        if not self._is_worth_a_claim(free, now):
            self.starved = True
            # Finished slots wake us before, once there are enough of them.
            self.next_claim = self.refill_at if now < self.refill_at else now + REFILL_SECONDS
            return True
        claims = self.troubles.attempt("claim", lambda: self._claimed(free, now), 0)
        # A full catch means that more may wait.
        self.starved = claims >= free
        self.refill_at, self.look_at = now + REFILL_SECONDS, now + POLL_SECONDS
        self.next_claim = self.refill_at if self.starved else now + POLL_SECONDS
        self.misses = 0 if claims else self.misses
        return bool(claims)

    def _is_worth_a_claim(self, free: int, now: float) -> bool:
        """Whether enough slots are free; or, at times, whether a spare one is."""
        if now < self.refill_at:
            return free >= self.slots.enough or (free > 0 and not self.starved)
        return free > 0 or (now >= self.look_at and self.slots.spare > 0)

    def _claimed(self, free: int, now: float) -> int:
        patience = self.suspects.patience()
        held = self.watch.held_by_tenant()
        shares = Shares(self.slots.size, self.slots.spare, held)
        found = self.session.claim(free, self.watch.served(), patience, shares)
        claims = self._without_crowd(found)
        self.suspects.let_others_have_a_turn()
        for claim in claims:
            self.watch.take(claim, now)
            if claim.is_suspect:
                self.suspects.add(claim, patience)
            else:
                self.slots.submit(claim)
        return len(claims)

    def _without_crowd(self, claims: list[Claim]) -> list[Claim]:
        """Give back at once all suspects but one: what ends this worker must not end them all."""
        suspected = [claim for claim in claims if claim.is_suspect]
        crowd = suspected if self.suspects else suspected[1:]
        for claim in crowd:
            self.session.hand_back(claim)
        return [claim for claim in claims if claim not in crowd] if crowd else claims

    def _wait(self) -> bool:
        """Sleep until something may be due; return whether the stop pipe ended."""
        timeout = max(0.0, min(TICK_SECONDS, self.next_claim - monotonic()))
        stop = stop_pipe()
        ready, _, _ = select.select([self.session, self.slots.wake_reader, stop], [], [], timeout)
        if self.slots.wake_reader in ready:
            self.slots.clear_wake()
            if self.starved or self.suspects or self.suspects.holds_others_back():
                self.next_claim = 0
        # Asked every time: one that came in during another statement makes nothing readable.
        if self._has_news():
            now = monotonic()
            self.look_at = now  # whoever has come may hold less than its share
            if self.misses < TOO_LATE:
                self._match(now)  # first: what they wake is claimed with the rest
                self.misses += not self._claim(now)
            self.next_claim = min(self.next_claim, now + ECHO_SECONDS)
        return stop in ready

    def _has_news(self) -> bool:
        return self.troubles.attempt("listen", self.session.read_notifications, False)

    def _execute(self, claim: Claim) -> bool:
        try:
            return execute(claim, self.watch) is not None
        finally:
            self.watch.drop(claim)
