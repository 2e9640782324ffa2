"""What ends an evaluation of a claimed run that is under way, and when it waits for its turn.

An evaluation is what is worked out for one step: its condition, its params, a stored message, a
list that an action reshapes. It is pure, and looks here now and then.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic, sleep  # noqa: TID251  # lets others work, and holds nothing
from typing import Final, Protocol

from workflows.engine.outcomes import (
    CancelAsked,
    DeadlinePassed,
    Evaluated,
    Interrupted,
    Postponed,
    StepFailed,
)
from workflows.engine.progress import Job
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.store import LeaseLost
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.turns import TURNS

# What a run may work out before it does so by turns with the others: a tenth of a second, and less
# (one look of the budget) while others have their turn.
OPERATIONS_AT_ONCE: Final = 1_000_000
# Between two pieces of work it rests as long as the last one took, while other companies have runs
# under way: they get the interpreter at once then. One thread that reckons without a rest made a
# run of 50 ms take 600 (measured), with rests of 10 ms 200 to 300.
LEAST_REST_SECONDS: Final = 0.01
MAX_REST_SECONDS: Final = 0.1
TIMED_OUT: Final = "step_timed_out"


class Run(Protocol):
    """What has to be known of the run."""

    claim: Claim

    def is_cancelled(self) -> bool: ...

    def deadline(self) -> datetime | None: ...

    def is_late(self) -> bool: ...


class Evaluations:
    """All evaluations of one run that this worker has claimed."""

    def __init__(self, run: Run, watch: Watch) -> None:
        self._run, self._watch = run, watch
        self._operations = 0  # of all so far, as far as they were looked at
        self._in_transaction = False
        self._is_followed = False
        self._piece_began_at = monotonic()

    @contextmanager
    def in_transaction(self) -> Iterator[None]:
        """Let nothing wait for its turn: locks are held, and a connection that others need."""
        self._in_transaction = True
        try:
            yield
        finally:
            self._in_transaction = False

    def check_for(self, evaluated: Evaluated) -> Callable[[int], None]:
        """Return what is called while something is worked out for a step.

        It raises LeaseLost; Interrupted for a cancel, the run's deadline and the step's time-out;
        Postponed if others have to wait meanwhile.
        """
        may_be_postponed = evaluated.may_be_postponed

        def postpone() -> None:
            if may_be_postponed:
                raise Postponed

        return _Check(self, evaluated, postpone)

    def check_for_action(self, job: Job, has_failed: Callable[[], bool]) -> Callable[[int], None]:
        """Return the same for what a step works out while it is carried out."""
        return _Check(self, Evaluated(job.instruction, has_failed), lambda: None)

    def over(self) -> None:
        if self._is_followed:
            self._is_followed = False
            self._watch.unfollow(self._run.claim)
            TURNS.leave()

    def refuse(self, evaluated: Evaluated, until: float | None) -> None:
        run, watch = self._run, self._watch
        if not watch.is_held(run.claim):
            raise LeaseLost(run.claim.run_id)
        if run.is_cancelled() or watch.is_cancelled(run.claim):
            raise Interrupted(CancelAsked())
        if run.is_late() and not evaluated.has_failed():
            deadline = run.deadline()
            raise Interrupted(DeadlinePassed(deadline.isoformat() if deadline else ""))
        if until is not None and monotonic() >= until:
            timeout = evaluated.instruction.timeout if evaluated.instruction else None
            seconds = timeout.total_seconds() if timeout else 0.0
            raise Interrupted(StepFailed(TIMED_OUT, {"seconds": round(seconds, 3)}))

    def take_turn(
        self, more: int, refuse: Callable[[], None], postpone: Callable[[], None]
    ) -> None:
        """Count `more` operations, and wait for the run's turn if there were many."""
        self._operations += more
        if self._operations <= OPERATIONS_AT_ONCE and not TURNS.is_taken:
            return
        if self._in_transaction:
            postpone()
            return
        if not self._is_followed:
            self._is_followed = True
            self._watch.follow(self._run.claim)
        tenant = self._run.claim.tenant_id
        took = monotonic() - self._piece_began_at
        TURNS.take(tenant, lambda: self._look(refuse, postpone))
        if self._watch.serves_others_than(tenant):
            sleep(min(max(took, LEAST_REST_SECONDS), MAX_REST_SECONDS))
        self._piece_began_at = monotonic()

    def _look(self, refuse: Callable[[], None], postpone: Callable[[], None]) -> None:
        refuse()
        if self._watch.is_stopping():
            postpone()


class _Check:
    """Called by the budget of one evaluation."""

    __slots__ = ("_evaluated", "_evaluations", "_postpone", "_seen", "_until")

    def __init__(
        self, evaluations: Evaluations, evaluated: Evaluated, postpone: Callable[[], None]
    ) -> None:
        self._evaluations, self._evaluated, self._postpone = evaluations, evaluated, postpone
        timeout = evaluated.instruction.timeout if evaluated.instruction else None
        self._until = None if timeout is None else monotonic() + timeout.total_seconds()
        self._seen = 0

    def __call__(self, spent: int) -> None:
        self._refuse()
        more, self._seen = spent - self._seen, spent
        self._evaluations.take_turn(more, self._refuse, self._postpone)

    def _refuse(self) -> None:
        self._evaluations.refuse(self._evaluated, self._until)
