"""One file per concept. Import a model from its own module; this file only loads them."""

from workflows.models import (  # noqa: F401
    approval,
    bulk_retry,
    definition,
    event,
    idempotency,
    notification,
    problem,
    rehearsal,
    run,
    schedule,
    worker,
)
