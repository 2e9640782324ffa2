"""Execute one claimed run: find what it needs, let the interpreter work, take care of trouble."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from django.db import Error as DatabaseTrouble
from django.utils import translation

from tenants.core.json import Json
from tenants.tenant_cache import facts_of
from workflows.definition.errors import InvalidProgram
from workflows.engine.decide import ENGINE_ERROR, MAX_CRASHES, MAX_FAULTS
from workflows.engine.outcomes import Doubt, FailureCode, StepFailed
from workflows.engine.progress import Progress
from workflows.engine.statuses import RunStatus
from workflows.runtime.database import is_trouble, released
from workflows.runtime.runs import ending, fence, revive, store
from workflows.runtime.runs.claims import BOOKKEEPING, Claim, RowUnreadable
from workflows.runtime.runs.fence import Insistence
from workflows.runtime.runs.open_calls import open_call_of
from workflows.runtime.runs.programs import Needed, VersionMissing, program_of, surroundings_of
from workflows.runtime.steps.interpreter import go_on, interpret
from workflows.runtime.steps.live import LiveExecutor
from workflows.runtime.steps.perform import CRASHES, MAX_FACT_CHARACTERS, first_line
from workflows.runtime.workers.lease_keeper import Watch

logger = logging.getLogger(__name__)

UNREADABLE: Final = FailureCode.PROGRAM_UNREADABLE
UNREADABLE_ROW: Final = FailureCode.UNREADABLE_ROW


def execute(claim: Claim, watch: Watch) -> RunStatus | None:
    """Carry a claimed run as far as it goes; None if it could not be carried to a checkpoint.

    Never raises for what a run does. A run that this worker cannot carry on, although it lives, is
    given back to the queue; that is no crash of it.
    """
    return _Execution(claim, watch).carry_on()


class _Execution:
    """One claimed run that this worker executes."""

    def __init__(self, claim: Claim, watch: Watch) -> None:
        self._claim, self._watch = claim, watch
        self._executor: LiveExecutor | None = None  # until it is known what the run needs
        self._stood: int | None = None  # how many checkpoints had been written at the last fault
        self._is_put_aside = False

    def carry_on(self) -> RunStatus | None:
        ids = {"run": str(self._claim.run_id), "workflow": str(self._claim.definition_id)}
        part: Callable[[], RunStatus | None] = self._carry_on
        while True:
            try:
                return self._turn_given_back(part)
            except fence.LeaseLost:
                logger.warning("lease_lost", extra=ids)
                return None
            except CRASHES as problem:
                if isinstance(problem, DatabaseTrouble) and is_trouble(problem):
                    logger.warning("database_trouble", extra=ids, exc_info=True)
                    self._give_up({})
                    return None
                if isinstance(problem, RowUnreadable):
                    logger.warning("run_unreadable", extra={**ids, "column": problem.column})
                else:
                    logger.exception("run_not_executed", extra=ids)
                following = self._after(problem)
                if following is None:
                    return None
                part = following

    def _turn_given_back(self, part: Callable[[], RunStatus | None]) -> RunStatus | None:
        """Do it, and leave nobody waiting for what is over, whatever happens in it."""
        try:
            return part()
        finally:
            if self._executor is not None:
                self._executor.evaluations.over()

    def _after(self, problem: BaseException) -> Callable[[], RunStatus | None] | None:
        """Return what to do after a fault: never the same thing twice; None: nothing helps."""
        if self._is_put_aside:
            return None
        if isinstance(problem, RowUnreadable):
            facts = {"column": problem.column, "reason": problem.reason[:MAX_FACT_CHARACTERS]}
            return partial(self._put_aside, StepFailed(UNREADABLE_ROW, facts))
        before, self._stood = self._stood, self._executor.claim.written if self._executor else 0
        if before is None or before < self._stood:
            return partial(self._after_a_fault, problem)
        return partial(self._put_aside, StepFailed(ENGINE_ERROR, {"reason": first_line(problem)}))

    def _put_aside(self, failure: StepFailed) -> RunStatus | None:
        """End a run by what can be read of its row: nobody else could carry it on either."""
        claim, has_called = self._claim, False
        if self._executor is not None:
            claim, has_called = self._executor.claim, self._executor.has_called_out
        self._executor, self._claim, self._is_put_aside = None, claim.readable(), True
        step_name = (self._claim.pending or {}).get("step_name")
        return _end(
            self._claim,
            failure,
            self._claim.step,
            step_name if isinstance(step_name, str) else "",
            has_called=has_called,
        )

    def _carry_on(self) -> RunStatus:
        with released():
            self._claim.check()
            try:
                needed = _needed_by(self._claim)
            except (VersionMissing, InvalidProgram) as problem:
                unreadable = StepFailed(UNREADABLE, {"reason": str(problem)})
                return _end(self._claim, unreadable, self._claim.step, "")
            entered = _in_its_lane(self._claim, needed)
            if entered is None:
                return RunStatus.QUEUED
            self._claim = entered
            if self._claim.pending and "retry" in self._claim.pending:
                self._claim = revive.rewind(self._claim, needed.loaded.program)
        with translation.override(needed.tenant.language):
            executor = self._executor = LiveExecutor(self._claim, needed, self._watch)
            if self._claim.crashes >= MAX_CRASHES:
                return _bury(self._claim, executor)
            return interpret(executor, self._claim.step, self._claim.pending)

    def _after_a_fault(self, problem: BaseException) -> RunStatus | None:
        """Let the run be tried again after a fault of the engine itself; end it after some."""
        executor = self._executor
        is_same_step = executor is None or not executor.claim.written
        faults = (self._claim.faults if is_same_step else 0) + 1
        # An answered call is not made again, only to meet the same fault.
        if faults < MAX_FAULTS and not (executor and executor.has_called_out):
            self._give_up({"faults": faults}, wait=timedelta(seconds=2**faults))
            return None
        return self._fail(StepFailed(ENGINE_ERROR, {"reason": first_line(problem)}))

    def _fail(self, failure: StepFailed) -> RunStatus | None:
        """Let the step fail that the engine has a fault in, and go on with what follows that.

        The run fails if it cannot do that.
        """
        executor = self._executor
        if executor is None:
            return self._end(failure, self._claim.step, "")
        try:
            pending = executor.pending
            if executor.has_called_out or executor.open_call() is not None:
                pending = {**(pending or {}), "in_doubt": True}
            walker, now = executor.walker(), executor.now()
            progress = executor.write(walker.break_off(executor.step, pending, failure, now))
        except fence.LeaseLost:
            raise
        except CRASHES as problem:
            if is_trouble(problem):
                raise
            return self._end(failure, executor.step, (executor.pending or {}).get("step_name", ""))
        with translation.override(executor.needed.tenant.language):
            return go_on(executor, progress)

    def _end(self, failure: StepFailed, step: int, step_name: str) -> RunStatus | None:
        if self._executor is None:
            return _end(self._claim, failure, step, step_name)
        has_called = self._executor.has_called_out
        return _end(self._executor.claim, failure, step, step_name, has_called=has_called)

    def _give_up(self, note: Json, wait: timedelta = timedelta(0)) -> None:
        """Give the run back. If even that is not possible, it is taken over when its lease ends."""
        claim = self._executor.claim if self._executor else self._claim
        has_called = self._executor is not None and self._executor.has_called_out
        # What an earlier worker began stays in doubt, too.
        has_open = self._executor is not None and self._executor.open_call() is not None
        is_begun = has_called or has_open or (not claim.written and claim.was_begun)
        if has_called:
            note = {**note, "left": Doubt.NOT_RECORDED}
        try:
            Insistence(claim, self._watch).until_done(
                lambda: fence.give_up(claim, note, is_begun=is_begun, wait=wait)
            )
        except (fence.LeaseLost, DatabaseTrouble):
            logger.warning("run_not_given_up", extra={"run": str(claim.run_id)})


def _end(
    claim: Claim, failure: StepFailed, step: int, step_name: str, *, has_called: bool = False
) -> RunStatus:
    """End a run of which nothing more can be carried out here."""
    told = {"code": failure.code, "params": failure.params}
    open_call = open_call_of(claim, has_called=has_called)
    if open_call is not None:
        error = {"step_name": open_call["step_name"], "error": told}
        failed = Progress(RunStatus.FAILED, (open_call,), step, None, error=error)
    else:
        error = {"step_name": step_name, "error": told}
        # What is stored of the step stays: a retry goes on there.
        stored = (claim.pending or {}).items()
        kept = {key: value for key, value in stored if key not in BOOKKEEPING}
        failed = Progress(RunStatus.FAILED, (), step, kept, error=error)
    store.write(claim, failed)
    return failed.status


def _bury(claim: Claim, executor: LiveExecutor) -> RunStatus:
    """End a run that ended its worker too often, before it ends this one."""
    unknown = executor.doubt(claim.step)
    if unknown is not None:
        # What it may have done outside must not be forgotten over its worker.
        progress = executor.walker().held_as_unknown(
            claim.step, claim.pending, unknown, executor.now()
        )
    else:
        progress = executor.walker().poisoned(claim.step, claim.pending, claim.crashes)
    return executor.write(progress).status


def _in_its_lane(claim: Claim, needed: Needed) -> Claim | None:
    """Return the claim once the run has its room, before its first step; None: there is none."""
    if claim.lane is None or claim.holds_lane or claim.cancel_asked:
        return claim
    if claim.deadline_at is not None and claim.claimed_at >= claim.deadline_at:
        ending.go_without(claim)
        return claim
    if not ending.enter_lanes(claim, needed.loaded.program.settings):
        return None
    # Only now it begins: whoever claimed it before and died had not.
    left = {"begun", "left", "held"}
    pending = {key: kept for key, kept in (claim.pending or {}).items() if key not in left}
    started_at = claim.claimed_at if claim.has_done_nothing else claim.started_at
    return replace(claim, holds_lane=True, pending=pending or None, started_at=started_at)


def _needed_by(claim: Claim) -> Needed:
    loaded = program_of(claim.definition_id, claim.version)
    return Needed(loaded, facts_of(claim.tenant_id), surroundings_of(claim))
