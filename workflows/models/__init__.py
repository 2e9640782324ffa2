"""One file per concept. Import a model from its own module; this file only loads them."""

from workflows.models import (
    approval,
    bulk_retry,
    definition,
    event,
    idempotency,
    lane,
    notification,
    problem,
    rehearsal,
    run,
    run_history,
    run_stats,
    schedule,
    version,
    worker,
)

__all__ = [
    "approval",
    "bulk_retry",
    "definition",
    "event",
    "idempotency",
    "lane",
    "notification",
    "problem",
    "rehearsal",
    "run",
    "run_history",
    "run_stats",
    "schedule",
    "version",
    "worker",
]
