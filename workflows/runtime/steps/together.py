"""A step that writes to this database: its action and its checkpoint are one transaction.

This is what makes it exactly once. Whatever goes wrong before the commit rolls all of it back, so
it is done again; whether a commit came about whose answer was lost is asked before that.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db import Error as DatabaseTrouble
from django.db import transaction

from workflows.engine.outcomes import FailureCode, Outcome, StepCompleted, StepFailed
from workflows.engine.progress import Progress
from workflows.runtime.database import is_trouble, released
from workflows.runtime.runs import fence, store
from workflows.runtime.runs.fence import LeaseLost, growing_pauses
from workflows.runtime.steps.perform import CRASHES, first_line
from workflows.runtime.steps.recording import (
    NO_REFUSAL,
    NOT_STORABLE,
    RunRecorder,
    as_it_is,
    without_what_follows,
)

logger = logging.getLogger(__name__)

# So often may the database go away under a step before that is the step's own failure: it may be
# what drives it away.
MAX_LOSSES: Final = 10
# Where the row does not take all of it. Beyond these the action is not done again.
_WAYS: Final = (as_it_is, without_what_follows)


class _UndoStep(Exception):
    """Rolls back what a failed database action wrote, and carries its outcome out."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class DatabaseStep:
    """One such step, in as many transactions as it takes until one is committed."""

    def __init__(
        self,
        run: RunRecorder,
        act: Callable[[], Outcome],
        settled: Callable[[Outcome], Progress],
    ) -> None:
        self._run, self._act, self._settled = run, act, settled
        self._pauses = growing_pauses()
        self._ways = list(_WAYS)
        self._losses = 0
        self._refusal = NO_REFUSAL
        self._forget()

    def carry_out(self) -> Progress:
        """Do it; return what was written. Raises LeaseLost, and trouble that lasts."""
        while True:
            self._forget()
            try:
                self._commit()
            except _UndoStep as undone:
                return self._run.write(self._settled(undone.outcome))
            except LeaseLost:
                raise
            except CRASHES as problem:
                progress = self._after(problem)
                if progress is not None:
                    return progress
            else:
                return self._run.noted(self._parts, self._cancel_asked)

    def _forget(self) -> None:
        self._parts: Sequence[Progress] = ()
        self._hooks: list[Callable[[], Any]] = []
        self._cancel_asked = False
        self._has_begun = self._is_written = self._is_committed = False

    def _commit(self) -> None:
        with released(), transaction.atomic(), self._run.evaluations.in_transaction():
            self._has_begun = True
            outcome = self._act()
            if not isinstance(outcome, StepCompleted):
                raise _UndoStep(outcome)
            self._write(self._settled(outcome))
            self._is_written = True
            transaction.on_commit(self._note_commit)
            # Before the hooks of the action: whatever they raise, the commit is noted.
            hooks = transaction.get_connection().run_on_commit
            self._hooks = [hook[1] for hook in hooks[:-1]]
            hooks.insert(0, hooks.pop())

    def _write(self, progress: Progress) -> None:
        if progress.question is not None:
            progress = self._run.permitted(progress)
        parts = self._ways[0](self._run, progress, self._refusal)
        if parts is None:
            raise _UndoStep(self._refusal.of(NOT_STORABLE))
        self._parts = parts
        for claim, part in zip(self._run.claims_for(parts), parts, strict=True):
            self._cancel_asked = store.write(claim, part)

    def _note_commit(self) -> None:
        self._is_committed = True

    def _after(self, problem: BaseException) -> Progress | None:
        """Return what to make of a problem; None: the step is done again."""
        if self._is_committed:
            # A hook after the commit failed. The step is done; nothing may say otherwise.
            logger.error("hook_after_commit_failed", exc_info=problem)
            return self._run.noted(self._parts, self._cancel_asked)
        if isinstance(problem, DatabaseTrouble) and is_trouble(problem):
            return self._after_trouble(problem)
        if not self._parts:
            raise problem
        self._refusal = self._run.refused(problem)
        if self._is_written:
            # By a check that is made at the commit: of the action's doing, as one made at once.
            return self._fail("refused_by_database")
        return self._give_way()

    def _after_trouble(self, trouble: DatabaseTrouble) -> Progress | None:
        if self._is_written and self._was_committed():
            self._run_hooks()
            return self._run.noted(self._parts, self._cancel_asked)
        self._losses += self._has_begun
        if self._losses >= MAX_LOSSES:
            reason = first_line(trouble)
            failed = StepFailed(FailureCode.DATABASE_TROUBLE, {"reason": reason}, is_temporary=True)
            return self._run.write(self._settled(failed))
        self._run.insistence.rest(self._pauses, trouble)
        return None

    def _was_committed(self) -> bool:
        """Ask whether a commit came about whose answer was lost."""
        claim, last = self._run.claims_for(self._parts)[-1], self._parts[-1]
        found = self._run.insistence.until_done(lambda: fence.stands(claim, last))
        self._cancel_asked = bool(found)
        return found is not None

    def _run_hooks(self) -> None:
        """Do what the action wanted done after the commit: Django forgot it with the answer."""
        for hook in self._hooks:
            try:
                hook()
            except CRASHES:
                logger.exception("hook_after_commit_failed")

    def _give_way(self) -> Progress | None:
        """Try the next way to write it; if there is none, the step has failed."""
        self._ways.pop(0)
        return None if self._ways else self._fail(NOT_STORABLE)

    def _fail(self, code: str) -> Progress:
        return self._run.write(self._settled(self._refusal.of(code)))
