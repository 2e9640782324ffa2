"""What the runs of one dry run share: clock, answers, limits, what would be sent; and each of them.

All of it is in a transaction of which nothing stays: no row, no event, no wake-up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from actions.remembered import remembering
from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.core.json.jsontext import dumps
from tenants.facts import TenantFacts
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from tenants.tracking.signals import silence
from workflows.engine.history.results import Results
from workflows.engine.outcomes import WalkAbandoned
from workflows.engine.progress import ChildRun
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.programs import LoadedProgram, ParentScope, one_deeper

# It takes real locks on real rows: it neither waits long for them nor holds on to a slow query.
# What the database would refuse at the commit it has to refuse at once: there is no commit.
GUARD: Final = (
    "SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '2s'; "
    "SET CONSTRAINTS ALL IMMEDIATE"
)


class _UndoDryRun(Exception):
    """Rolls back."""


@contextmanager
def undone(tenant: Tenant) -> Iterator[None]:
    try:
        with tenant_scope(tenant), silence(), remembering():
            with connection.cursor() as cursor:
                cursor.execute(GUARD)
            yield
            raise _UndoDryRun
    except _UndoDryRun:
        return


class Rollback:
    """Takes the database back to where it was, if anything was done to it."""

    def __init__(self) -> None:
        self._savepoint: str | None = None
        self._is_changed = False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Undo what the block did if it fails: all of a dry run is one transaction.

        Where nothing was done before it, going back undoes just that: of the five statements
        around a write, two less.
        """
        if self._is_changed:
            with transaction.atomic():
                yield
            return
        if self._savepoint is None:
            self._savepoint = transaction.savepoint()
        self._is_changed = True
        try:
            yield
        except Exception:
            # What the block left unusable is undone with it.
            transaction.set_rollback(False)
            self.go_back()
            raise

    def go_back(self) -> None:
        """Undo what was done since; the savepoint serves again."""
        if self._savepoint is not None and self._is_changed:
            transaction.savepoint_rollback(self._savepoint)
            self._is_changed = False


# What somebody says to a step: {"choice", "answers"} to an approval, {"payload"} to a wait for an
# event, {"timed_out": true} to both; {"output"} or {"error": {"code", "params"}} to a call.
Answer = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a dry run ends that would not end by itself."""

    steps: int = 10_000
    runs: int = 2_000  # it and its child runs
    seconds: float = 20.0
    result_bytes: int = 8 * 1024 * 1024


class Halt(WalkAbandoned):
    """The dry run does not go on. Its code and params say why."""

    def __init__(self, code: str, **params: Json) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    def as_json(self) -> dict[str, Json]:
        return {"code": self.code, "params": self.params}


@dataclass(slots=True)
class DryRunContext:
    """One dry run."""

    tenant: TenantFacts
    begins_at: datetime  # what `now` is at first
    sample_event: Callable[[str], Json]  # a payload for a type of event
    answers: Mapping[str, Sequence[Answer]] = field(default_factory=dict)  # by step, in turn
    outputs: Mapping[str, Json] = field(default_factory=dict)  # of calls: what came back once
    asks: bool = False  # a question without an answer ends the dry run
    limits: Limits = field(default_factory=Limits)
    rewind: Rollback = field(default_factory=Rollback)
    skipped: timedelta = timedelta(0)  # waits, all in all
    sent: list[dict[str, Json]] = field(default_factory=list)
    _asked: dict[str, int] = field(default_factory=dict)
    _steps: int = 0
    _runs: int = 0
    _bytes: int = 0
    _began: float = field(default_factory=monotonic)

    def now(self) -> datetime:
        """Return the time of the dry run: only waits move it."""
        return self.begins_at + self.skipped

    def begin_run(self) -> None:
        """Count a run. Raises Halt."""
        self._runs += 1
        if self._runs > self.limits.runs:
            raise Halt("rehearsal_limit", limit="runs", most=self.limits.runs)

    def begin_step(self) -> None:
        """Count a step that somebody has to do. Raises Halt."""
        self._steps += 1
        if self._steps > self.limits.steps:
            raise Halt("rehearsal_limit", limit="steps", most=self.limits.steps)
        self.check_time()

    def check_time(self, _spent: int = 0) -> None:
        """See to it that the dry run ends, whatever it is in the middle of. Raises Halt."""
        if monotonic() - self._began > self.limits.seconds:
            raise Halt("rehearsal_limit", limit="seconds", most=round(self.limits.seconds))

    def keep(self, entries: Sequence[Json]) -> None:
        """Count what the result grows by. Raises Halt."""
        self._bytes += len(dumps(entries)) if entries else 0
        if self._bytes > self.limits.result_bytes:
            raise Halt("rehearsal_limit", limit="bytes", most=self.limits.result_bytes)

    def answer_for(self, step_name: str) -> Answer | None:
        """Return the next answer to a step; after the last given one it stays the same."""
        given = self.answers.get(step_name, ())
        turn = self._asked.get(step_name, 0)
        self._asked[step_name] = turn + 1
        if turn < len(given):
            return given[turn]
        return given[-1] if given and not self.asks else None


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """What a run carries out, and what surrounds it."""

    loaded: LoadedProgram
    definition_id: UUID
    version: int
    around: ParentScope
    entry: int = 0
    is_child: bool = False
    subject: tuple[str, str] = ("", "")
    actor: str = ""
    run_id: UUID = field(default_factory=uuid7)

    def claim(self, tenant: TenantFacts, now: datetime) -> Claim:
        """Return the run as actions and templates see it. No row stands behind it."""
        deadline = None if self.is_child else self.loaded.program.settings.deadline
        return Claim(
            run_id=self.run_id,
            tenant_id=tenant.id,
            definition_id=self.definition_id,
            version=self.version,
            payload=self.around.payload,
            results=(),
            step=self.entry,
            actor=self.actor,
            subject_type=self.subject[0],
            subject_id=self.subject[1],
            started_at=now,
            claimed_at=now,
            previous=self.around.previous,
            entry=self.entry,
            deadline_at=now + deadline if deadline else None,
            created_at=now,
        )

    def child(self, child: ChildRun, results: Results) -> "SimulatedRun":
        loop = dict(self.around.loop)
        if child.has_item:
            loop = one_deeper(loop, child.item, child.item_index)
        around = ParentScope(
            self.around.payload,
            self.around.previous,
            Results([*self.around.results, *results]),
            loop,
            self.around.called,
        )
        return self._of(around, child.entry)

    def _of(self, around: ParentScope, entry: int) -> "SimulatedRun":
        return SimulatedRun(
            self.loaded,
            self.definition_id,
            self.version,
            around,
            entry=entry,
            is_child=True,
            subject=self.subject,
            actor=self.actor,
        )

    def called(
        self, loaded: LoadedProgram, workflow: tuple[UUID, int], handed: Json
    ) -> "SimulatedRun":
        definition_id, version = workflow
        around = ParentScope(handed, None, called=self.around.called + 1)
        return SimulatedRun(loaded, definition_id, version, around, is_child=True, actor=self.actor)
