"""The name under which version 0.1 queued the cancelling of many runs; the work is in `runs`."""

from workflows.services.runs.cancel_all import cancel_until

__all__ = ["cancel_until"]
