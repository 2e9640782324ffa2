"""Tell those who are asked: each by a mail with his own link.

One mail is one transaction: of all hosts that look, the one that gets the approval's advisory lock
sends and writes down whom it told. (A row lock would keep the approval from being decided while a
mail server hangs.) A host that dies between the server's answer and its commit sends that one mail
again, with the same Message-ID. `notified_at` says that nobody is left to be told.
"""

import logging
from collections.abc import Set as AbstractSet
from enum import Enum
from hashlib import sha256
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Window
from django.db.models.functions import Now, RowNumber
from django.template.loader import render_to_string
from django.utils import timezone, translation

from actions.errors import PermanentFailure, TemporaryFailure
from actions.mail.delivery import deliver
from actions.mail.headers import header_address, header_text
from workflows import conf
from workflows.models.approval import WorkflowApproval
from workflows.models.notification import NotificationKind, WorkflowNotification
from workflows.runtime.database import database_now, is_timeout, is_trouble, rows
from workflows.services.approvals.approvers import Addressee, addressees, unreachable
from workflows.services.approvals.decide import open_ones
from workflows.services.approvals.links import link_for
from workflows.services.approvals.page import approval_page
from workflows.services.operations.alert_mails import FOR_GOOD, OF_THE_SERVER, SERVER_IS_AWAY
from workflows.services.operations.pace import Pace

logger = logging.getLogger(__name__)

BATCH_SIZE: Final = 100  # approvals of one look
LOOK_SECONDS: Final = 60.0  # then it looks again, who else is there by now
MAIL_SECONDS: Final = 10.0

LOCK_CLASS: Final = 4712
# The limit of a worker's connection follows its lease, and may be shorter than a mail takes.
LOCK: Final = """
SELECT pg_try_advisory_xact_lock(%(class)s, hashtext(%(approval)s)),
       set_config('idle_in_transaction_session_timeout', '30s', true)
"""

SERVER: Final = "server"


NOT_COMPOSABLE: Final = "mail_not_composable"
NOTE_FAILURE: Final = """
UPDATE workflow_approvals SET mail_failures = CASE jsonb_typeof(mail_failures) WHEN 'object'
    THEN mail_failures ELSE '{}' END || jsonb_build_object(%(person)s::text, %(code)s::text)
WHERE id = %(id)s AND mail_failures -> %(person)s::text IS DISTINCT FROM to_jsonb(%(code)s::text)
RETURNING 1
"""
FORGET_FAILURE: Final = """
UPDATE workflow_approvals SET mail_failures = mail_failures - %(people)s::text[]
WHERE id = %(id)s AND jsonb_typeof(mail_failures) = 'object' RETURNING 1
"""


class _Step(Enum):
    SENT = 1
    REFUSED = 2  # for good
    FAILED = 3  # to be tried again
    NOBODY_LEFT = 4
    NOT_MINE = 5  # another host is at it, or it was decided meanwhile


class _ServerAway(Exception):
    """Most likely nothing more can be sent now."""


pace = Pace()


def tell_approvers(paced: Pace = pace) -> int:
    """Mail everybody who is asked and was not told; return how many mails went."""
    resting, began = paced.resting(), monotonic()
    if SERVER in resting:
        return 0
    sent = away = 0
    for approval_id in _untold(resting):
        try:
            told = _tell_if_possible(approval_id, paced)
            sent, away = sent + told, 0 if told else away
        except _ServerAway:
            # Or this mail is what the server cannot bear: next time that counts for it alone.
            away += paced.is_new(approval_id)
        if away >= SERVER_IS_AWAY or monotonic() - began > LOOK_SECONDS:
            break
    if away >= SERVER_IS_AWAY:
        paced.failed(SERVER)
    elif sent:
        paced.went_well(SERVER)
    return sent


def _tell_if_possible(approval_id: UUID, paced: Pace) -> int:
    """Do `_tell`; what is wrong with one approval must not hold up the others."""
    try:
        return _tell(approval_id, paced)
    except _ServerAway:
        raise
    except Exception as trouble:
        if is_trouble(trouble) and not is_timeout(trouble):
            raise
        paced.failed(approval_id)
        _put_aside(approval_id, trouble)
        return 0


def _put_aside(approval_id: UUID, trouble: Exception) -> None:
    """Say at an approval that nobody can be told of it; it is tried again, ever more rarely."""
    note = rows(NOTE_FAILURE, {"id": approval_id, "person": "", "code": NOT_COMPOSABLE})
    if note:
        reason = f"{type(trouble).__name__}: {trouble}"
        details = {"approval": str(approval_id), "reason": reason}
        logger.warning("approval_not_told", extra=details)


def _untold(resting: AbstractSet[object]) -> list[UUID]:
    untold = open_ones(WorkflowApproval.objects.filter(notified_at=None))
    # Those that rest must not keep newer ones out of the look.
    skipped = [one for one in resting if isinstance(one, UUID)]
    # In turns, or one company with thousands of them would come before all others.
    turn = Window(RowNumber(), partition_by="tenant", order_by="id")
    in_turns = untold.exclude(pk__in=skipped).annotate(turn=turn).order_by("turn", "id")
    return list(in_turns.values_list("id", flat=True)[:BATCH_SIZE])


def _tell(approval_id: UUID, paced: Pace) -> int:
    """Mail everybody who is asked in one approval; return how many mails went."""
    sent, failed = 0, set[str]()
    while True:
        step = _tell_next(approval_id, failed)
        sent += step is _Step.SENT
        if step in {_Step.NOBODY_LEFT, _Step.NOT_MINE}:
            break
    if failed:
        paced.failed(approval_id)
    else:
        paced.went_well(approval_id)
    return sent


def _tell_next(approval_id: UUID, failed: set[str]) -> _Step:
    """Mail the next person who was not told; write down that they were."""
    with transaction.atomic():
        locked = rows(LOCK, {"class": LOCK_CLASS, "approval": str(approval_id)})[0][0]
        own = WorkflowApproval.objects.filter(pk=approval_id, notified_at=None)
        approval = open_ones(own).select_related("tenant").first() if locked else None
        if approval is None:
            return _Step.NOT_MINE
        everybody, told = addressees(approval), _told(approval)
        left = [one for one in everybody if _digest(one.person) not in told]
        following = next((one for one in left if one.person not in failed), None)
        if following is None:
            if not left:
                for address in unreachable(approval):
                    _note_failure(approval, address, "mail_address_invalid")
                _finish(approval, nobody=not everybody)
            return _Step.NOBODY_LEFT
        step = _send(approval, following)
        if step is _Step.FAILED:
            failed.add(following.person)
        else:
            _note(approval, following)
        return step


def _send(approval: WorkflowApproval, to: Addressee) -> _Step:
    details = {"approval": str(approval.pk)}
    try:
        deliver(mail_for(approval, to), None, MAIL_SECONDS)
    except (PermanentFailure, TemporaryFailure) as failure:
        code = failure.code
        logger.warning("approval_mail_failed", extra={**details, "code": code})
        if code in OF_THE_SERVER:
            raise _ServerAway from None
        _note_failure(approval, to.address, code)
        return _Step.REFUSED if code in FOR_GOOD else _Step.FAILED
    if approval.mail_failures:
        _forget_failure(approval, to.address)
    logger.info("approval_mail_sent", extra=details)
    return _Step.SENT


def _note_failure(approval: WorkflowApproval, person: str, code: str) -> None:
    """Say at the approval who could not be told, and why."""
    rows(NOTE_FAILURE, {"id": approval.pk, "person": header_text(person), "code": code})


def _forget_failure(approval: WorkflowApproval, person: str) -> None:
    """Say no more that somebody, or that nobody, could be told."""
    rows(FORGET_FAILURE, {"id": approval.pk, "people": ["", header_text(person)]})


def mail_for(approval: WorkflowApproval, to: Addressee) -> EmailMultiAlternatives:
    """Return the mail with the person's own link, in the language and the time of the tenant."""
    tenant = approval.tenant
    with translation.override(tenant.language), timezone.override(tenant.zone):
        context: dict[str, Any] = {
            "page": approval_page(approval, None, database_now()),
            "link": link_for(approval, to.person, to.address),
            "tenant": tenant,
            "language": tenant.language,
            "is_rtl": translation.get_language_bidi(),
        }
        text = render_to_string("mail/approval.txt", context)
        html = render_to_string("mail/approval.html", context)
    mail = EmailMultiAlternatives(
        subject=header_text(approval.title),
        body=text,
        to=[header_address(to.address)],
        headers={
            "Message-ID": _message_id(approval, to),
            # No answering machine answers this, and none of its answers decides anything.
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail


def _message_id(approval: WorkflowApproval, to: Addressee) -> str:
    host = urlsplit(conf.current().public_url).hostname or "localhost"
    return f"<approval.{approval.pk.hex}.{_digest(to.person)}@{host}>"


def _told(approval: WorkflowApproval) -> AbstractSet[str]:
    sent = WorkflowNotification.objects.filter(
        tenant=approval.tenant_id, kind=NotificationKind.APPROVAL, subject=str(approval.pk)
    )
    return set(sent.values_list("recipient", flat=True))


def _note(approval: WorkflowApproval, to: Addressee) -> None:
    WorkflowNotification.objects.create(
        tenant=approval.tenant,
        kind=NotificationKind.APPROVAL,
        subject=str(approval.pk),
        recipient=_digest(to.person),
    )


def _finish(approval: WorkflowApproval, *, nobody: bool) -> None:
    if nobody:
        logger.warning("approval_nobody_to_tell", extra={"approval": str(approval.pk)})
    WorkflowApproval.objects.filter(tenant=approval.tenant_id, pk=approval.pk).update(
        notified_at=Now()
    )


def _digest(person: str) -> str:
    return sha256(person.encode()).hexdigest()[:24]
