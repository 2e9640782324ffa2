"""The database's clock, carried on by this process between two looks at it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic


@dataclass(frozen=True, slots=True)
class DatabaseClock:
    """Tells the database's time without asking again: the monotonic clock never jumps."""

    known: datetime
    at: float  # monotonic seconds when `known` was read

    @classmethod
    def read_as(cls, known: datetime) -> "DatabaseClock":
        """Start from what the database just said."""
        return cls(known, monotonic())

    def now(self) -> datetime:
        """Return the database's time, to within the round trip of the first look."""
        return self.known + timedelta(seconds=monotonic() - self.at)
