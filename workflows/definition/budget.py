"""What one evaluation may cost: the params and conditions of a step, or the filter of an event.

Work is counted before it is done, in operations in proportion to the size of what is handled; one
is about a tenth of a microsecond. So the same template on the same values ends at the same place
on every machine. The CPU time of the thread is the second bound, for what the count misjudges: a
busy machine does not use it up. Its clock is given by whoever has one (`runtime.runs.programs`).
Every now and then `check` is called, which may raise: an evaluation is ended from outside by it.
"""

from collections.abc import Callable
from threading import get_ident
from typing import Any, Final

from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError

OPERATIONS: Final = 20_000_000
CPU_SECONDS: Final = 2.0
# What a person waits for: all that one page shows together.
PREVIEW_OPERATIONS: Final = 6_000_000
PREVIEW_CPU_SECONDS: Final = 0.7
# Whether an event starts a workflow: its sender waits. So much for one filter, and for all that
# are asked about the same event.
FILTER_OPERATIONS: Final = 3_000_000
FILTER_CPU_SECONDS: Final = 0.3
EVENT_OPERATIONS: Final = 6_000_000
EVENT_CPU_SECONDS: Final = 0.6
# A filter always has so much, whatever those before it have spent: nearly all need less.
LEAST_OPERATIONS: Final = 20_000

PAUSE: Final = 200_000  # operations between two looks at the clock
CHARACTERS: Final = 16  # that one operation handles
# Lists and objects that are handed over whole before their size is looked at: most steps have few.
_UNWEIGHED: Final = 8
_A_CONTAINER: Final = 200_000
_CONTAINERS: Final = (dict, list, tuple)


class Budget:
    """What is left for one evaluation. It belongs to one thread at a time."""

    __slots__ = ("_next", "_since", "check", "cpu", "most", "seconds", "spent", "whole")

    def __init__(
        self,
        operations: int = OPERATIONS,
        seconds: float = CPU_SECONDS,
        cpu: Callable[[], float] | None = None,
        check: Callable[[int], None] | None = None,
    ) -> None:
        self.spent = 0
        self.most = operations
        self.seconds = seconds
        self.cpu = cpu  # the seconds that this thread has used; None: only operations are counted
        self.check = check  # is told what is spent, the work ahead included
        self.whole = 0  # lists and objects handed over
        self._next = min(PAUSE, operations)
        self._since: tuple[int, float] | None = None  # whose CPU time, and from when on

    def charge(self, operations: int) -> None:
        """Count work that is about to be done. Raises `too_much_work`."""
        self.spent += operations
        if self.spent > self._next:
            self._look()

    def charge_for(self, *values: Any, times: int = 1) -> None:
        """Count what it takes to read all of the values, however deep, so many times."""
        for value in values:
            self.charge(times * weight(value, self._weighable(times)))

    def hand_over(self, value: Any) -> None:
        """Count what a value costs that becomes a param as it is."""
        if not isinstance(value, _CONTAINERS):
            self.charge(len(value) // CHARACTERS if isinstance(value, str) else 1)
            return
        self.whole += 1
        self.charge(
            _A_CONTAINER if self.whole <= _UNWEIGHED else 6 * weight(value, self._weighable(6))
        )

    def _weighable(self, times: int) -> int:
        """Return from where on it does not matter any more how much there is in a value."""
        return (self.most - self.spent) // times + 1

    def _look(self) -> None:
        if self.spent > self.most or self._has_used_its_time():
            self._end()
            raise ExpressionError(Code.TOO_MUCH_WORK)
        if self.check is not None:
            self.check(self.spent)
        self._next = min(self.spent + PAUSE, self.most)

    def _has_used_its_time(self) -> bool:
        if self.cpu is None:
            return False
        thread, now = get_ident(), self.cpu()
        if self._since is None or self._since[0] != thread:
            self._since = (thread, now)
        return now - self._since[1] > self.seconds

    def _end(self) -> None:
        """Give nothing more. What was refused has not been done."""
        self._next = self.most
        self.spent = self.most + 1


class EventBudget:
    """What is left for all filters that are asked about one event."""

    def __init__(self, cpu: Callable[[], float] | None = None) -> None:
        self._cpu = cpu
        self._since = cpu() if cpu else 0.0
        self._left = EVENT_OPERATIONS
        self._given: Budget | None = None

    def for_a_filter(self) -> Budget:
        if self._given is not None:
            self._left -= self._given.spent
        operations = max(LEAST_OPERATIONS, min(FILTER_OPERATIONS, self._left))
        used = self._cpu() - self._since if self._cpu else 0.0
        seconds = max(0.0, min(FILTER_CPU_SECONDS, EVENT_CPU_SECONDS - used))
        self._given = Budget(operations, seconds, self._cpu)
        return self._given


def weight(value: Any, most: int) -> int:
    """Return how much there is in a value; once it is more than `most`, so much and no more."""
    if isinstance(value, str):
        return 1 + len(value) // CHARACTERS
    if not isinstance(value, _CONTAINERS):
        return 1
    total, waiting = 0, [value]
    while waiting and total <= most:
        inside: Any = waiting.pop()
        total += 1 + len(inside)
        if isinstance(inside, dict):
            total += sum(map(len, map(str, inside))) // CHARACTERS
            inside = inside.values()
        for one in inside:
            if isinstance(one, str):
                total += len(one) // CHARACTERS
            elif isinstance(one, _CONTAINERS):
                waiting.append(one)
    return total
