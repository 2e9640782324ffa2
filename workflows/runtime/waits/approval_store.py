"""The question a run waits for people to decide, as a row of its own; and whether it may ask them.

Who is asked by what a run brought (an address that came with an event) decides only what the
company lets them decide: they are members of it, or it allows their address.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.core.json.jsontext import storable
from tenants.core.text.characters import comparable
from tenants.core.text.names import one_line
from workflows.conf import public_address
from workflows.engine.advance import Walker
from workflows.engine.history.entries import Entry
from workflows.engine.outcomes import FailureCode, StepFailed
from workflows.engine.progress import Progress, Question
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


NOT_ALLOWED: Final = FailureCode.APPROVER_NOT_ALLOWED
MAX_SHOWN_LENGTH: Final = 100

# Each is compared as it is written and as it looks (`plain`); `approvals.approvers` says whom of
# several it means. A superuser may decide everything anyway. The last sign of an address before its
# domain is its last @, so that the end of it tells the domain.
STRANGER: Final = """
SELECT entry FROM unnest(%(asked)s::text[], %(plain)s::text[])
    WITH ORDINALITY AS asked (entry, plain, place)
WHERE NOT EXISTS (
    SELECT 1 FROM memberships own JOIN users ON users.id = own.user_id
    WHERE own.tenant_id = %(tenant)s AND users.is_active
        AND (users.username IN (entry, plain) OR lower(users.email) IN (lower(entry), lower(plain))
            OR 'role:' || own.role = plain
            OR (octet_length(entry) > char_length(entry)
                AND normalize(users.username, NFC) = plain))
) AND NOT EXISTS (
    SELECT 1 FROM users WHERE is_superuser AND is_active
        AND (username IN (entry, plain) OR lower(email) IN (lower(entry), lower(plain)))
) AND NOT EXISTS (
    SELECT 1 FROM tenants, unnest(approver_addresses) AS allowed (one)
    WHERE tenants.id = %(tenant)s AND position('@' IN plain) > 0
        AND (lower(one) = lower(plain)
            OR (one LIKE '@%%' AND right(lower(plain), length(one)) = lower(one)))
)
ORDER BY place LIMIT 1
"""


def stranger_among(tenant_id: UUID, asked: Sequence[str]) -> str | None:
    """Return the first of those asked whom the company does not know; None: it knows them all."""
    plain = [comparable(entry).strip() for entry in asked]
    found = rows(STRANGER, {"tenant": tenant_id, "asked": list(asked), "plain": plain})
    return found[0][0] if found else None


def permitted(
    progress: Progress,
    tenant_id: UUID,
    walker: Callable[[Sequence[Entry]], Walker],
    now: datetime,
) -> Progress:
    """Return progress as it may be written: who asks a stranger has failed instead.

    `walker` returns one that stands on the results, and on more of them.
    """
    while progress.question is not None and progress.question.to_prove:
        stranger = stranger_among(tenant_id, progress.question.to_prove)
        if stranger is None:
            break
        failure = StepFailed(NOT_ALLOWED, {"approver": one_line(stranger, MAX_SHOWN_LENGTH)})
        done = progress.entries
        after = walker(done).break_off(progress.next_step, progress.pending, failure, now)
        progress = replace(after, entries=(*done, *after.entries))
    return progress
