"""A dispatcher's own session: it listens, claims, beats, and proves by a lock that it lives."""

import logging
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

import psycopg
from django.db import connections
from psycopg.types.json import set_json_loads

from tenants.core.json.jsontext import loads
from workflows.runtime.database import Row
from workflows.runtime.runs.claims import SUSPECT_CRASHES, Claim
from workflows.runtime.waits import notify
from workflows.runtime.waits.matching import IS_ANY_NEW, match_new_events
from workflows.runtime.workers import statements
from workflows.runtime.workers.reaper import take_over_from_the_dead

logger = logging.getLogger(__name__)

# For the dispatcher's own statements, which hold up one another: a claim must not keep the leases
# waiting for somebody's lock. What meets one is tried again a little later.
LOCK_TIMEOUT_MS: Final = 500
STATEMENT_TIMEOUT_MS: Final = 10_000
BRIEF_MS: Final = 1000
# After a gap between its own beats, for so long a worker trusts nobody's silence: theirs may have
# had the same cause.
STEADY_SECONDS: Final = 5.0

TURNS: Final = 4  # one in so many claimed runs of a tenant is what is due longest (CLAIM)


@dataclass(frozen=True, slots=True)
class Shares:
    """What a claim has to know of who holds which slots of this worker."""

    slots: int  # what the tenants share
    spare: int = 0  # beyond the free ones, for tenants that hold less than their share
    held: Mapping[UUID, int] = field(default_factory=dict)  # slots by tenant; all are in `served`


class WorkerNumberTaken(RuntimeError):
    """Another session holds this worker's lock: the sequence was set back."""


class DispatcherSession:
    """Outside Django's connections: its lock and LISTEN must last as long as the dispatcher.

    It needs a direct connection; a pooler in transaction mode would give the lock to strangers.
    """

    def __init__(self, group: str, slots: int, lease: timedelta) -> None:
        self._lease = lease
        self._turn = 0
        self._beat_at = self._steady_since = monotonic()
        self._raw = psycopg.connect(**_direct_parameters())
        try:
            self._sign_on(group, slots)
        except BaseException:
            self._raw.close()  # nobody else has it
            raise

    def _sign_on(self, group: str, slots: int) -> None:
        self._raw.autocommit = True
        set_json_loads(loads, self._raw)  # numbers keep their digits
        self.worker: int = self._one(statements.NEW_WORKER_NUMBER)
        self._facts = {
            "worker": self.worker,
            "group": group,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "slots": slots,
        }
        if not self._one(
            statements.PROVE_ALIVE, {"class": statements.WORKER_LOCK_CLASS, "worker": self.worker}
        ):
            raise WorkerNumberTaken(str(self.worker))
        self.beat()
        self._raw.execute(notify.LISTEN)

    def fileno(self) -> int:
        """Return the socket that becomes readable when a notification arrives."""
        return self._raw.fileno()

    def read_notifications(self) -> bool:
        """Whether something was notified since the last call."""
        return any(True for _ in self._raw.notifies(timeout=0))

    def claim(
        self,
        limit: int,
        served: Mapping[UUID, int] | None = None,
        suspects_due_for: timedelta = timedelta(0),
        shares: Shares | None = None,
    ) -> list[Claim]:
        """Take at most `limit` due runs; `served` says how many each tenant had lately.

        Beside these, `shares` says how many more for tenants that hold less than their share.
        Suspects that are due for less than `suspects_due_for` are left to other workers.
        """
        turns, shares = served or {}, shares or Shares(limit)
        values = {
            "free": limit,
            "lease": self._lease,
            "worker": self.worker,
            "served": list(turns),
            "times": list(turns.values()),
            "held": [shares.held.get(tenant) for tenant in turns],
            "holders": len(shares.held),
            "slots": shares.slots,
            "spare": shares.spare,
            "turn": self._turn,
            "suspect": SUSPECT_CRASHES,
            "suspects_due_for": suspects_due_for,
        }
        found = self._run(statements.CLAIM, values)
        columns = [column.name for column in found.description or ()]
        claims = [Claim.from_row(columns, row) for row in found]
        self._turn = (self._turn + len(claims)) % TURNS
        return claims

    def wake_for_places(self, runs: Sequence[UUID]) -> int:
        """Let runs look again that wait for a place at a server; return how many still did."""
        return self._run(statements.WAKE_FOR_PLACES, {"ids": list(runs)}).rowcount

    def match_events(self) -> int:
        """Wake the runs that wait for new events; return how many events were looked at."""
        if not self._one(IS_ANY_NEW):
            return 0  # nearly always: one round trip instead of three
        with self._raw.transaction():
            return match_new_events(
                lambda statement, values: self._run(statement, values).fetchall()
            )

    def beat(self) -> None:
        self._run(statements.BEAT, self._facts)
        now = monotonic()
        if now - self._beat_at > self._lease.total_seconds() * 2 / 3:
            self._steady_since = now
        self._beat_at = now

    def renew(self, runs: Sequence[UUID]) -> dict[UUID, int]:
        """Prolong the leases of these runs; return those that it prolonged, with their tokens.

        A run whose row is locked is left out: `still_held` tells it from one that is lost.
        """
        try:
            return self._pairs(statements.RENEW_LEASES, runs, lease=self._lease)
        finally:
            # Also where nothing can be renewed: the worker must not be taken for dead.
            self.beat()

    def still_held(self, runs: Sequence[UUID]) -> dict[UUID, int]:
        """Return which of these runs this worker holds, locked or not, with their tokens."""
        return self._pairs(statements.STILL_HELD, runs)

    def cancelled_among(self, runs: Sequence[UUID]) -> list[UUID]:
        return [row[0] for row in self._run(statements.CANCELLED_AMONG, {"ids": list(runs)})]

    def take_over_from_the_dead(self, held: Sequence[UUID], *, sweep: bool) -> int:
        """Put back the runs of workers that are gone; return how many. See the reaper.

        Whoever was kept from beating itself, as by a database that stood still, does not take the
        others for dead because they were silent, too.
        """
        is_steady = monotonic() - self._steady_since > STEADY_SECONDS
        silence = self._lease if is_steady else None
        return take_over_from_the_dead(self._raw, silence, sweep=sweep, own=self.worker, held=held)

    def hand_back(self, claim: Claim) -> None:
        values = {"id": claim.run_id, "token": claim.token, "pending": claim.pending_text}
        self._run(statements.HAND_BACK, values)

    def end_lease(self, claim: Claim) -> None:
        """Let others take over a run that this worker could not carry to a checkpoint."""
        self._run(statements.END_LEASE, {"id": claim.run_id, "token": claim.token})

    def connection(self) -> "psycopg.Connection[Row]":
        return self._raw

    def is_lost(self) -> bool:
        """Whether the server knows this session no more: nothing proves any longer that we live."""
        return self._raw.closed

    def roll_back(self) -> None:
        """Leave a transaction that trouble may have left open."""
        self._raw.rollback()

    def close(self) -> None:
        try:
            self._run(statements.LEAVE, {"worker": self.worker})
        finally:
            self._raw.close()

    def abandon(self) -> None:
        """Close the session, however it stands: it must not outlive the work it was for."""
        self._raw.close()

    def _run(
        self, statement: str, values: Mapping[str, Any] | None = None
    ) -> "psycopg.Cursor[Row]":
        return self._raw.execute(statement, values, prepare=True)

    def _pairs(self, statement: str, runs: Sequence[UUID], **more: timedelta) -> dict[UUID, int]:
        if not runs:
            return {}
        values = {"ids": list(runs), "worker": self.worker, **more}
        return dict(self._run(statement, values).fetchall())

    def _one(self, statement: str, values: Mapping[str, Any] | None = None) -> Any:
        row = self._run(statement, values).fetchone()
        return row[0] if row else None


def brief_session() -> "psycopg.Connection[Row]":
    """Open a session for a single statement of somebody who must not wait long for it."""
    parameters = _direct_parameters()
    brief = f"-c statement_timeout={BRIEF_MS}ms -c lock_timeout={BRIEF_MS}ms"
    options = f"{parameters['options']} {brief}"
    return psycopg.connect(**{**parameters, "options": options, "connect_timeout": 2})


def _direct_parameters() -> dict[str, Any]:
    wrapper = connections["default"]
    wanted = {"dbname", "user", "password", "host", "port", "options", "connect_timeout"}
    given = wrapper.get_connection_params()
    own = (
        # Django sets it on its connections; the server's or the role's own may be any.
        "-c TimeZone=UTC",
        f"-c lock_timeout={LOCK_TIMEOUT_MS}ms",
        f"-c statement_timeout={STATEMENT_TIMEOUT_MS}ms",
    )
    return {
        **{name: value for name, value in given.items() if name in wanted},
        "options": " ".join((given.get("options", ""), *own)).strip(),
        # A host that lost its power is found out in about eleven seconds, not in two hours.
        "keepalives_idle": 5,
        "keepalives_interval": 3,
        "keepalives_count": 2,
        "tcp_user_timeout": 11_000,  # the same while an answer is awaited
    }
