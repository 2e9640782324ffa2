"""Tell those who are asked: each by a mail with his own link.

One mail is one transaction: of all hosts that look, the one that gets the approval's advisory lock
sends and writes down whom it told. (A row lock would keep the approval from being decided while a
mail server hangs.) A host that dies between the server's answer and its commit sends that one mail
again, with the same Message-ID. `notified_at` says that nobody is left to be told.
"""

import logging
from collections.abc import Set as AbstractSet
from email.headerregistry import Address
from enum import Enum
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone, translation

from actions.errors import PermanentFailure, TemporaryFailure
from actions.mail import deliver
from workflows import conf
from workflows.models.approval import WorkflowApproval
from workflows.models.idempotency import WorkflowIdempotency
from workflows.runtime.database import database_now, rows
from workflows.services.approval_links import link_for
from workflows.services.approval_page import approval_page
from workflows.services.approvals import open_ones
from workflows.services.approvers import Addressee, addressees

logger = logging.getLogger(__name__)

AT_ONCE: Final = 100  # approvals of one look
MAIL_SECONDS: Final = 10.0
LONGEST_SUBJECT: Final = 200
TOLD: Final = "approval_mail"  # source of the rows that say who was told

LOCK_CLASS: Final = 4712
# The limit of a worker's connection follows its lease, and may be shorter than a mail takes.
LOCK: Final = """
SELECT pg_try_advisory_xact_lock(%(class)s, hashtext(%(approval)s)),
       set_config('idle_in_transaction_session_timeout', '30s', true)
"""

# The server gave no answer, or does not take us at all: no other mail would go either.
OF_THE_SERVER: Final = frozenset(
    {"mail_timed_out", "mail_server_unreachable", "mail_connection_lost"}
    | {"mail_login_refused", "mail_not_supported"}
)
# The address is no good, and will not get better.
FOR_GOOD: Final = "mail_recipients_refused"
SERVER: Final = "server"


class _Step(Enum):
    SENT = 1
    REFUSED = 2  # for good
    FAILED = 3  # to be tried again
    NOBODY_LEFT = 4
    NOT_MINE = 5  # another host is at it, or it was decided meanwhile


class _ServerAway(Exception):
    """Nothing more can be sent now."""


class Pace:
    """When to try again what failed: after 5 s, then twice as long each time, up to 5 minutes.

    Kept by each process: a new one tries at once. Whom it has told already stands in the database.
    """

    def __init__(self, first_seconds: float = 5.0, longest_seconds: float = 300.0) -> None:
        self._first, self._longest = first_seconds, longest_seconds
        self._resting: dict[object, tuple[float, float]] = {}  # until when, and how long it was
        self._lock = Lock()

    def failed(self, what: object) -> None:
        """Let it rest."""
        with self._lock:
            _until, before = self._resting.get(what, (0.0, self._first / 2))
            pause = min(before * 2, self._longest)
            self._resting[what] = (monotonic() + pause, pause)

    def went_well(self, what: object) -> None:
        """Forget its failures."""
        with self._lock:
            self._resting.pop(what, None)

    def resting(self) -> AbstractSet[object]:
        """Return what is not to be tried yet, and forget what nobody has tried for long."""
        now = monotonic()
        with self._lock:
            old = [what for what, (until, _p) in self._resting.items() if until < now - 3600]
            for what in old:
                del self._resting[what]
            return {what for what, (until, _pause) in self._resting.items() if until > now}


pace = Pace()


def tell_approvers(paced: Pace = pace) -> int:
    """Mail everybody who is asked and was not told; return how many mails went."""
    resting = paced.resting()
    if SERVER in resting:
        return 0
    sent = 0
    try:
        for approval_id in _untold(resting):
            sent += _tell(approval_id, paced)
    except _ServerAway:
        paced.failed(SERVER)
    else:
        if sent:
            paced.went_well(SERVER)
    return sent


def _untold(resting: AbstractSet[object]) -> list[UUID]:
    untold = open_ones(WorkflowApproval.objects.filter(notified_at=None))
    # Those that rest must not keep newer ones out of the look.
    skipped = [one for one in resting if isinstance(one, UUID)]
    return list(
        untold.exclude(pk__in=skipped).order_by("id").values_list("id", flat=True)[:AT_ONCE]
    )


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
        everybody = addressees(approval)
        told = _told(approval)
        left = [one for one in everybody if _mark(approval, one) not in told]
        following = next((one for one in left if one.person not in failed), None)
        if following is None:
            if not left:
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
        return _Step.REFUSED if code == FOR_GOOD else _Step.FAILED
    logger.info("approval_mail_sent", extra=details)
    return _Step.SENT


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
        subject=" ".join(approval.title.split())[:LONGEST_SUBJECT],
        body=text,
        to=[str(Address(addr_spec=to.address))],
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
    marks = WorkflowIdempotency.objects.filter(
        tenant=approval.tenant_id, source=TOLD, key__startswith=f"{approval.pk.hex}:"
    )
    return set(marks.values_list("key", flat=True))


def _note(approval: WorkflowApproval, to: Addressee) -> None:
    WorkflowIdempotency.objects.create(
        tenant=approval.tenant, source=TOLD, key=_mark(approval, to), request_hash=""
    )


def _finish(approval: WorkflowApproval, *, nobody: bool) -> None:
    if nobody:
        logger.warning("approval_nobody_to_tell", extra={"approval": str(approval.pk)})
    WorkflowApproval.objects.filter(tenant=approval.tenant_id, pk=approval.pk).update(
        notified_at=Now()
    )


def _mark(approval: WorkflowApproval, to: Addressee) -> str:
    return f"{approval.pk.hex}:{_digest(to.person)}"


def _digest(person: str) -> str:
    return sha256(person.encode()).hexdigest()[:24]
