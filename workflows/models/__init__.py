"""One file per concept. Import a model from its own module; this file only loads them."""

from workflows.models import (  # noqa: F401
    approval,
    definition,
    event,
    idempotency,
    notification,
    rehearsal,
    run,
    schedule,
    worker,
)
