"""Pages of events: what happened, and why a workflow did or did not start."""
