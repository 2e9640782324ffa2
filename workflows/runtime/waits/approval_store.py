"""The question a run waits for people to decide, as a row of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.core.json.jsontext import storable
from tenants.core.text.names import one_line
from workflows.conf import public_address
from workflows.engine.progress import Question
from workflows.engine.waiting import is_up
from workflows.runtime.database import as_json, rows
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.concurrency import Run
from workflows.runtime.runs.requesters import events_in, requesters_of
from workflows.runtime.waits.notify import wake_decided

MAX_TITLE_LENGTH: Final = 300

ASK: Final = """
INSERT INTO workflow_approvals (id, tenant_id, run_id, step_name, title, message, approvers,
    choices, form, allow_self, requested_by, requesters, expires_at, choice, decided_by,
    decided_via)
VALUES (%(id)s, %(tenant)s, %(run)s, %(step)s, %(title)s, %(message)s, %(approvers)s::jsonb,
    %(choices)s::jsonb, %(form)s::jsonb, %(allow_self)s, %(actor)s, %(requesters)s, %(expires_at)s,
    '', '', '')
RETURNING 1
"""

DECISION: Final = """
SELECT choice, answers, decided_by, decided_at, decided_via FROM workflow_approvals
WHERE id = %(id)s AND tenant_id = %(tenant)s AND decided_at IS NOT NULL
"""

# Whoever decides has locked the question, and may look at the run before it has parked: this waits
# for them, and then finds what they decided.
LOCK: Final = (
    "SELECT 1 FROM workflow_approvals WHERE id = %(id)s AND tenant_id = %(tenant)s FOR SHARE"
)

# Time is up: from here on nobody can decide any more.
CLOSE: Final = """
UPDATE workflow_approvals
SET decided_at = now(), decided_via = 'timeout', choice = coalesce(%(choice)s::text, '')
WHERE id = %(id)s AND tenant_id = %(tenant)s AND decided_at IS NULL AND closed_at IS NULL
RETURNING 1
"""

# The step that asked is over without a decision, whatever ended it: nobody can decide any more.
CLOSE_ALL: Final = """
UPDATE workflow_approvals SET closed_at = now()
WHERE run_id = ANY(%(runs)s) AND decided_at IS NULL AND closed_at IS NULL
    AND id IS DISTINCT FROM %(but)s::uuid
RETURNING 1
"""


def close_questions(runs: Sequence[UUID], but: str | None = None, *, run: Run = rows) -> None:
    """Close what these runs have asked and nobody has decided, but for one question."""
    if runs:
        run(CLOSE_ALL, {"runs": list(runs), "but": but})


def ask(
    claim: Claim, question: Question, entries: Sequence[Mapping[str, Json]] = ()
) -> dict[str, str]:
    """Write the question down; return its id, and the address where it can be decided.

    `entries` are those that are about to be written with it.
    """
    approval_id, came = uuid7(), events_in(entries)
    asked = question.asked
    rows(
        ASK,
        {
            "id": approval_id,
            "tenant": claim.tenant_id,
            "run": claim.run_id,
            "step": question.step_name,
            # It becomes the subject of a mail.
            "title": one_line(str(asked["title"]), MAX_TITLE_LENGTH) or question.step_name,
            "message": asked["message"],
            "approvers": storable(asked["approvers"]),
            "choices": storable(asked["choices"]),
            "form": storable(asked["form"]),
            "allow_self": question.allow_self,
            "actor": claim.actor,
            "requesters": requesters_of(claim.tenant_id, claim.run_id, came),
            "expires_at": question.expires_at,
        },
    )
    return place_of(approval_id)


def place_of(approval_id: UUID) -> dict[str, str]:
    """Return what a parked run keeps of its question: the id, and where it can be decided."""
    page = public_address("workflows_workflowapproval", approval_id)
    return {"approval_id": str(approval_id), "link": page}


def wake_if_decided(claim: Claim, pending: Mapping[str, Json]) -> None:
    """Make a run that parks again due, if what it waits for was decided meanwhile."""
    asked = {"id": UUID(pending["approval_id"]), "tenant": claim.tenant_id}
    rows(LOCK, asked)
    if rows(DECISION, asked):
        wake_decided(claim.tenant_id, claim.run_id, asked["id"])


def decision_of(
    claim: Claim, pending: Mapping[str, Json], now: datetime
) -> Mapping[str, Json] | None:
    """Return what was decided, or None. A question whose time is up is closed first."""
    asked = {"id": UUID(pending["approval_id"]), "tenant": claim.tenant_id}
    if is_up(pending, now):
        rows(CLOSE, {**asked, "choice": pending.get("timeout_choice")})
    found = rows(DECISION, asked)
    if not found:
        return None
    choice, answers, decided_by, decided_at, decided_via = found[0]
    return {
        "choice": choice,
        "answers": as_json(answers) or {},
        "decided_by": decided_by,
        "decided_at": decided_at.isoformat(),
        "decided_via": decided_via,
    }
