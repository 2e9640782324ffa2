"""How the work is going, in a few numbers that belong to no tenant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workflows import conf
from workflows.runtime.database import rows

# Per tenant, as the claim looks: the first entries of an index of live runs. A run put back after
# its worker died is due in 1970, at once, which says nothing about how long it waits.
LOOK: Final = """
SELECT
    (SELECT max(now() - found.due_at) FROM tenants CROSS JOIN LATERAL (
        SELECT due_at FROM workflow_runs run
        WHERE run.tenant_id = tenants.id AND run.due_at <= now() AND run.due_at >= run.created_at
            AND run.status IN ('queued', 'waiting')
        ORDER BY run.due_at LIMIT 1) found
    WHERE tenants.paused_at IS NULL),
    (SELECT count(*) FROM workflow_workers WHERE beat_at > now() - %(lease)s::interval),
    (SELECT max(beat_at) FROM workflow_workers)
"""

# Longer than this and nobody seems to be working: a worker looks every second.
LATE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Health:
    """One look at the work."""

    oldest_due: timedelta | None  # how long the run that waits longest for a worker has waited
    live_workers: int
    last_beat: datetime | None

    @property
    def is_working(self) -> bool:
        """Whether somebody works, and no run waits for long."""
        return self.live_workers > 0 and (self.oldest_due or timedelta()) < LATE


def look() -> Health:
    """Return how the work is going. Raises a database error if the database is away."""
    oldest_due, live_workers, last_beat = rows(LOOK, {"lease": conf.current().lease})[0]
    return Health(oldest_due, live_workers, last_beat)
