"""Whether an error says that the database is away or busy: nobody's mistake, and soon over."""

from enum import StrEnum
from typing import Final

import psycopg
from django.db import InterfaceError, OperationalError

_MAX_DEPTH: Final = 20  # errors that were raised because of one another


class Outage(StrEnum):
    """What is the matter with the database."""

    AWAY = "away"  # it cannot be reached, stops, or only reads, as after a failover
    BUSY = "busy"  # what was asked for is locked, or it has no room
    TOO_LONG = "too_long"  # the statement was stopped at its limit


# The first two characters of a state name its class.
_BY_STATE: Final = {
    "57014": Outage.TOO_LONG,
    "55P03": Outage.BUSY,  # lock_timeout
    "40": Outage.BUSY,  # a deadlock, or not serializable
    "53": Outage.BUSY,  # no connections, memory or disk left
    "08": Outage.AWAY,
    "57": Outage.AWAY,  # it stops or starts, or the session was ended
    "58": Outage.AWAY,  # its disk
    "25006": Outage.AWAY,  # it only reads
    "25P03": Outage.BUSY,  # idle for too long in a transaction
}
_UNREACHABLE: Final = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)


def outage_of(error: BaseException | None) -> Outage | None:
    """Return what `error`, or one that led to it, says about the database; None if nothing."""
    unreachable = None
    for _level in range(_MAX_DEPTH):
        if error is None:
            break
        state = getattr(error, "sqlstate", None) or ""
        found = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
        if found is not None and isinstance(error, psycopg.Error):
            return found
        if isinstance(error, _UNREACHABLE):
            unreachable = Outage.AWAY
        error = error.__cause__ or error.__context__
    return unreachable
