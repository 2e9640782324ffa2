"""Decide which listening workflows an event starts, and keep the reason for each."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from tenants.core.json import Json
from tenants.facts import TenantFacts
from workflows.definition.budget import Budget
from workflows.definition.errors import ExpressionError, InvalidProgram
from workflows.definition.programs.program import Program
from workflows.definition.scope import NameScope
from workflows.runtime.database import database_clock
from workflows.runtime.runs.concurrency import lane_of
from workflows.runtime.runs.programs import VersionMissing, program_of
from workflows.runtime.runs.scopes import tenant_values
from workflows.runtime.steps.budgets import event_budget, filter_budget
from workflows.services.events.drafts import EventDraft

logger = logging.getLogger(__name__)

STARTED: Final = "started"

# How many runs may stand between an event and the first one of its chain. Then it is cut,
# visibly: a workflow that starts itself through others would otherwise never end.
MAX_DEPTH: Final = 5


@dataclass(frozen=True, slots=True)
class Listener:
    """An active workflow, in the version that is published now."""

    definition_id: UUID
    version: int
    name: str
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class StartVerdict:
    """What became of a listening workflow, and how its run starts."""

    reason: str  # STARTED, filtered_out, problem, own_change, chain_too_long
    details: Mapping[str, Json] = field(default_factory=dict)
    lane: str | None = None
    deadline: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """What an event comes from: the workflow whose run caused it, and how many runs before it."""

    definition_id: UUID | None = None
    depth: int = 0

    def refusal(
        self, definition_id: UUID | None, program: Callable[[], Program]
    ) -> StartVerdict | None:
        """Return why a workflow does not start on an event of this chain, whatever is in it."""
        if self.depth > MAX_DEPTH:
            return StartVerdict("chain_too_long")
        is_own = self.definition_id is not None and self.definition_id == definition_id
        if is_own and not program().starts_on_own_changes:
            return StartVerdict("own_change")
        return None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Why a listening workflow did, or did not, start."""

    definition_id: UUID
    version: int
    name: str
    started: bool
    reason: str  # started, filtered_out, problem, own_change, chain_too_long
    details: Mapping[str, Json] = field(default_factory=dict)
    lane: str | None = None  # of the run it starts
    deadline: timedelta | None = None

    def as_json(self) -> dict[str, Json]:
        return {
            "definition_id": str(self.definition_id),
            "version": self.version,
            "name": self.name,
            "started": self.started,
            "reason": self.reason,
            **({"details": dict(self.details)} if self.details else {}),
        }


class Clock:
    """The database's clock, which alone decides: hosts differ. Read once, and only if needed."""

    def __init__(self, at: datetime | None = None) -> None:
        self._read = at  # a moment in the past, for a dry run

    def now_for(self, program: Program) -> datetime:
        if self._read is None and program.reads_clock:
            self._read = database_clock()
        # Nothing in the program can see the host's.
        return self._read or timezone.now()


def evaluate(
    tenant: TenantFacts,
    draft: EventDraft,
    listeners: Iterable[Listener],
    chain: Chain,
    clock: Clock,
) -> Iterator[Evaluation]:
    """Yield an evaluation for each listener. Never raises because of what a workflow contains."""
    budget = event_budget()
    for listener in listeners:
        asking = partial(judge, tenant=tenant, draft=draft, clock=clock)
        verdict = _verdict(listener, chain, partial(asking, budget=budget.for_a_filter()))
        yield Evaluation(
            listener.definition_id,
            listener.version,
            listener.name,
            verdict.reason == STARTED,
            verdict.reason,
            verdict.details,
            verdict.lane,
            verdict.deadline,
        )


def _verdict(
    listener: Listener, chain: Chain, asking: Callable[[Program], StartVerdict]
) -> StartVerdict:
    def program() -> Program:
        return program_of(listener.definition_id, listener.version).program

    try:
        return chain.refusal(listener.definition_id, program) or asking(program())
    except (VersionMissing, InvalidProgram) as problem:
        logger.exception("program_unreadable", extra={"workflow": str(listener.definition_id)})
        details = {"code": "program_unreadable", "params": {"reason": str(problem)}}
        return StartVerdict("problem", details)


def judge(
    program: Program,
    tenant: TenantFacts,
    draft: EventDraft,
    clock: Clock | None = None,
    budget: Budget | None = None,
) -> StartVerdict:
    """Say whether an event starts a workflow, by `clock` or else at this moment."""
    now = (clock or Clock()).now_for(program)
    try:
        return _filtered(program, scope_at_start(program, tenant, draft, now, budget))
    except ExpressionError as problem:
        return StartVerdict("problem", {"code": problem.code, "params": dict(problem.params)})


def scope_at_start(
    program: Program,
    tenant: TenantFacts,
    draft: EventDraft,
    now: datetime,
    budget: Budget | None = None,
) -> NameScope:
    """Return the values of a run that an event starts, before its first step."""
    return NameScope(
        trigger=dict(draft.payload),
        previous=dict(draft.previous) if draft.previous is not None else None,
        steps={},
        run={},
        tenant=tenant_values(tenant),
        now=now.astimezone(ZoneInfo(tenant.time_zone)),
        values=program.values,
        budget=budget or filter_budget(),
    )


def _filtered(program: Program, scope: NameScope) -> StartVerdict:
    explanation = program.trigger_filter.explain(scope)
    if not explanation["matched"]:
        return StartVerdict("filtered_out", explanation)
    lane, problem = lane_of(program, scope)
    # A key that cannot be rendered keeps no run from starting; the event says so.
    details = {"without_lane": problem} if problem else {}
    return StartVerdict(STARTED, details, lane, program.settings.deadline)
