"""Bring events and the runs that wait for them together.

A run that parks says what it waits for: `wait_type` has the event type and the paths it compares,
`wait_match` a hash of the values. A worker takes new events (`matched_at` is null), works out for
each form of question that some run asks of that type the hash this event answers with, and wakes
those runs. A run looks back once it has parked and committed: so an event that was committed before
is found by the run, and one committed later by a worker. Nothing falls between.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from tenants.jsontext import storable
from workflows.definition.numbers import as_number
from workflows.definition.paths import lookup, parse_path
from workflows.engine.progress import AwaitedEvent
from workflows.runtime.database import as_json, rows

Json = Any
# Runs a statement on some connection: a slot's or the pump's own.
Run = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]

BATCH: Final = 500
# An event's id is made by its writer's clock, its created_at by the database's.
CLOCKS_APART: Final = timedelta(minutes=5)

IS_ANY_WAITING: Final = "SELECT EXISTS (SELECT 1 FROM workflow_runs WHERE wait_match IS NOT NULL)"

IS_ANY_NEW: Final = "SELECT EXISTS (SELECT 1 FROM workflow_events WHERE matched_at IS NULL)"

NEW_EVENTS: Final = """
SELECT id, tenant_id, type, created_at FROM workflow_events WHERE matched_at IS NULL
ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

MATCHED: Final = """
UPDATE workflow_events SET matched_at = now() WHERE id = ANY(%(ids)s) RETURNING 1
"""

# The forms of question asked of a type, from the index alone: one probe for each, however many
# runs wait. What begins with a text is a range of texts only where they are compared by their
# bytes: in the order of a language, signs like ":" and ";" hardly count.
FORMS: Final = """
WITH RECURSIVE form AS (
    (SELECT wait_type FROM workflow_runs
     WHERE tenant_id = %(tenant)s AND wait_type COLLATE "C" >= %(low)s
        AND wait_type COLLATE "C" < %(high)s AND wait_match IS NOT NULL
     ORDER BY wait_type COLLATE "C" LIMIT 1)
    UNION ALL
    SELECT (SELECT run.wait_type FROM workflow_runs run
        WHERE run.tenant_id = %(tenant)s AND run.wait_type COLLATE "C" > form.wait_type
            AND run.wait_type COLLATE "C" < %(high)s AND run.wait_match IS NOT NULL
        ORDER BY run.wait_type COLLATE "C" LIMIT 1)
    FROM form WHERE form.wait_type IS NOT NULL
)
SELECT wait_type FROM form WHERE wait_type IS NOT NULL
"""

PAYLOAD: Final = "SELECT payload FROM workflow_events WHERE id = %(event)s"

WAITING: Final = """
SELECT id, pending, event_id FROM workflow_runs
WHERE tenant_id = %(tenant)s AND wait_type COLLATE "C" = %(form)s
    AND wait_match COLLATE "C" = %(match)s AND status = 'waiting'
FOR UPDATE
"""

# Waking changes nothing but what the run finds, and when it is due; twice is the same as once.
WAKE: Final = """
UPDATE workflow_runs
SET due_at = now(), wake_reason = 'event', wait_match = NULL,
    pending = pending || jsonb_build_object('event', %(event)s::text)
WHERE id = %(id)s AND status = 'waiting' AND wait_match IS NOT NULL
RETURNING id
"""

ARRIVED: Final = """
SELECT payload FROM workflow_events WHERE tenant_id = %(tenant)s AND id = %(event)s::uuid
"""

SINCE: Final = """
SELECT id, payload, created_at FROM workflow_events
WHERE tenant_id = %(tenant)s AND type = %(type)s AND id >= %(low)s AND id > %(after)s
    AND created_at >= %(not_before)s
ORDER BY id LIMIT %(limit)s
"""


def question(awaited: AwaitedEvent) -> tuple[str, str]:
    """Return what a waiting run's columns say: wait_type and wait_match."""
    paths = sorted(awaited.match)
    form = _prefix(awaited.type) + json.dumps(paths)
    return form, _hash([_comparable(awaited.match[path]) for path in paths])


def match_new_events(run: Run) -> int:
    """Wake the runs that wait for events nobody has looked at yet; return how many events.

    To be called in a transaction: the events stay locked until their runs are woken.
    """
    events = run(NEW_EVENTS, {"limit": BATCH})
    if not events:
        return 0
    if run(IS_ANY_WAITING, {})[0][0]:
        forms: dict[tuple[UUID, str], list[str]] = {}
        for event_id, tenant_id, kind, created_at in events:
            if (tenant_id, kind) not in forms:
                forms[tenant_id, kind] = _forms(run, tenant_id, kind)
            if forms[tenant_id, kind]:
                event = (event_id, tenant_id, created_at)
                _wake_waiting(run, event, forms[tenant_id, kind])
    run(MATCHED, {"ids": [event[0] for event in events]})
    return len(events)


def look_back(run: Run, tenant_id: UUID, run_id: UUID, awaited: AwaitedEvent) -> bool:
    """Wake a run that has just parked, if the event it waits for is there already."""
    form, match = question(awaited)
    found = run(WAITING, {"tenant": tenant_id, "form": form, "match": match})
    row = next((row for row in found if row[0] == run_id), None)
    if row is None:
        return False
    pending, own_event = as_json(row[1]), row[2]
    not_before = datetime.fromisoformat(pending["not_before"])
    bound = {
        "tenant": tenant_id,
        "type": awaited.type,
        "low": _lowest_id(not_before - CLOCKS_APART),
        "not_before": not_before,
        "limit": BATCH,
    }
    after = UUID(pending["behind"]) if pending.get("behind") else UUID(int=0)
    while events := run(SINCE, {**bound, "after": after}):
        for event_id, payload, _created_at in events:
            if event_id != own_event and _answers(form, as_json(payload)) == match:
                return bool(run(WAKE, {"id": run_id, "event": str(event_id)}))
        after = events[-1][0]
    return False


def event_of(tenant_id: UUID, pending: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """Return the event that woke a run, if one did."""
    if "event" not in pending:
        return None
    found = rows(ARRIVED, {"tenant": tenant_id, "event": pending["event"]})
    payload = as_json(found[0][0]) if found else {}  # kept for less long than the run waited
    return {"payload": payload, "event_id": pending["event"]}


def _wake_waiting(run: Run, event: tuple[UUID, UUID, datetime], forms: Sequence[str]) -> None:
    event_id, tenant_id, created_at = event
    payload = as_json(run(PAYLOAD, {"event": event_id})[0][0])
    for form in forms:
        match = _answers(form, payload)
        if match is None:
            continue
        asked = {"tenant": tenant_id, "form": form, "match": match}
        for run_id, pending, own_event in run(WAITING, asked):
            if own_event != event_id and _counts(as_json(pending), event_id, created_at):
                run(WAKE, {"id": run_id, "event": str(event_id)})


def _counts(pending: Mapping[str, Json], event_id: UUID, created_at: datetime) -> bool:
    """Whether an event came late enough for a run that waits."""
    behind = pending.get("behind")
    is_new = not behind or event_id > UUID(behind)
    return is_new and created_at >= datetime.fromisoformat(pending["not_before"])


def _forms(run: Run, tenant_id: UUID, kind: str) -> list[str]:
    low = _prefix(kind)
    high = low[:-1] + chr(ord(low[-1]) + 1)
    return [row[0] for row in run(FORMS, {"tenant": tenant_id, "low": low, "high": high})]


def _prefix(kind: str) -> str:
    return f"event:{kind}:"


def _answers(form: str, payload: Json) -> str | None:
    """Return the hash an event answers with, or None: it has no such values."""
    paths = json.loads(form[form.index(":[") + 1 :])
    values = list(_values(paths, payload))
    return None if None in values else _hash(values)


def _values(paths: Sequence[str], payload: Json) -> Iterator[str | None]:
    for written in paths:
        path = parse_path(written)
        found = lookup(payload, path) if path and isinstance(payload, dict) else None
        is_scalar = isinstance(found, str | int | float | bool)
        yield _comparable(found) if is_scalar else None


def _comparable(value: Json) -> str:
    """Return a text that is the same for values that count as equal: 7, "7" and "7.0"."""
    if isinstance(value, bool):
        return str(value).lower()
    number = as_number(value)
    return f"{number.normalize():f}" if number is not None else str(value)


def _hash(values: Sequence[Json]) -> str:
    return sha256(storable(list(values)).encode()).hexdigest()


def _lowest_id(moment: datetime) -> UUID:
    """Return the lowest UUIDv7 of a moment."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))
