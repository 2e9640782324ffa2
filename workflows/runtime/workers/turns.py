"""Heavy evaluations of one process go on one at a time, by turns between the companies.

Threads of Python share one interpreter: forty that reckon at once leave the others a fortieth of
it. So whoever has reckoned for a while waits for its turn, and keeps it until it is done, or until
another company waits. Of one company, who came first is done first.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, local
from typing import Final
from uuid import UUID

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
