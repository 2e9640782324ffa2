"""Schedules: which times they have, and firing those that are due, each time exactly once.

Due schedules are claimed with their row locks, fired through the one `fire`, and moved on to their
next times in one transaction. So however many hosts look, one of them fires a time; one that dies
before its commit has done nothing, and the next look finds them due again. The clock is the
database's.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models.functions import Now

from tenants.core.json import Json, strict_json
from tenants.core.values.zones import zone_named
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import WorkflowDefinition
from workflows.models.schedule import MissedPolicy, WorkflowSchedule
from workflows.runtime.database import database_now
from workflows.services.events.fire import Fired, fire
from workflows.services.operations.pace import Pace
from workflows.services.schedules.cron import UnreadableCron
from workflows.services.schedules.timetable import Timetable

logger = logging.getLogger(__name__)

# So many share a transaction. Those behind them are free for the other hosts.
BATCH_SIZE: Final = 20
# Of a policy that makes up for every missed time: so many at most, the newest.
MAX_MADE_UP: Final = 100
# A time that is done later than this was missed.
ON_TIME: Final = timedelta(minutes=1)

UNREADABLE_ROW: Final = "unreadable_row"
NOT_FIRED: Final = "not_fired"
# Each process's own: when to try those again that could not be fired.
pace = Pace()

# A frozen process must not keep a schedule locked: the others skip locked ones.
LIMITS: Final = """
SELECT set_config('idle_in_transaction_session_timeout', '10s', true),
       set_config('statement_timeout', '10s', true)
"""


def zone_of(schedule: WorkflowSchedule) -> ZoneInfo:
    """Return the schedule's own time zone, or else its tenant's. Raises UnreadableCron."""
    if not schedule.time_zone:
        zone: ZoneInfo = schedule.tenant.zone
        return zone
    found = zone_named(schedule.time_zone)
    if found is None:
        raise UnreadableCron("zone", schedule.time_zone)
    return found


def next_times(schedule: WorkflowSchedule, count: int = 5) -> list[datetime]:
    """Return the next times from now, in the schedule's zone. Raises UnreadableCron."""
    zone = zone_of(schedule)
    times = Timetable.read(schedule.cron).times_after(database_now(), zone)
    return [struck.astimezone(zone) for struck in islice(times, count)]


def times_to_fire(
    schedule: WorkflowSchedule, planned: datetime, now: datetime
) -> Sequence[datetime]:
    """Return which of the times from `planned` to `now` to fire, in order, by the policy.

    Raises UnreadableCron.
    """
    struck = _struck(Timetable.read(schedule.cron), zone_of(schedule), planned, now)
    match schedule.missed_policy:
        case MissedPolicy.ALL:
            return struck
        case MissedPolicy.SKIP:
            return [time for time in struck[-1:] if now - time <= ON_TIME]
        case _:
            return struck[-1:]


def save_schedule(
    tenant: Tenant, actor: str, schedule: WorkflowSchedule, *, moved: bool = True
) -> None:
    """Store what somebody wrote. `moved`: its times are other ones, counted from now.

    Without that the next time stays: counted anew, one that is due this second would be lost.
    Raises UnreadableCron, having changed nothing.
    """
    written = {"name", "key", "event_type", "payload", "cron", "time_zone", "missed_policy"}
    written.add("changed_by")
    with tenant_scope(tenant):
        schedule.tenant, schedule.changed_by = tenant, actor
        if moved:
            written |= {"is_active", "next_at"}
            schedule.error_code = None
            written.add("error_code")
            schedule.next_at = next_times(schedule, 1)[0] if schedule.is_active else None
        if schedule._state.adding:
            schedule.save()
        else:
            # Never last_at: a worker may have written it since the row was read.
            schedule.save(update_fields=sorted(written))
    logger.info("schedule_saved", extra={"schedule": str(schedule.pk), "actor": actor})


def fire_now(
    tenant: Tenant, actor: str, schedule: WorkflowSchedule, payload: Mapping[str, Json]
) -> Fired:
    """Fire the schedule's event now, once more than by the clock; its next time stays.

    Raises UnreadableCron if its clock is unknown, and BadJson.
    """
    now = database_now().astimezone(zone_of(schedule)).isoformat()
    sent = {**payload, "scheduled_at": now}
    with tenant_scope(tenant), transaction.atomic():
        fired = fire(tenant, schedule.event_type, sent, actor=actor, source="manual")
    logger.info("schedule_fired_by_hand", extra={"schedule": str(schedule.pk), "actor": actor})
    return fired


def set_active(tenant: Tenant, actor: str, schedule: WorkflowSchedule, active: bool) -> None:
    """Switch on, counting its times from now, or off. Raises UnreadableCron."""
    with tenant_scope(tenant):
        schedule.is_active, schedule.changed_by = active, actor
        schedule.next_at = next_times(schedule, 1)[0] if active else None
        schedule.error_code = None
        schedule.save(update_fields=["is_active", "next_at", "error_code", "changed_by"])
    logger.info("schedule_switched", extra={"schedule": str(schedule.pk), "actor": actor})


def follow_clock(tenant: Tenant) -> None:
    """Plan anew the schedules that go by the tenant's own clock, whose zone may have changed."""
    with tenant_scope(tenant):
        own = WorkflowSchedule.objects.filter(tenant=tenant, time_zone="", is_active=True)
        own = own.defer("payload")
        # Those that are due stay so: their time has come already.
        for schedule in own.filter(next_at__gt=Now()).select_for_update(of=("self",)):
            schedule.tenant = tenant
            try:
                schedule.next_at = next_times(schedule, 1)[0]
            except UnreadableCron as trouble:
                _put_aside(schedule.pk, trouble.code)
                continue
            schedule.save(update_fields=["next_at"])


def listeners_of(schedule: WorkflowSchedule) -> list[WorkflowDefinition]:
    """Return the workflows that the schedule starts, by name."""
    listening = WorkflowDefinition.objects.filter(
        tenant_id=schedule.tenant_id, is_active=True, archived_at=None
    )
    found = listening.filter(trigger_types__contains=[schedule.event_type])
    return list(found.order_by("name"))


def fire_due(paced: Pace = pace) -> int:
    """Fire every schedule that is due; return how many events."""
    # What failed a moment ago is not tried again in this second, nor in the next.
    set_aside = {one for one in paced.resting() if isinstance(one, UUID)}
    fired = 0
    while (events := _fire_some(set_aside, paced)) is not None:
        fired += events
    return fired


def _fire_some(set_aside: set[UUID], paced: Pace) -> int | None:
    """Fire those that wait longest; return how many events, or None if none is due."""
    with transaction.atomic():
        due = _claim(set_aside)
        return sum(_fire_alone(one, set_aside, paced) for one in due) if due else None


def _claim(set_aside: set[UUID]) -> Sequence[UUID]:
    """Lock those that wait longest. Only their ids: one that cannot be read locks nobody out."""
    with connection.cursor() as cursor:
        cursor.execute(LIMITS)
    due = WorkflowSchedule.objects.filter(is_active=True, next_at__lte=Now())
    free = due.exclude(pk__in=set_aside).select_for_update(skip_locked=True, of=("self",))
    return list(free.order_by("next_at").values_list("id", flat=True)[:BATCH_SIZE])


def _fire_alone(schedule_id: UUID, set_aside: set[UUID], paced: Pace) -> int:
    """Fire one. What is wrong with it must not hold up the others."""
    try:
        # A savepoint: what fails in it is undone by itself.
        with transaction.atomic():
            fired = _fire(_read(schedule_id))
    except UnreadableCron as trouble:
        # Looked at again and again it would only fill the log. Its page says what is wrong.
        _put_aside(schedule_id, trouble.code, str(trouble))
    except Exception:
        if connection.connection is None or connection.connection.closed:
            raise  # trouble of all of them
        set_aside.add(schedule_id)
        paced.failed(schedule_id)
        _note_failure(schedule_id)
    else:
        paced.went_well(schedule_id)
        return fired
    return 0


def _read(schedule_id: UUID) -> Any:
    """Return a schedule that can be fired. Raises UnreadableCron for what is none."""
    found = WorkflowSchedule.objects.select_related("tenant").annotate(now=Now())
    try:
        schedule = found.get(pk=schedule_id)
        if not isinstance(schedule.payload, dict):
            raise TypeError("its payload is no object")
        strict_json.check(schedule.payload)
    except (ValueError, TypeError, AttributeError, RecursionError) as trouble:
        raise UnreadableCron(UNREADABLE_ROW, f"{type(trouble).__name__}: {trouble}") from None
    return schedule


def _put_aside(schedule_id: UUID, code: str, reason: str = "") -> None:
    """Let a schedule rest until somebody corrects it; its page says why."""
    logger.error(
        "schedule_unreadable", extra={"schedule": str(schedule_id), "code": code, "reason": reason}
    )
    WorkflowSchedule.objects.filter(pk=schedule_id).update(next_at=None, error_code=code)


def _note_failure(schedule_id: UUID) -> None:
    """Say at a schedule that it does not fire; it is tried again, ever more rarely."""
    own = WorkflowSchedule.objects.filter(pk=schedule_id)
    changed = own.filter(error_code=None).update(error_code=NOT_FIRED)
    level = logging.ERROR if changed else logging.DEBUG  # once, not at every look
    logger.log(level, "schedule_failed", extra={"schedule": str(schedule_id)}, exc_info=True)


def _fire(schedule: Any) -> int:
    planned, now = schedule.next_at, schedule.now
    times, zone = times_to_fire(schedule, planned, now), zone_of(schedule)
    schedule.next_at = next(Timetable.read(schedule.cron).times_after(now, zone))
    for time in times:
        payload = {**schedule.payload, "scheduled_at": time.astimezone(zone).isoformat()}
        actor = f"schedule:{schedule.key}"
        fire(
            schedule.tenant,
            schedule.event_type,
            payload,
            actor=actor,
            initiator=schedule.changed_by,
            source="schedule",
        )
    schedule.last_at = times[-1] if times else schedule.last_at
    schedule.error_code = None
    schedule.save(update_fields=["next_at", "last_at", "error_code"])
    return len(times)


def _struck(
    timetable: Timetable, zone: ZoneInfo, planned: datetime, now: datetime
) -> list[datetime]:
    """Return the newest MOST_MADE_UP times from `planned` to `now`, in order."""
    span = timedelta(hours=3)
    while True:
        # Looked for from the end: a minute's schedule after a year of rest has half a million.
        start = max(planned, now - span)
        found = list(takewhile(lambda time: time <= now, timetable.times_after(start, zone)))
        if start == planned:
            return [planned, *found][-MAX_MADE_UP:]
        if len(found) >= MAX_MADE_UP:
            return found[-MAX_MADE_UP:]
        span *= 8
