"""How many requests of one person are worked on at once, in one process."""

from collections import Counter
from threading import Condition


class RequestPlaces:
    """Counts who has how many requests under way. Threads share it."""

    def __init__(self, most: int, most_waiting: int, wait_seconds: float) -> None:
        self._most, self._most_waiting, self._wait_seconds = most, most_waiting, wait_seconds
        self._changed = Condition()
        self._taken: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()

    def take(self, who: str) -> bool:
        """Take a place; return whether there was one.

        Few may wait for it, and not for long: somebody who opens several pages from a list gets
        them all, and who asks for fifty holds no more threads than `most` and `most_waiting`.
        """
        with self._changed:
            if not self._is_free(who):
                if self._waiting[who] >= self._most_waiting:
                    return False
                self._waiting[who] += 1
                try:
                    self._changed.wait_for(lambda: self._is_free(who), self._wait_seconds)
                finally:
                    _less(self._waiting, who)
                if not self._is_free(who):
                    return False
            self._taken[who] += 1
            return True

    def give_back(self, who: str) -> None:
        with self._changed:
            _less(self._taken, who)
            self._changed.notify_all()

    def taken(self) -> int:
        with self._changed:
            return self._taken.total()

    def _is_free(self, who: str) -> bool:
        return self._taken[who] < self._most


def _less(counts: Counter[str], who: str) -> None:
    """Count one less, and forget who has none: there are more people than memory."""
    counts[who] -= 1
    if counts[who] <= 0:
        del counts[who]
