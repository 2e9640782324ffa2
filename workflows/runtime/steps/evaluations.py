"""What ends an evaluation of a claimed run that is under way, and when it waits for its turn.

An evaluation is what is worked out for one step: its condition, its params, a stored message, a
list that an action reshapes. It is pure, and looks here now and then.

Threads of Python share one interpreter: forty that reckon at once leave the others a fortieth of
it. So whoever has reckoned for a while waits for its turn, and keeps it until it is done, or until
another company waits. Of one company, who came first is done first.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, local
from time import monotonic, sleep  # noqa: TID251  # lets others work, and holds nothing
from typing import Final, Protocol
from uuid import UUID

from workflows.engine.outcomes import (
    CancelAsked,
    DeadlinePassed,
    Evaluated,
    FailureCode,
    Interrupted,
    Postponed,
    StepFailed,
)
from workflows.engine.progress import Job
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.fence import LeaseLost
from workflows.runtime.workers.lease_keeper import Watch

LOOK_SECONDS: Final = 0.1  # who waits looks so often whether it is to end


@dataclass(eq=False, slots=True)
class _Place:
    """One thread that has its turn, or waits for it."""

    tenant: UUID
    called: Event = field(default_factory=Event)


class Turns:
    """Whose turn it is. A thread holds one place at most, and takes it with it through calls."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._own = local()
        self._has_turn: _Place | None = None
        self._waiting: OrderedDict[UUID, deque[_Place]] = OrderedDict()

    def take(self, tenant: UUID, look: Callable[[], None]) -> None:
        """Return once it is this thread's turn: at once, if it has it and nobody else wants it.

        `look` is called while it waits, and may raise: then it has no turn, and no place.
        """
        place = self._lined_up(tenant)
        if place is None:
            return
        try:
            while not place.called.wait(LOOK_SECONDS):
                look()
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        place: _Place | None = getattr(self._own, "place", None)
        if place is None:
            return
        self._own.place = None
        with self._lock:
            if place is self._has_turn:
                self._call_next()
            else:
                self._strike_out(place)

    @property
    def is_taken(self) -> bool:
        return self._has_turn is not None

    def waiting(self) -> int:
        with self._lock:
            return sum(map(len, self._waiting.values()))

    def _lined_up(self, tenant: UUID) -> _Place | None:
        """Return this thread's place in the line; None: it is its turn."""
        place: _Place | None = getattr(self._own, "place", None)
        with self._lock:
            if place is not None:
                if self._waiting.keys() <= {place.tenant}:
                    return None
                # The others of its own company wait until it is done.
                place.called.clear()
                self._waiting.setdefault(place.tenant, deque()).appendleft(place)
                self._waiting.move_to_end(place.tenant)
                self._call_next()
                return place
            self._own.place = place = _Place(tenant)
            if self._has_turn is None:
                self._has_turn = place
                return None
            self._waiting.setdefault(tenant, deque()).append(place)
            return place

    def _call_next(self) -> None:
        """Give the turn to the first of the company that has waited longest."""
        self._has_turn = None
        if not self._waiting:
            return
        tenant, line = self._waiting.popitem(last=False)
        self._has_turn = line.popleft()
        if line:
            self._waiting[tenant] = line
        self._has_turn.called.set()

    def _strike_out(self, place: _Place) -> None:
        line = self._waiting[place.tenant]
        line.remove(place)
        if not line:
            del self._waiting[place.tenant]


# Of this process: its threads share an interpreter.
TURNS: Final = Turns()

# What a run may work out before it does so by turns with the others: a tenth of a second, and less
# (one look of the budget) while others have their turn.
OPERATIONS_AT_ONCE: Final = 1_000_000
# Between two pieces of work it rests as long as the last one took, while other companies have runs
# under way: they get the interpreter at once then. One thread that reckons without a rest made a
# run of 50 ms take 600 (measured), with rests of 10 ms 200 to 300.
LEAST_REST_SECONDS: Final = 0.01
MAX_REST_SECONDS: Final = 0.1
TIMED_OUT: Final = FailureCode.STEP_TIMED_OUT


class EvaluatedRun(Protocol):
    """What has to be known of the run."""

    claim: Claim
    cancel_asked: bool

    def is_late(self) -> bool:
        """Whether its deadline has passed."""


class Evaluations:
    """All evaluations of one run that this worker has claimed."""

    def __init__(self, run: EvaluatedRun, watch: Watch) -> None:
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
        return _Check(self, evaluated)

    def check_for_action(self, job: Job, has_failed: bool) -> Callable[[int], None]:
        """Return the same for what a step works out while it is carried out."""
        return _Check(self, Evaluated(job.instruction, has_failed, may_be_postponed=False))

    def over(self) -> None:
        if self._is_followed:
            self._is_followed = False
            self._watch.unfollow(self._run.claim)
            TURNS.leave()

    def refuse(self, evaluated: Evaluated, until: float | None) -> None:
        run, watch = self._run, self._watch
        if not watch.is_held(run.claim):
            raise LeaseLost(run.claim.run_id)
        if run.cancel_asked or watch.is_cancelled(run.claim):
            raise Interrupted(CancelAsked())
        if run.is_late() and not evaluated.has_failed:
            deadline = run.claim.deadline_at
            raise Interrupted(DeadlinePassed(deadline.isoformat() if deadline else ""))
        if until is not None and monotonic() >= until:
            timeout = evaluated.instruction.timeout if evaluated.instruction else None
            seconds = timeout.total_seconds() if timeout else 0.0
            raise Interrupted(StepFailed(TIMED_OUT, {"seconds": round(seconds, 3)}))

    def take_turn(self, more: int, check: "_Check") -> None:
        """Count `more` operations, and wait for the run's turn if there were many."""
        self._operations += more
        if self._operations <= OPERATIONS_AT_ONCE and not TURNS.is_taken:
            return
        if self._in_transaction:
            check.postpone()
            return
        if not self._is_followed:
            self._is_followed = True
            self._watch.follow(self._run.claim)
        tenant = self._run.claim.tenant_id
        took = monotonic() - self._piece_began_at
        TURNS.take(tenant, lambda: self._look(check))
        if self._watch.serves_others_than(tenant):
            sleep(min(max(took, LEAST_REST_SECONDS), MAX_REST_SECONDS))
        self._piece_began_at = monotonic()

    def _look(self, check: "_Check") -> None:
        check.refuse()
        if self._watch.is_stopping():
            check.postpone()


class _Check:
    """Called by the budget of one evaluation."""

    __slots__ = ("_evaluated", "_evaluations", "_seen", "_until")

    def __init__(self, evaluations: Evaluations, evaluated: Evaluated) -> None:
        self._evaluations, self._evaluated, self._seen = evaluations, evaluated, 0
        timeout = evaluated.instruction.timeout if evaluated.instruction else None
        self._until = None if timeout is None else monotonic() + timeout.total_seconds()

    def __call__(self, spent: int) -> None:
        self.refuse()
        more, self._seen = spent - self._seen, spent
        self._evaluations.take_turn(more, self)

    def refuse(self) -> None:
        self._evaluations.refuse(self._evaluated, self._until)

    def postpone(self) -> None:
        if self._evaluated.may_be_postponed:
            raise Postponed
