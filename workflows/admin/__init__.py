"""Admin pages of workflows, runs and events."""

from workflows.admin import (
    approvals,
    definitions,
    events,
    message_templates,
    runs,
    schedules,
    versions,
    workers,
)

__all__ = [
    "approvals",
    "definitions",
    "events",
    "message_templates",
    "runs",
    "schedules",
    "versions",
    "workers",
]
