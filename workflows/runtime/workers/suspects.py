"""Claimed runs that ended their workers before, and might do so again: when they are executed."""

from collections import deque
from datetime import timedelta
from time import monotonic
from typing import Final

from workflows.runtime.runs.claims import Claim
from workflows.runtime.workers.slots import Slots

# For so long a suspect is left to workers that have nothing else under way, and waits, once it is
# claimed, for its own worker to have nothing else under way.
PATIENCE: Final = timedelta(seconds=5)
# Nothing else is begun in the first moments of a suspect that was begun alone. A run that ends its
# process mostly does so at once; and the others must not wait for as long as its step takes.
HEAD_START_SECONDS: Final = 1.0


class Suspects:
    """Begins suspects one by one: alone if that can be had soon, beside others if not."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._waiting: deque[tuple[Claim, float]] = deque()  # with the end of its patience
        self._alone_until = 0.0  # monotonic seconds
        self._others_had_a_turn = True  # since the last suspect that was begun alone

    def __len__(self) -> int:
        return len(self._waiting)

    def patience(self) -> timedelta:
        """Return for how long a suspect must have been due for this worker to take it now."""
        return PATIENCE if self._slots.busy or self._waiting else timedelta(0)

    def add(self, claim: Claim, patience: timedelta) -> None:
        """Let a claimed suspect wait. `patience` is the answer with which it was claimed."""
        # What was due for so long has waited for a quiet moment already, if not here.
        remaining = (PATIENCE - patience).total_seconds()
        self._waiting.append((claim, monotonic() + remaining))

    def take_back(self) -> Claim | None:
        """Return one that is not begun, and forget it."""
        return self._waiting.popleft()[0] if self._waiting else None

    def holds_others_back(self) -> bool:
        return monotonic() < self._alone_until

    def seconds_to_hold_back(self) -> float:
        """Return for how much longer nothing else may be begun."""
        if not self._slots.busy:
            self._alone_until = 0.0
        return max(0.0, self._alone_until - monotonic())

    def begin_one(self) -> None:
        if not self._waiting or not self._slots.free:
            return
        is_alone = not self._slots.busy and self._others_had_a_turn
        claim, patient_until = self._waiting[0]
        if not is_alone and monotonic() < patient_until:
            return
        self._waiting.popleft()
        if is_alone:
            self._alone_until = monotonic() + HEAD_START_SECONDS
            self._others_had_a_turn = False
        self._slots.submit(claim)

    def let_others_have_a_turn(self) -> None:
        """Note that other runs were claimed: the next suspect may hold them back again."""
        self._others_had_a_turn = True
