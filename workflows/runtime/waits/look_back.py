"""Find the event that a run waits for among those that have come already.

A run looks back before it parks, for what was committed before; and once more before a time-out or
a reminder counts, for what came in time and was not brought to it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tenants.core.database.ids import lowest_id_at, moment_of
from tenants.core.json import Json
from workflows.engine.progress import AwaitedEvent
from workflows.runtime.database import as_json, rows
from workflows.runtime.runs.claims import Claim
from workflows.runtime.waits.matching import BATCH, Place, Run, counts, read
from workflows.runtime.waits.wait_keys import is_answer

# An event's id is made by its writer's clock, its created_at by the database's.
CLOCKS_APART: Final = timedelta(minutes=5)
# No batch of events takes that long from its beginning, which is their matched_at, to its commit.
MAX_BATCH_TIME: Final = timedelta(minutes=5)
# Of a type; the events that a batch may have matched while a run was claimed are among them.
MAX_LOOKED_AT: Final = 10_000

ARRIVED: Final = """
SELECT payload FROM workflow_events WHERE tenant_id = %(tenant)s AND id = %(event)s::uuid
"""

RECEIVED: Final = "SELECT created_at FROM workflow_events WHERE id = %(event)s"

SINCE: Final = """
SELECT id, payload::text, created_at FROM workflow_events
WHERE tenant_id = %(tenant)s AND type = %(type)s AND id >= %(low)s AND id > %(after)s
    AND created_at >= %(not_before)s
ORDER BY id LIMIT %(limit)s
"""

# What a run that is claimed because its time is up may not have heard of: events that nobody has
# looked at yet, and those that were looked at while its row was a worker's.
UNHEARD: Final = """
SELECT id, payload::text, created_at FROM workflow_events
WHERE tenant_id = %(tenant)s AND type = %(type)s AND matched_at IS NULL
UNION ALL
SELECT id, payload::text, created_at FROM (
    SELECT id, payload, created_at, matched_at FROM workflow_events
    WHERE tenant_id = %(tenant)s AND type = %(type)s AND id >= %(low)s
    ORDER BY id DESC LIMIT %(most)s) AS newest
WHERE matched_at >= %(matched_after)s
"""


def look_back(
    run: Run, claim: Claim, pending: Mapping[str, Json], awaited: AwaitedEvent
) -> Mapping[str, Json] | None:
    """Return the event that a run is about to wait for, if it is there already.

    To be called once the run has said in its row what it waits for, with the row locked: what is
    committed later is left to it by those who match.
    """
    return _first(_since(run, claim, pending, awaited), claim, pending, awaited)


def last_look(
    run: Run, claim: Claim, pending: Mapping[str, Json], awaited: AwaitedEvent
) -> Mapping[str, Json] | None:
    """Return the event that had come before a run was claimed whose time is up, if one had."""
    not_before = datetime.fromisoformat(pending["not_before"])
    asked = {
        "tenant": claim.tenant_id,
        "type": awaited.type,
        "low": lowest_id_at(not_before - CLOCKS_APART),
        "matched_after": claim.claimed_at - MAX_BATCH_TIME,
        "most": MAX_LOOKED_AT,
    }
    found = sorted(run(UNHEARD, asked), key=lambda row: row[0])
    return _first(found, claim, pending, awaited)


def event_of(tenant_id: UUID, pending: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """Return the event that woke a run, if one did."""
    if "event" not in pending:
        return None
    found = rows(ARRIVED, {"tenant": tenant_id, "event": pending["event"]})
    payload = as_json(found[0][0]) if found else {}  # kept for less long than the run waited
    return {"payload": payload, "event_id": pending["event"]}


def bounds(run: Run, claim: Claim, awaited: AwaitedEvent) -> dict[str, Json]:
    """Return which events count for a run that parks: what its row keeps of it.

    None from before the run began, but for its look back, and none that ended this wait before, in
    a loop. Where not all of those are known any more, none from before the oldest known one.
    """
    kept: dict[str, Json] = {"not_before": (claim.created_at - awaited.look_back).isoformat()}
    if not awaited.behind:
        return kept
    kept |= {"behind": awaited.behind, "seen": list(awaited.seen)}
    if not awaited.knows_all:
        oldest = UUID(awaited.seen[0])
        found = run(RECEIVED, {"event": oldest})
        received = found[0][0] if found else moment_of(oldest)
        kept["floor"] = [received.isoformat(), str(oldest)]
    return kept


def _since(
    run: Run, claim: Claim, pending: Mapping[str, Json], awaited: AwaitedEvent
) -> Iterator[tuple[Any, ...]]:
    """Yield the events of a type that may count for a run, by their ids."""
    not_before = datetime.fromisoformat(pending["not_before"])
    asked = {
        "tenant": claim.tenant_id,
        "type": awaited.type,
        "low": lowest_id_at(not_before - CLOCKS_APART),
        "not_before": not_before,
        "limit": BATCH,
    }
    after = UUID(int=0)
    while events := run(SINCE, {**asked, "after": after}):
        yield from events
        after = events[-1][0]


def _first(
    events: Iterable[tuple[Any, ...]],
    claim: Claim,
    pending: Mapping[str, Json],
    awaited: AwaitedEvent,
) -> Mapping[str, Json] | None:
    """Return the first event, in the database's order, that a run waits for; they come by id."""
    first: tuple[Place, Json] | None = None
    for event_id, text, created_at in events:
        place = (created_at, event_id)
        if first is not None and event_id > lowest_id_at(first[0][0] + CLOCKS_APART):
            break  # whatever comes now was received later
        if event_id == claim.event_id or not counts(pending, place):
            continue
        if (first is None or place < first[0]) and is_answer(
            awaited.match, payload := read(text, event_id)
        ):
            first = (place, payload)
    return {"payload": first[1], "event_id": str(first[0][1])} if first else None
