"""Rows that look as if they had been made earlier."""

from datetime import datetime
from typing import Final
from uuid import UUID

from tenants.core.database.ids import lowest_id_at, uuid7

_AFTER_THE_TIME: Final = (1 << 80) - 1  # the bits of a UUIDv7 that are not its milliseconds


def id_at(moment: datetime) -> UUID:
    """Return an id as if the row had been made then: lists are sorted by it."""
    return UUID(int=lowest_id_at(moment).int | (uuid7().int & _AFTER_THE_TIME))
