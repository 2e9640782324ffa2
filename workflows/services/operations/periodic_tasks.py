"""What the cluster `tasks` does by the clock: forget what is old, refresh the figures."""

from datetime import timedelta

from django.db import connection
from django_q.models import Schedule

from workflows.models.idempotency import WorkflowIdempotency
from workflows.runtime.database import database_now
from workflows.services.approvals.mails import tell_approvers
from workflows.services.bulk_retries import carrying_on, choosing
from workflows.services.dry_run.test_runs import forget_old
from workflows.services.operations import alerts, overdue
from workflows.services.problems import fold
from workflows.services.runs import stats as run_stats
from workflows.services.schedules.firing import fire_due

# As long as Stripe goes on sending a webhook that was not answered.
IDEMPOTENCY_HOURS = 72

# A key is used once and never again, as often as not. Whoever needs the lane later makes it anew;
# one that somebody holds locked at this moment is left for the next time.
FORGET_EMPTY_LANES = """
DELETE FROM workflow_lanes WHERE id IN (SELECT lane.id FROM workflow_lanes lane
    WHERE holders = 0 AND key <> '' AND NOT EXISTS (SELECT 1 FROM workflow_runs run
        WHERE run.definition_id = lane.definition_id AND run.lane = lane.key
            AND run.due_at IS NOT NULL)
    FOR UPDATE SKIP LOCKED)
"""

# While a question is open somebody may still be told of it, and nobody twice.
FORGET_NOTIFICATIONS = """
DELETE FROM workflow_notifications WHERE kind = 'approval' AND NOT EXISTS (
    SELECT 1 FROM workflow_approvals approval WHERE approval.id::text = subject
        AND approval.decided_at IS NULL AND approval.closed_at IS NULL)
"""

CHORES = {
    "forget_idempotency_keys": 60,  # minutes between two times
    "forget_notifications": 60,
    "forget_empty_lanes": 60,
    "tell_owners": 1,
    "tell_superusers": 1,
    "refresh_run_stats": 1,
    # Behind the ticker (workflows.triggers.ticker), which looks every second.
    "fire_due_schedules": 1,
    # Behind the look of every few seconds (workflows.triggers.telling).
    "tell_all_approvers": 1,
    "forget_rehearsals": 60,
    # Both behind the look of every second (workflows.triggers.recovering).
    "count_problems": 1,
    "carry_on_bulk_retries": 1,
    "forget_bulk_retries": 60,
}

# Of a chore that the clock of every second has left something to do.
CHORE_SECONDS = 10.0


def plan_chores() -> None:
    """Write the chores into django-q2's timetable, once for all worker groups.

    Raises DatabaseError while the database is away.
    """
    for name, minutes in CHORES.items():
        Schedule.objects.update_or_create(
            name=f"sayr.{name}",
            defaults={
                "func": f"workflows.services.chores.{name}",
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
            },
        )


def forget_idempotency_keys() -> int:
    """Delete the keys that no caller repeats any more; return how many."""
    limit = database_now() - timedelta(hours=IDEMPOTENCY_HOURS)
    deleted, _by_model = WorkflowIdempotency.objects.filter(created_at__lt=limit).delete()
    return deleted


def forget_notifications() -> int:
    """Delete what was told of questions that nobody can answer any more; return how many."""
    return _count(FORGET_NOTIFICATIONS)


def forget_empty_lanes() -> int:
    """Delete the lanes of keys that no run has any more; return how many."""
    return _count(FORGET_EMPTY_LANES)


def _count(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def tell_owners() -> int:
    """Mail the owners of workflows whose runs fail; return how many mails."""
    return alerts.tell_owners()


def tell_superusers() -> int:
    """Mail the superusers if due work is not being claimed; return how many mails."""
    return overdue.tell_superusers()


def fire_due_schedules() -> int:
    """Fire the schedules that every ticker has missed; return how many events."""
    return fire_due()


def tell_all_approvers() -> int:
    """Mail the approvers whom every other look has missed; return how many mails."""
    return tell_approvers()


def forget_rehearsals() -> int:
    """Delete old test runs and backtests; return how many."""
    return forget_old()


def refresh_run_stats() -> None:
    """Count the runs of every hour in which something has happened again."""
    run_stats.refresh()


def count_problems() -> int:
    """Count failures that every other look has missed in their problems; return how many."""
    return fold.refresh(seconds=CHORE_SECONDS)


def carry_on_bulk_retries() -> int:
    """Retry what every other look has missed of the jobs under way; return how many runs."""
    return carrying_on.carry_on(CHORE_SECONDS)


def forget_bulk_retries() -> int:
    """Delete the jobs that nobody started; return how many."""
    return choosing.forget_unstarted()
