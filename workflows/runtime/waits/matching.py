"""Bring events and the runs that wait for them together.

A run that parks says what it waits for (`wait_keys`). A worker takes new events (`matched_at` is
null), works out for each form of question that some run asks of that type what this event answers,
and wakes those runs. A run says so, commits, looks back (`look_back`), and parks: so an event that
was committed before is found by the run, and one committed later by a worker.

Whoever matches never waits for the row of a run while it holds another: an event whose run is
locked stays new, for the next look.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tenants.core.json import Json
from tenants.core.json.jsontext import loads
from tenants.core.values.moments import BOUNDED_SQL
from workflows.runtime.waits.wait_keys import answers, is_answer, paths_in, question, range_of

__all__ = ["BATCH", "WAKE", "Place", "Run", "counts", "match_new_events", "question", "read"]

logger = logging.getLogger(__name__)

# Runs a statement on some connection: a slot's or the dispatcher's own.
Run = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
# An event in the order of the database: when it was received, and its id.
Place = tuple[datetime, UUID]

BATCH: Final = 500

IS_ANY_WAITING: Final = "SELECT EXISTS (SELECT 1 FROM workflow_runs WHERE wait_match IS NOT NULL)"

IS_ANY_NEW: Final = "SELECT EXISTS (SELECT 1 FROM workflow_events WHERE matched_at IS NULL)"

NEW_EVENTS: Final = f"""
SELECT id, tenant_id, type, {BOUNDED_SQL.format(column="created_at")} FROM workflow_events
WHERE matched_at IS NULL AND id > %(after)s
ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""  # noqa: S608  # of a constant

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

# The paths of a form that is too long to name them, from any run that asks so.
PATHS: Final = """
SELECT (pending -> 'input' -> 'match')::text FROM workflow_runs
WHERE tenant_id = %(tenant)s AND wait_type COLLATE "C" = %(form)s AND wait_match IS NOT NULL
LIMIT 1
"""

# As text: one that cannot be read is no trouble of the others.
PAYLOAD: Final = "SELECT payload::text FROM workflow_events WHERE id = %(event)s"

# Those that are looking back at this moment ask as well: until they have parked, an event that they
# may not see stays new.
ASKING: Final = """
SELECT id FROM workflow_runs
WHERE tenant_id = %(tenant)s AND wait_type COLLATE "C" = %(form)s
    AND wait_match COLLATE "C" = ANY(%(matches)s)
    AND (status = 'waiting' OR status = 'running' AND pending ? 'looks_back')
"""

LOCKED: Final = """
SELECT id, pending::text, event_id FROM workflow_runs
WHERE id = ANY(%(ids)s) AND status = 'waiting' AND wait_match COLLATE "C" = ANY(%(matches)s)
ORDER BY id FOR UPDATE SKIP LOCKED
"""

# Waking changes nothing but what the run finds, and when it is due; twice is the same as once.
WAKE: Final = """
UPDATE workflow_runs
SET due_at = now(), wake_reason = 'event', wait_match = NULL,
    pending = pending || jsonb_build_object('event', %(event)s::text)
WHERE id = %(id)s AND status = 'waiting' AND wait_match IS NOT NULL
RETURNING id
"""

# What a run waits for cannot be read: no event would ever be its own. A worker looks at the run
# itself, which goes on to wait as it should, or fails with a code.
WAKE_UNREADABLE: Final = """
WITH found AS (
    SELECT id FROM workflow_runs
    WHERE tenant_id = %(tenant)s AND wait_type COLLATE "C" = %(form)s AND wait_match IS NOT NULL
        AND status = 'waiting' AND (%(id)s::uuid IS NULL OR id = %(id)s)
    FOR UPDATE SKIP LOCKED
)
UPDATE workflow_runs run SET due_at = now(), wake_reason = 'event', wait_match = NULL
FROM found WHERE run.id = found.id
RETURNING run.id
"""

# An event that could not be compared says so on its page, among what listened.
NOT_MATCHED: Final = """
UPDATE workflow_events SET evaluations = CASE jsonb_typeof(evaluations) WHEN 'array'
    THEN evaluations ELSE '[]' END || jsonb_build_array(jsonb_build_object('started', false,
    'definition_id', '', 'name', '', 'version', '', 'reason', %(code)s::text))
WHERE id = %(event)s
RETURNING id
"""
UNREADABLE_EVENT: Final = "unreadable_event"

# What reading something raises that is not what it should be. Never the database's own errors:
# they end the transaction.
MALFORMED: Final = (
    ValueError,  # of JSON, numbers, dates, ids
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


def match_new_events(run: Run) -> int:
    """Wake the runs that wait for events nobody has looked at yet.

    Returns how many events were looked at, of which at least one is done with; 0: there is nothing
    to be done now. To be called in a transaction: the events stay locked until their runs are
    woken.
    """
    after = UUID(int=0)
    while events := run(NEW_EVENTS, {"after": after, "limit": BATCH}):
        done = _done(run, events)
        if done:
            run(MATCHED, {"ids": done})
            return len(events)
        after = events[-1][0]
    return 0


def _done(run: Run, events: Sequence[tuple[Any, ...]]) -> list[UUID]:
    """Wake who waits for these events; return those that need no second look."""
    if not run(IS_ANY_WAITING, {})[0][0]:
        return [event[0] for event in events]
    done: list[UUID] = []
    forms: dict[tuple[UUID, str], list[str]] = {}
    # The order in which the database received them.
    for event_id, tenant_id, kind, created_at in sorted(events, key=lambda one: (one[3], one[0])):
        if (tenant_id, kind) not in forms:
            forms[tenant_id, kind] = _forms(run, tenant_id, kind)
        asked = forms[tenant_id, kind]
        event = (event_id, tenant_id, created_at)
        if not asked or not _wake_if_readable(run, event, asked):
            done.append(event_id)
    return done


def _wake_if_readable(run: Run, event: tuple[UUID, UUID, datetime], forms: Sequence[str]) -> bool:
    """Do `_wake_waiting`; an event that cannot be compared is marked so, and done with."""
    try:
        return _wake_waiting(run, event, forms)
    except MALFORMED as problem:
        facts = {"event": str(event[0]), "reason": f"{type(problem).__name__}: {problem}"}
        logger.warning("event_unreadable", extra=facts)
        run(NOT_MATCHED, {"event": event[0], "code": UNREADABLE_EVENT})
        return False


def _wake_waiting(run: Run, event: tuple[UUID, UUID, datetime], forms: Sequence[str]) -> bool:
    """Wake the runs that wait for an event; return whether it has to be looked at once more."""
    event_id, tenant_id, created_at = event
    payload = loads(run(PAYLOAD, {"event": event_id})[0][0])
    is_left = False
    for form in forms:
        paths = _paths(run, tenant_id, form)
        if paths is None:
            continue
        asked: dict[str, Any] = {"matches": list(answers(paths, payload))}
        if not asked["matches"]:
            continue
        asking = [row[0] for row in run(ASKING, {**asked, "tenant": tenant_id, "form": form})]
        locked = run(LOCKED, {**asked, "ids": asking}) if asking else []
        is_left = is_left or len(locked) < len(asking)
        for run_id, kept, own_event in locked:
            if own_event == event_id:
                continue
            is_own = _is_own(kept, payload, (created_at, event_id))
            if is_own is None:
                _wake_unreadable(run, tenant_id, form, run_id)
            elif is_own:
                run(WAKE, {"id": run_id, "event": str(event_id)})
    return is_left


def _is_own(kept: str, payload: Json, place: Place) -> bool | None:
    """Whether a run waits for an event; None: what it waits for cannot be read."""
    try:
        pending = loads(kept)
        return counts(pending, place) and is_answer(pending["input"]["match"], payload)
    except MALFORMED:
        return None


def _wake_unreadable(run: Run, tenant_id: UUID, form: str, run_id: UUID | None = None) -> None:
    """Let a worker look at the runs that ask so, or at one of them."""
    for (found,) in run(WAKE_UNREADABLE, {"tenant": tenant_id, "form": form, "id": run_id}):
        logger.warning("wait_unreadable", extra={"run": str(found)})


def counts(pending: Mapping[str, Json], place: Place) -> bool:
    """Whether an event came late enough for a run that waits, and has not ended this wait before.

    By the database's clock: the ids of events are made by clocks of many hosts.
    """
    created_at, event_id = place
    if created_at < datetime.fromisoformat(pending["not_before"]):
        return False
    if "seen" not in pending:
        behind = pending.get("behind")  # of a run that an older release parked
        return not behind or event_id > UUID(behind)
    floor = pending.get("floor")
    is_new = floor is None or place > (datetime.fromisoformat(floor[0]), UUID(floor[1]))
    return is_new and str(event_id) not in pending["seen"]


def _forms(run: Run, tenant_id: UUID, kind: str) -> list[str]:
    low, high = range_of(kind)
    return [row[0] for row in run(FORMS, {"tenant": tenant_id, "low": low, "high": high})]


def _paths(run: Run, tenant_id: UUID, form: str) -> list[str] | None:
    """Return the paths that a form of question compares; None: nobody asks so any more."""
    try:
        paths = paths_in(form)
        if paths is None:
            found = run(PATHS, {"tenant": tenant_id, "form": form})
            paths = sorted(loads(found[0][0])) if found else None
        if paths is not None:
            answers(paths, None)  # whether they are paths
    except MALFORMED:
        _wake_unreadable(run, tenant_id, form)
        return None
    return paths


def read(text: str, event_id: UUID) -> Json:
    """Return a payload, or None where it cannot be read: it answers nothing then."""
    try:
        return loads(text)
    except (ValueError, RecursionError) as problem:
        facts = {"event": str(event_id), "reason": f"{type(problem).__name__}: {problem}"}
        logger.warning("event_unreadable", extra=facts)
        return None
