"""How often a failed step is tried again, and after which wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from workflows.definition.values.windows import parse_duration


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try a step again.

    These defaults stand for a step that says nothing: three tries, 10 s and 30 s apart. Only
    temporary failures are tried again; a permanent one would fail the same way.
    """

    attempts: int = 3  # the first try included
    delay: timedelta = timedelta(seconds=10)
    backoff: float = 3  # each wait is this many times the one before
    max_delay: timedelta = timedelta(hours=1)

    @property
    def in_all(self) -> timedelta:
        """How long after the first try the last one is, at most."""
        waits = (self.delay_after(attempt, 0) for attempt in range(1, self.attempts))
        return sum((wait for wait in waits if wait is not None), timedelta(0))

    def delay_after(self, attempt: int, jitter: float) -> timedelta | None:
        """Return the wait after failed `attempt` (1-based), or None to give up.

        `jitter` is in [0, 1) and takes up to a tenth off the wait, so that steps which failed
        together do not come back together.
        """
        if attempt >= self.attempts:
            return None
        wait = min(self.delay, self.max_delay)
        # Grow step by step: `backoff ** attempt` overflows long before the cap helps.
        for _ in range(attempt - 1):
            if wait >= self.max_delay:
                break
            wait = min(wait * self.backoff, self.max_delay)
        return wait * (1 - 0.1 * jitter)


def load_retry(retry: Mapping[str, Any]) -> RetryPolicy:
    """Return the policy that a document's `retry` writes; what it leaves out is the default."""
    usual = RetryPolicy()
    delay = parse_duration(retry.get("delay")) or usual.delay
    return RetryPolicy(
        attempts=retry.get("attempts", usual.attempts),
        delay=delay,
        backoff=retry.get("backoff", usual.backoff),
        # A longer delay than the usual cap is meant: only a cap in the document holds it back.
        max_delay=parse_duration(retry.get("max_delay")) or max(delay, usual.max_delay),
    )
