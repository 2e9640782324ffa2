"""Moments that a row holds and Python cannot: PostgreSQL's calendar is longer, and has infinities.

A list, a matcher or a chore that reads many rows would fail over the one. Such a moment is read as
the first or the last day of Python's calendar, one day from its ends: a time zone has to fit in.
"""

from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from django.db.backends.postgresql import psycopg_any  # type: ignore[attr-defined]  # its stubs

FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)

# The same in a statement, for connections that are not Django's.
BOUNDED_SQL: Final = """CASE WHEN {column} > timestamptz '9999-12-31 00:00:00+00'
        THEN timestamptz '9999-12-31 00:00:00+00'
        WHEN {column} < timestamptz '0001-01-02 00:00:00+00'
        THEN timestamptz '0001-01-02 00:00:00+00' ELSE {column} END"""


class BoundedTzLoader(psycopg_any.BaseTzLoader):  # type: ignore[misc]  # its stubs leave it out
    """Django's own, which raises DataError for such a moment."""

    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return _bounded(data).replace(tzinfo=self.timezone)


def bound_all() -> None:
    # Django makes a loader for each time zone from this class, and offers no way to name another.
    psycopg_any.BaseTzLoader = BoundedTzLoader


def _bounded(data: Any) -> datetime:
    text = bytes(data)
    return FIRST if text.startswith(b"-") or text.endswith(b"BC") else LAST
