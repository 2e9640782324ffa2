"""Whether a run may ask whom it asks.

Who is asked by what a run brought (an address that came with an event) decides only what the
company lets them decide: they are members of it, or it allows their address.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from tenants.core.text.characters import comparable
from tenants.core.text.names import one_line
from workflows.engine.advance import Walker
from workflows.engine.history.entries import Entry
from workflows.engine.outcomes import StepFailed
from workflows.engine.progress import Progress
from workflows.runtime.database import rows

NOT_ALLOWED: Final = "approver_not_allowed"
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
