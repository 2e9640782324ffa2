"""The pump: the one long task of a worker process.

Its main thread claims due runs as slots come free, renews leases, takes over from dead workers,
and drains when it is told to stop. The slots' threads execute.
"""

import logging
import os
import select
from collections import deque
from datetime import timedelta
from random import uniform
from time import monotonic
from typing import Final

import psycopg

from workflows.conf import current
from workflows.runtime.broker import end_this_process_after_the_task
from workflows.runtime.claims import Claim
from workflows.runtime.execute import execute
from workflows.runtime.matching import BATCH
from workflows.runtime.process import beat, stop_pipe
from workflows.runtime.pulse import Pulse
from workflows.runtime.reaper import take_over_from_the_dead
from workflows.runtime.session import PumpSession
from workflows.runtime.slots import Slots
from workflows.runtime.watch import Watch

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0  # behind the notifications: what they miss is found within this
ECHO_SECONDS: Final = 0.02  # after a wake-up, for the ones its sender left out (wakeup.THROTTLE)
REAP_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 5.0
# After so many wake-ups for which another worker was faster, a worker looks only that little later:
# at low load one of them takes everything, and the others do not get in its way.
TOO_LATE: Final = 2
# With more due than there are slots, a claim waits until some of them are free, but never longer:
# a claim for each slot that came free took the pump more time than the runs themselves (measured).
REFILL_SECONDS: Final = 0.05
REFILL_SHARE: Final = 2
TICK_SECONDS: Final = 0.25
LIFE_SECONDS: Final = 3600  # then the process is replaced, against slow leaks
LOST_GRACE: Final = timedelta(seconds=5)  # for the slots, when the database session is gone

GROUP_VARIABLE: Final = "SAYR_WORKER_GROUP"


def pump() -> str:
    """Work until asked to stop, or until the end of this process's life; say why it ended."""
    if _is_asked_to_stop():
        return "asked to stop"
    settings = current()
    try:
        session = PumpSession(
            os.environ.get(GROUP_VARIABLE, "default"), settings.slots, settings.lease
        )
    except psycopg.Error as trouble:
        logger.warning("pump_without_database", extra={"reason": str(trouble).strip()})
        _pause()
        end_this_process_after_the_task()
        return "no database"
    machine = Pump(session, settings.slots, settings.lease)
    try:
        asked = machine.work()
        machine.drain(settings.grace)
    except psycopg.Error:
        logger.warning("pump_lost_database", extra={"worker": session.worker}, exc_info=True)
        # Its runs are being taken over already: what the slots still write would be void.
        machine.drain(LOST_GRACE)
        _pause()
        asked = False
    if not asked:
        # Whatever went wrong in it ends with the process. After being asked to stop it must stay:
        # django-q2's pusher would wait for ever for somebody to take the package it holds.
        end_this_process_after_the_task()
    return "asked to stop" if asked else "replaced"


def _is_asked_to_stop() -> bool:
    return bool(select.select([stop_pipe()], [], [], 0)[0])


def _pause() -> None:
    """Wait a second, alive to the supervisor and to the stop pipe, before the next attempt."""
    beat()
    select.select([stop_pipe()], [], [], POLL_SECONDS)


class Pump:
    """The state of one pump's main thread."""

    def __init__(self, session: PumpSession, slots: int, lease: timedelta) -> None:
        self.session = session
        self.lease = lease
        self.watch = Watch(lease)
        self.slots = Slots(slots, self._execute, enough=max(1, slots // REFILL_SHARE))
        self.starved = False  # due runs may wait for a slot
        self.misses = 0  # wake-ups in a row for which nothing was left
        self.suspects: deque[Claim] = deque()  # claimed, waiting to be executed alone
        self.is_quarantined = False  # a suspect is being executed
        self.pulse = Pulse()
        now = monotonic()
        self.next_claim = self.next_match = self.next_reap = self.next_sweep = now
        self.refill_at = now
        self.next_renewal = now + lease.total_seconds() / 3
        self.end_of_life = now + uniform(0.9, 1.1) * LIFE_SECONDS  # noqa: S311

    def work(self) -> bool:
        """Claim and execute; return whether somebody asked to stop (else: the end of life).

        Raises psycopg.Error when the session is lost.
        """
        while monotonic() < self.end_of_life:
            self.pulse.touch()
            self._do_what_is_due(monotonic())
            if self._wait():
                return True
        return False

    def drain(self, grace: timedelta) -> None:
        """Claim nothing more; let the steps in flight finish; put their runs down."""
        self.watch.stop()
        self._hand_suspects_back()
        end = monotonic() + grace.total_seconds()
        while self.slots.busy and monotonic() < end:
            try:
                self._renew(monotonic())
            except psycopg.Error:
                logger.warning("pump_lost_database", extra={"worker": self.session.worker})
            self.pulse.touch()
            select.select([self.slots.wake_reader], [], [], TICK_SECONDS)
            self.slots.clear_wake()
        self.slots.close()
        try:
            self.session.close()
        except psycopg.Error:
            logger.warning("pump_lost_database", extra={"worker": self.session.worker})
        self.pulse.stop()

    def _do_what_is_due(self, now: float) -> None:
        if now >= self.next_reap:
            self.next_reap = now + REAP_SECONDS
            sweep = now >= self.next_sweep
            if sweep:
                self.next_sweep = now + SWEEP_SECONDS
            self._end_given_up()
            if take_over_from_the_dead(self.session.connection(), self.lease, sweep=sweep):
                self.next_claim = now
        self._renew(now)
        if now >= self.next_claim:
            self._match(now)
            self._claim(now)

    def _match(self, now: float) -> None:
        """Bring new events to the runs that wait for them; those are due then, and claimed next."""
        if now < self.next_match:
            return  # the look a little later, which follows every wake-up, finds them
        self.next_match = now + ECHO_SECONDS
        while self.session.match_events() == BATCH:
            self.pulse.touch()

    def _claim(self, now: float) -> bool:
        """Take due runs; return whether there were any, or no slot is free to find out."""
        if self._sees_to_suspects():
            self.next_claim = now + POLL_SECONDS  # a finished slot wakes us before
            return True
        free = self.slots.free
        if not free or (self.starved and free < self.slots.enough and now < self.refill_at):
            self.starved = True
            # Finished slots wake us before, once there are enough of them.
            self.next_claim = self.refill_at if free else now + REFILL_SECONDS
            return True
        claims = self.session.claim(free, self.watch.served())
        for claim in claims:
            self.watch.take(claim, now)
            if claim.is_suspect:
                self.suspects.append(claim)
            else:
                self.slots.submit(claim)
        # A full catch means that more may wait.
        self.starved = len(claims) == free
        self.refill_at = now + REFILL_SECONDS
        self.next_claim = self.refill_at if self.starved else now + POLL_SECONDS
        self.misses = 0 if claims else self.misses
        return bool(claims)

    def _sees_to_suspects(self) -> bool:
        """Execute suspects one by one, nothing beside them; return whether there are any."""
        if self.slots.busy:
            return self.is_quarantined or bool(self.suspects)
        self.is_quarantined = bool(self.suspects)
        if self.suspects:
            self.slots.submit(self.suspects.popleft())
        return self.is_quarantined

    def _renew(self, now: float) -> None:
        if now < self.next_renewal:
            return
        self.next_renewal = now + self.lease.total_seconds() / 3
        for run_id in self.watch.renewed(self.session.renew(self.watch.held()), now):
            self.watch.drop(run_id)

    def _hand_suspects_back(self) -> None:
        try:
            while self.suspects:
                self.session.hand_back(self.suspects.popleft())
        except psycopg.Error:
            logger.warning("pump_lost_database", extra={"worker": self.session.worker})

    def _end_given_up(self) -> None:
        for claim in self.slots.given_up():
            self.session.end_lease(claim)

    def _wait(self) -> bool:
        """Sleep until something may be due; return whether the stop pipe ended."""
        timeout = max(0.0, min(TICK_SECONDS, self.next_claim - monotonic()))
        stop = stop_pipe()
        ready, _, _ = select.select([self.session, self.slots.wake_reader, stop], [], [], timeout)
        if self.slots.wake_reader in ready:
            self.slots.clear_wake()
            if self.starved or self.suspects or self.is_quarantined:
                self.next_claim = 0
        # Asked every time: one that came in during another statement makes nothing readable.
        if self.session.read_notifications():
            now = monotonic()
            if self.misses < TOO_LATE:
                self._match(now)  # first: what they wake is claimed with the rest
                self.misses += not self._claim(now)
            self.next_claim = min(self.next_claim, now + ECHO_SECONDS)
        return stop in ready

    def _execute(self, claim: Claim) -> bool:
        try:
            return execute(claim, self.watch) is not None
        finally:
            self.watch.drop(claim.run_id)
