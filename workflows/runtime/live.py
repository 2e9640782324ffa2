"""The live hands: steps act on the world, and each finished step is one commit."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from random import random
from time import monotonic
from typing import Any

from django.db import transaction

from actions import registry
from actions.spec import ActionSpec, Effect
from workflows.definition.instructions import Call, RunWorkflow
from workflows.definition.scope import Scope
from workflows.engine.advance import Arrival, Walker
from workflows.engine.entries import Entry, Timing
from workflows.engine.outcomes import Outcome, StepCompleted, StepFailed
from workflows.engine.progress import Job, Progress
from workflows.runtime import callees, decisions, families, look_back, store
from workflows.runtime.claims import Claim
from workflows.runtime.clock import DatabaseClock
from workflows.runtime.database import released, rows
from workflows.runtime.interpreter import Pending, Settle
from workflows.runtime.perform import EMIT_EVENT, perform
from workflows.runtime.scopes import Needed, scope_of
from workflows.runtime.watch import Watch

logger = logging.getLogger(__name__)

Json = Any


class _Undo(Exception):
    """Rolls back what a failed database action wrote, and carries its outcome out."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class LiveHands:
    """Carries out one claimed run's steps."""

    def __init__(self, claim: Claim, needed: Needed, watch: Watch) -> None:
        self.claim, self.needed, self.watch = claim, needed, watch
        self.clock = DatabaseClock.read_as(claim.claimed_at)
        self.results: list[Entry] = list(claim.results)
        self.cancel_asked = claim.cancel_asked

    def now(self) -> datetime:
        """Return the database's time; until the first checkpoint, the run's start.

        A worker that dies in the first step leaves no rendered params behind: rendered again,
        they must come out the same.
        """
        is_first = not self.results and not (self.claim.pending or {}).keys() - {"begun"}
        return self.claim.started_at if is_first else self.clock.now()

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        return random()  # noqa: S311  # spreads retries, guards nothing

    def walker(self) -> Walker:
        """Return a walker that stands on the results so far."""
        return Walker(
            self.needed.loaded.program,
            tuple(self.results),
            self._scope,
            is_child=self.claim.parent_run is not None,
            entry=self.claim.entry,
        )

    def arrival(self, pending: Pending, now: datetime) -> Arrival:
        """Return what a run that waited for others finds."""
        with released():
            if pending["awaits"] == "children":
                return families.family_of(self.claim.run_id, pending["children"])
            if pending["awaits"] == "approval":
                return decisions.decision_of(self.claim, pending, now)
            return look_back.event_of(self.claim.tenant_id, pending) or self._late(pending, now)

    def deadline(self) -> datetime | None:
        """Return when the run has to have ended."""
        return self.claim.deadline_at

    def is_late(self) -> bool:
        """Whether that moment has passed."""
        deadline = self.claim.deadline_at
        return deadline is not None and self.clock.now() >= deadline

    def must_ask_a_person(self, job: Job) -> bool:
        """Whether the step was begun before a crash and cannot safely be repeated."""
        if not self.claim.was_begun or job.instruction.index != self.claim.step:
            return False
        if isinstance(job.instruction, Call) and job.instruction.after_crash == "repeat":
            return False
        spec = self._spec(job)
        return spec is not None and spec.effect is Effect.NOT_REPEATABLE

    def is_cancelled(self) -> bool:
        """Whether somebody asked to cancel the run."""
        return self.cancel_asked

    def should_put_down(self) -> bool:
        """Whether this worker is about to stop."""
        return self.watch.is_stopping()

    def put_down(self) -> None:
        """Leave the run for another worker. Raises store.LeaseLost."""
        with released():
            store.put_down(self.claim)

    def write(self, progress: Progress) -> None:
        """Write a checkpoint of its own. Raises store.LeaseLost."""
        with released():
            self._note(progress, self._write(progress))
            self._look_back(progress)

    def carry_out(self, job: Job, settle: Settle) -> Progress:
        """Do the step and write what became of it. Raises store.LeaseLost."""
        if not self.watch.holds(self.claim):
            raise store.LeaseLost(self.claim.run_id)
        if isinstance(job.instruction, RunWorkflow):
            return self._call(job, job.instruction, settle)
        started_at, start = self.clock.now(), monotonic()

        def settled(outcome: Outcome) -> Progress:
            return settle(outcome, Timing(started_at, round((monotonic() - start) * 1000)))

        spec = self._spec(job)
        if spec is None:
            progress = settled(StepFailed("unknown_action", {"action": job.instruction.action}))
        elif spec.effect is Effect.DATABASE:
            return self._together(
                lambda: perform(spec, job, self.claim, self.needed.tenant), settled
            )
        else:
            progress = settled(perform(spec, job, self.claim, self.needed.tenant))
        self.write(progress)
        return progress

    def _call(self, job: Job, instruction: RunWorkflow, settle: Settle) -> Progress:
        """Start another workflow as a child run, in the version that is published now."""
        with released():
            found = callees.find(
                self.needed.tenant, instruction.workflow, job.input["input"], self.needed.around
            )
            if isinstance(found, StepFailed):
                progress = settle(found, Timing(self.clock.now(), 0))
                self._note(progress, store.write(self.claim, progress))
                return progress
            progress = self.walker().call(job, self.clock.now())
            self._note(progress, store.write(self.claim, progress, found))
            return progress

    def _write(self, progress: Progress) -> bool:
        """Write progress; a run that waits for an event only says so, until it has looked back."""
        if progress.awaited is not None:
            return store.announce(self.claim, progress)
        return store.write(self.claim, progress)

    def _look_back(self, progress: Progress) -> None:
        """Park a run that waits for an event, once it has looked for it among those before."""
        if progress.awaited is not None:
            cancel_asked = store.write(self.claim, replace(progress, entries=()))
            self.cancel_asked = self.cancel_asked or cancel_asked

    def _late(self, pending: Pending, now: datetime) -> Arrival:
        """Look once more before a time-out or a reminder counts."""
        walker = self.walker()
        if not walker.is_due(pending, now):
            return None
        return look_back.last_look(rows, self.claim, pending, walker.awaited(pending))

    def _spec(self, job: Job) -> ActionSpec | None:
        if job.instruction.op == "emit_event":
            return EMIT_EVENT
        try:
            return registry.get(job.instruction.action)
        except registry.UnknownAction:
            return None

    def _together(
        self, act: Callable[[], Outcome], settled: Callable[[Outcome], Progress]
    ) -> Progress:
        """Commit the action and its checkpoint as one: this is what makes it exactly once."""
        done: list[tuple[Progress, bool]] = []  # filled by the commit
        try:
            with released(), transaction.atomic():
                outcome = act()
                if not isinstance(outcome, StepCompleted):
                    raise _Undo(outcome)
                progress = settled(outcome)
                asked = self._write(progress)
                transaction.on_commit(lambda: done.append((progress, asked)))
                # Before the hooks of the action: whatever they raise, the commit is noted.
                hooks = transaction.get_connection().run_on_commit
                hooks.insert(0, hooks.pop())
        except _Undo as undone:
            progress = settled(undone.outcome)
            self.write(progress)
            return progress
        except Exception:
            if not done:
                raise
            # A hook after the commit failed. The step is done; nothing may say otherwise.
            logger.exception("hook_after_commit_failed", extra={"run": str(self.claim.run_id)})
        self._note(*done[0])
        with released():
            self._look_back(done[0][0])
        return done[0][0]

    def _note(self, progress: Progress, cancel_asked: bool) -> None:
        self.results.extend(progress.entries)
        self.cancel_asked = self.cancel_asked or cancel_asked

    def _scope(self, results: Sequence[Entry], now: datetime) -> Scope:
        return scope_of(self.claim, self.needed, results, now)
