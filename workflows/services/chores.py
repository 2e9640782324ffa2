"""The names under which the timetable has the periodic tasks, also that of older workers."""

from workflows.services.operations.periodic_tasks import (
    carry_on_bulk_retries,
    count_problems,
    fire_due_schedules,
    forget_bulk_retries,
    forget_empty_lanes,
    forget_idempotency_keys,
    forget_notifications,
    forget_rehearsals,
    refresh_run_stats,
    tell_all_approvers,
    tell_owners,
    tell_superusers,
)

__all__ = [
    "carry_on_bulk_retries",
    "count_problems",
    "fire_due_schedules",
    "forget_bulk_retries",
    "forget_empty_lanes",
    "forget_idempotency_keys",
    "forget_notifications",
    "forget_rehearsals",
    "refresh_run_stats",
    "tell_all_approvers",
    "tell_owners",
    "tell_superusers",
]
