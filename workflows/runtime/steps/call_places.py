"""Places of a worker's calls at remote hosts: one silent server does not hold all of its slots.

A host has as many as the worker has slots. While other companies have runs under way here that do
not call it, it has half of them; and these are shared by the companies that do call it, so that one
whose calls hang there keeps no other from it. A run without a place parks, and comes back when one
is free: the dispatcher wakes, for each place, the run that has waited longest. What this worker
knows of them dies with it, so each has a moment of its own as well, one after the other: however
many wait, they look in vain a few times in a second.
"""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic
from typing import Final
from uuid import UUID

from actions.outbound.places import NoPlace

# For so long a run keeps its slot and waits here: most servers answer sooner, and to park costs
# two writes.
PATIENCE_SECONDS: Final = 0.1
FIRST_LOOK_SECONDS: Final = 0.5
LAST_LOOK_SECONDS: Final = 600.0
SHARE: Final = 2  # of the slots: so many hosts as this fill them


class CallPlaces:
    """The calls under way of one worker. Used by all of its threads."""

    def __init__(self, slots: int, companies: Callable[[], set[UUID]]) -> None:
        self._slots = slots
        self._companies = companies  # that have runs under way here
        self._calls: dict[str, Counter[UUID]] = defaultdict(Counter)  # by host, by company
        self._waiting: dict[str, OrderedDict[UUID, None]] = {}  # runs that have parked, by host
        self._freed: Counter[str] = (
            Counter()
        )  # places since the dispatcher asked, where some run waits
        self._changed = Condition()

    def of(self, run_id: UUID, company: UUID) -> "StepCalls":
        """Return what counts the calls of a step."""
        return StepCalls(self, run_id, company)

    def enter(self, host: str, run_id: UUID, company: UUID, *, must: bool) -> None:
        """Take a place, now or in a moment. Raises NoPlace, except if it `must` have one."""
        with self._changed:
            end = monotonic() + PATIENCE_SECONDS
            while not (must or self._has_place(host, company)):
                remaining = end - monotonic()
                if remaining <= 0:
                    raise NoPlace(host)
                self._changed.wait(remaining)
            self._calls[host][company] += 1
            self._forget(host, run_id)

    def leave(self, host: str, company: UUID) -> None:
        with self._changed:
            calls = self._calls[host]
            calls[company] -= 1
            if not calls[company]:
                del calls[company]
            if not calls:
                del self._calls[host]
            if host in self._waiting:
                self._freed[host] += 1
            self._changed.notify_all()

    def wait_in_line(self, host: str, run_id: UUID) -> float:
        """Note a run that parks; return in how many seconds it looks again if nobody wakes it."""
        with self._changed:
            line = self._waiting.setdefault(host, OrderedDict())
            line[run_id] = None  # one that looked in vain keeps its turn
            place = len(line) / max(1, self._slots // SHARE)
            return min(LAST_LOOK_SECONDS, FIRST_LOOK_SECONDS + place)

    def to_wake(self) -> list[UUID]:
        """Return, once, the runs that have waited longest, one for each place that came free."""
        if not self._freed:
            return []
        woken: list[UUID] = []
        with self._changed:
            for host, number in self._freed.items():
                line = self._waiting.get(host, OrderedDict())
                while line and number:
                    woken.append(line.popitem(last=False)[0])
                    number -= 1
                if not line:
                    self._waiting.pop(host, None)
            self._freed.clear()
        return woken

    def under_way(self, host: str) -> int:
        with self._changed:
            return sum(self._calls[host].values()) if host in self._calls else 0

    def _has_place(self, host: str, company: UUID) -> bool:
        if host not in self._calls:
            return True
        calls = self._calls[host]
        total, share = sum(calls.values()), max(1, self._slots // SHARE)
        if total < share:
            return True
        companies = self._companies()
        has_others = bool(companies - calls.keys() - {company})
        if total < (share if has_others else self._slots):
            return True
        # Its own part, beyond what the others hold: not without an end, or many companies at one
        # silent server would take everything after all.
        among = len(calls.keys() | {company})
        return calls[company] < max(1, share // among) and total < self._slots * SHARE

    def _forget(self, host: str, run_id: UUID) -> None:
        line = self._waiting.get(host)
        if line is not None:
            line.pop(run_id, None)
            if not line:
                del self._waiting[host]


class StepCalls:
    """The calls of one step. The first may find no place; after it the step goes on to its end."""

    def __init__(self, places: CallPlaces, run_id: UUID, company: UUID) -> None:
        self._places, self._run_id, self._company = places, run_id, company
        self._has_called = False

    @contextmanager
    def place(self, host: str) -> Iterator[None]:
        """Hold a place while a call is under way. Raises NoPlace."""
        self._places.enter(host, self._run_id, self._company, must=self._has_called)
        self._has_called = True
        try:
            yield
        finally:
            self._places.leave(host, self._company)
