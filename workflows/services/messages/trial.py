"""A message sent to whoever writes it, through the company's own connection."""

import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from actions import registry
from actions.spec import ActionContext
from tenants.models.tenant import Tenant

MAX_TRIALS: Final = 5  # in TRIAL_SECONDS, of one person
TRIAL_SECONDS: Final = 300
TIMEOUT_SECONDS: Final = 10.0
_KEPT: Final = "sayr-test-mails"


class TooManyTrials(Exception):
    """Somebody tries too often: it is their own mailbox, but the company's mail server."""

    def __init__(self) -> None:
        super().__init__(f"more than {MAX_TRIALS} in {TRIAL_SECONDS} s")
        self.limit = MAX_TRIALS


def count_trial(session: Any) -> None:
    """Note one more in the person's session. Raises TooManyTrials."""
    now = time.time()
    recent = [moment for moment in session.get(_KEPT, ()) if now - moment < TRIAL_SECONDS]
    if len(recent) >= MAX_TRIALS:
        raise TooManyTrials
    session[_KEPT] = [*recent, now]


def send_trial(tenant: Tenant, address: str, texts: Mapping[str, str]) -> None:
    """Send what is filled in already, as a step would. Raises ActionFailure."""
    run_id = uuid4()
    context = ActionContext(
        tenant=tenant.facts(),
        run_id=run_id,
        step_name="trial",
        idempotency_key=f"trial-{run_id}",
        timeout_seconds=TIMEOUT_SECONDS,
        render_text=_as_it_is,
    )
    said = {name: text for name, text in texts.items() if text}
    registry.get("send_email").run({"to": [address], **said}, context)


def _as_it_is(source: str, *, html: bool = False) -> str:
    return source
