"""Sending the mails that tell of trouble, each once however many hosts look."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from actions.errors import PermanentFailure, TemporaryFailure
from actions.mail.delivery import deliver
from actions.mail.headers import header_address, header_text
from tenants.core.values.zones import zone_named
from tenants.models.user import User
from workflows.runtime.database import rows

logger = logging.getLogger(__name__)

MAIL_SECONDS: Final = 10.0
# The address is no good, and will not get better: as good as told.
FOR_GOOD: Final = frozenset({"mail_recipients_refused", "mail_address_invalid"})
# The server gave no answer, or does not take us at all: most likely no other mail would go either.
OF_THE_SERVER: Final = frozenset(
    {"mail_timed_out", "mail_server_unreachable", "mail_connection_lost"}
    | {"mail_login_refused", "mail_not_supported"}
)
# So many mails in a row fail so before it is taken for the server's doing, and not for theirs.
SERVER_IS_AWAY: Final = 2

LOCK_CLASS: Final = 4713
# Not a row lock: nobody should wait to publish a workflow because a mail server hangs. A worker's
# connection may be limited to less than a mail takes.
LOCK: Final = """
SELECT pg_try_advisory_xact_lock(%(class)s, hashtext(%(what)s)),
       set_config('idle_in_transaction_session_timeout', '60s', true)
"""


class NotSent(Exception):
    """The mail server did not take it. Nothing was written down, so it is tried again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.is_of_the_server = code in OF_THE_SERVER


def alone(what: str, act: Callable[[], int]) -> int:
    """Do `act` in a transaction, unless another host is at the same thing: then do nothing.

    What `act` writes down about a mail is committed after the mail went: a host that dies between
    the two sends it again. Raises NotSent.
    """
    with transaction.atomic():
        if not rows(LOCK, {"class": LOCK_CLASS, "what": what})[0][0]:
            return 0
        return act()


def send(to: User, template: str, context: Mapping[str, Any], zone: Any, language: str) -> None:
    """Send one plain mail in the person's language and time. Raises NotSent.

    `zone` and `language` are for somebody who has chosen none. `mail/<template>.txt` holds the
    subject in its first line.
    """
    own_zone = zone_named(to.time_zone) or zone
    with translation.override(to.language or language), timezone.override(own_zone):
        text = render_to_string(f"mail/{template}.txt", {**context, "person": to})
    subject, _newline, body = text.strip().partition("\n")
    try:
        mail = EmailMultiAlternatives(
            subject=header_text(subject),
            body=f"{body.strip()}\n",
            to=[header_address(to.email)],
            # No answering machine answers this.
            headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
        )
        deliver(mail, None, MAIL_SECONDS)
    except (PermanentFailure, TemporaryFailure) as failure:
        details = {"mail": template, "code": failure.code}
        logger.warning("alert_mail_failed", extra=details)
        if failure.code not in FOR_GOOD:
            raise NotSent(failure.code) from None
