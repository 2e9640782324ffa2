"""Tell the owner of a workflow that its runs fail: one plain mail a workflow and hour at most."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Final
from uuid import UUID

from tenants.models.membership import Membership
from tenants.models.user import User
from workflows.conf import public_address
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.models.run import WorkflowRun
from workflows.runtime.database import is_timeout, is_trouble, rows
from workflows.services.operations.alert_mails import SERVER_IS_AWAY, NotSent, alone, send
from workflows.services.operations.pace import Pace
from workflows.services.runs.summaries import failed_step, plans_of

logger = logging.getLogger(__name__)

RUNS: Final = "workflows_workflowrun"
PAUSE: Final = timedelta(hours=1)
LOOK_SECONDS: Final = 40.0  # of one look, which comes every minute
# For so long a mail is tried again while the mail server is away.
LOOK_BACK: Final = timedelta(days=3)
# A run that fails stands in the table once its transaction has committed, which may take so long;
# `completed_at` is the time at which it began.
SETTLING: Final = timedelta(seconds=30)

# Failures are few: the partial index of them, together with the BRIN index of completed_at.
WORKFLOWS_WITH_FAILURES: Final = """
SELECT DISTINCT definition.id FROM workflow_runs run
JOIN workflow_definitions definition ON definition.id = run.definition_id
WHERE run.error_fingerprint IS NOT NULL AND run.completed_at > now() - %(look_back)s::interval
    AND run.completed_at <= now() - %(settling)s::interval
    AND run.status = 'failed' AND run.parent_run IS NULL
    AND (definition.alerted_at IS NULL
        OR (run.completed_at > definition.alerted_at
            AND definition.alerted_at <= now() - %(pause)s::interval))
"""

# What failed since the last mail, by the same mistake at the same step, the most frequent first.
MISTAKES: Final = """
SELECT count(*), min(completed_at), (array_agg(id ORDER BY completed_at, id))[1]
FROM workflow_runs
WHERE tenant_id = %(tenant)s AND definition_id = %(definition)s AND error_fingerprint IS NOT NULL
    AND completed_at > greatest(%(since)s, now() - %(look_back)s::interval)
    AND completed_at <= %(until)s AND status = 'failed' AND parent_run IS NULL
GROUP BY error_fingerprint ORDER BY count(*) DESC, 2
"""

# The bound of what a mail counts, so that the next one counts on from there.
UNTIL: Final = """
SELECT now() - %(settling)s::interval, alerted_at FROM workflow_definitions
WHERE id = %(definition)s
    AND (alerted_at IS NULL OR alerted_at <= now() - %(pause)s::interval)
"""


@dataclass(frozen=True, slots=True)
class Failures:
    """What failed since the last mail."""

    count: int
    since: datetime | None  # of the last mail; None: the first
    most_frequent: int
    example: WorkflowRun  # the first run that failed for the most frequent reason
    first: WorkflowRun


# So that what fails again and again comes after the others.
pace = Pace(first_seconds=50.0, longest_seconds=1800.0)


def tell_owners(paced: Pace = pace) -> int:
    """Mail the owners of workflows whose runs failed; return how many mails went."""
    began = monotonic()
    limits = {"look_back": LOOK_BACK, "settling": SETTLING, "pause": PAUSE}
    found = [row[0] for row in rows(WORKFLOWS_WITH_FAILURES, limits)]
    resting = paced.resting()
    told = away = 0
    for definition_id in (one for one in found if one not in resting):
        try:
            sent = _tell_if_possible(definition_id, paced)
            told, away = told + sent, 0 if sent else away
        except NotSent:
            away += paced.is_new(definition_id)
        if away >= SERVER_IS_AWAY or monotonic() - began > LOOK_SECONDS:
            break  # all of them are tried again in a minute
    return told


def _tell_if_possible(definition_id: UUID, paced: Pace) -> int:
    """Tell one owner; what is wrong with one workflow must not hold up the others.

    Raises NotSent for what may be trouble of the mail server.
    """
    try:
        sent = alone(f"owner:{definition_id}", partial(_tell, definition_id))
    except Exception as trouble:
        if isinstance(trouble, NotSent) and trouble.is_of_the_server:
            raise
        if is_trouble(trouble) and not is_timeout(trouble):
            raise
        paced.failed(definition_id)
        logger.warning("owner_not_told", extra={"workflow": str(definition_id)}, exc_info=True)
        return 0
    paced.went_well(definition_id)
    return sent


def owner_of(definition: WorkflowDefinition) -> User | None:
    """Return who is told: the owner, else who published last; None if nobody has an address."""
    candidates = [definition.owner, _publisher(definition)]
    return next((one for one in candidates if one is not None and _reads(one, definition)), None)


def _tell(definition_id: UUID) -> int:
    bounds = rows(UNTIL, {"definition": definition_id, "settling": SETTLING, "pause": PAUSE})
    if not bounds:
        return 0  # another host was quicker
    until, since = bounds[0]
    definition = WorkflowDefinition.objects.select_related("tenant", "owner").get(pk=definition_id)
    owner, failures = owner_of(definition), _failures(definition, since, until)
    if owner is None or failures is None:
        return 0
    tenant = definition.tenant
    send(owner, "runs_failed", _context(definition, failures), tenant.zone, tenant.language)
    WorkflowDefinition.objects.filter(pk=definition.pk).update(alerted_at=until)
    return 1


def _failures(
    definition: WorkflowDefinition, since: datetime | None, until: datetime
) -> Failures | None:
    asked = {
        "tenant": definition.tenant_id,
        "definition": definition.pk,
        "since": since,
        "until": until,
        "look_back": LOOK_BACK,
    }
    found = rows(MISTAKES, asked)
    if not found:
        return None
    first = min(found, key=lambda row: row[1])[2]
    runs = _runs(definition, [first, found[0][2]])
    return Failures(
        count=sum(row[0] for row in found),
        since=since,
        most_frequent=found[0][0],
        example=runs[found[0][2]],
        first=runs[first],
    )


def _runs(definition: WorkflowDefinition, ids: Sequence[UUID]) -> dict[UUID, WorkflowRun]:
    runs = WorkflowRun.objects.filter(tenant=definition.tenant_id, pk__in=ids)
    return {run.pk: run for run in runs.select_related("definition", "tenant")}


class _FailureInWords:
    """Why a run failed, worded while the mail is rendered: in its reader's language."""

    def __init__(self, run: WorkflowRun) -> None:
        self.run = run

    def step(self) -> str:
        """Return the failed step's label."""
        return failed_step(self.run, plans_of([self.run]))[0]

    def why(self) -> str:
        """Return why it failed."""
        return failed_step(self.run, plans_of([self.run]))[1]


def _context(definition: WorkflowDefinition, failures: Failures) -> dict[str, Any]:
    return {
        "workflow": definition,
        "tenant": definition.tenant,
        "failures": failures,
        "reason": _FailureInWords(failures.example),
        "runs_url": public_address(RUNS, workflow=definition.pk, status="failed"),
        "first_url": public_address(RUNS, failures.first.pk),
    }


def _publisher(definition: WorkflowDefinition) -> User | None:
    versions = WorkflowVersion.objects.filter(definition=definition).order_by("-version")
    actor = versions.values_list("published_by", flat=True).first() or ""
    kind, _colon, name = actor.partition(":")
    return User.objects.filter(username=name).first() if kind == "user" else None


def _reads(person: User, definition: WorkflowDefinition) -> bool:
    """Whether a mail reaches them, and the run's page is theirs to see."""
    if not (person.is_active and person.email):
        return False
    own = Membership.objects.filter(tenant=definition.tenant_id, user=person)
    return person.is_superuser or own.exists()
