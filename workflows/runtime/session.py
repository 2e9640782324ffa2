"""A pump's own database session: it listens, claims, beats, and proves by a lock that it lives."""

import os
import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from psycopg.types.json import set_json_loads

from tenants.jsontext import loads, storable
from workflows.runtime import statements
from workflows.runtime.claims import Claim
from workflows.runtime.database import Row
from workflows.runtime.matching import IS_ANY_NEW, match_new_events


class WorkerNumberTaken(RuntimeError):
    """Another session holds this worker's lock: the sequence was set back."""


class PumpSession:
    """Outside Django's connections: its lock and LISTEN must last as long as the pump.

    It needs a direct connection; a pooler in transaction mode would give the lock to strangers.
    """

    def __init__(self, group: str, slots: int, lease: timedelta) -> None:
        self._lease = lease
        self._raw = psycopg.connect(**_direct_parameters())
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
        self._run(statements.BEAT, self._facts)
        self._raw.execute(statements.LISTEN)

    def fileno(self) -> int:
        """Return the socket that becomes readable when a notification arrives."""
        return self._raw.fileno()

    def read_notifications(self) -> bool:
        """Whether something was notified since the last call."""
        return any(True for _ in self._raw.notifies(timeout=0))

    def claim(self, limit: int, served: Mapping[UUID, int] | None = None) -> list[Claim]:
        """Take at most `limit` due runs; `served` says how many each tenant had lately."""
        turns = served or {}
        values = {
            "limit": limit,
            "lease": self._lease,
            "worker": self.worker,
            "served": list(turns),
            "times": list(turns.values()),
        }
        return [Claim.from_row(row) for row in self._run(statements.CLAIM, values).fetchall()]

    def match_events(self) -> int:
        """Wake the runs that wait for new events; return how many events were looked at."""
        if not self._one(IS_ANY_NEW):
            return 0  # nearly always: one round trip instead of three
        with self._raw.transaction():
            return match_new_events(
                lambda statement, values: self._run(statement, values).fetchall()
            )

    def renew(self, runs: list[UUID]) -> dict[UUID, int]:
        """Prolong the leases of these runs; return the ones still held, with their tokens."""
        self._run(statements.BEAT, self._facts)
        if not runs:
            return {}
        values = {"ids": runs, "lease": self._lease, "worker": self.worker}
        return dict(self._run(statements.RENEW_LEASES, values).fetchall())

    def hand_back(self, claim: Claim) -> None:
        """Give back a run of which nothing was begun."""
        pending = storable(claim.pending) if claim.pending is not None else None
        values = {"id": claim.run_id, "token": claim.token, "pending": pending}
        self._run(statements.HAND_BACK, values)

    def end_lease(self, claim: Claim) -> None:
        """Let others take over a run that this worker could not carry to a checkpoint."""
        self._run(statements.END_LEASE, {"id": claim.run_id, "token": claim.token})

    def connection(self) -> "psycopg.Connection[Row]":
        """Return the session itself, for the reaper."""
        return self._raw

    def close(self) -> None:
        """Sign off and free the lock."""
        try:
            self._run(statements.LEAVE, {"worker": self.worker})
        finally:
            self._raw.close()

    def _run(
        self, statement: str, values: Mapping[str, Any] | None = None
    ) -> "psycopg.Cursor[Row]":
        return self._raw.execute(statement, values, prepare=True)

    def _one(self, statement: str, values: Mapping[str, Any] | None = None) -> Any:
        row = self._run(statement, values).fetchone()
        return row[0] if row else None


def _direct_parameters() -> dict[str, Any]:
    wrapper = connections["default"]
    wanted = {"dbname", "user", "password", "host", "port", "options", "connect_timeout"}
    given = wrapper.get_connection_params()
    return {
        **{name: value for name, value in given.items() if name in wanted},
        # A host that lost its power is found out in about eleven seconds, not in two hours.
        "keepalives_idle": 5,
        "keepalives_interval": 3,
        "keepalives_count": 2,
    }
