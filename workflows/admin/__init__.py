"""Admin pages of workflows, runs and events."""

from workflows.admin import (
    definitions,
    events,
    message_templates,
    runs,
    versions,
    workers,
)

__all__ = ["definitions", "events", "message_templates", "runs", "versions", "workers"]
