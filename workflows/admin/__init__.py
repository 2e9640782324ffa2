"""Admin pages of workflows, runs and events."""

from workflows.admin import (
    definitions,
    events,
    message_templates,
    runs,
    schedules,
    versions,
    workers,
)

__all__ = [
    "definitions",
    "events",
    "message_templates",
    "runs",
    "schedules",
    "versions",
    "workers",
]
