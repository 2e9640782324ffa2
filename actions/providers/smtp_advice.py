"""What an answer of a mail server means, and what people can do about it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from actions.providers.answers import Meaning

# What a step fails with, whichever row says why: it depends on when the server says it.
OF_STAGES: Final = frozenset(
    {"mail_deferred", "mail_login_refused", "mail_recipients_refused", "mail_refused"}
)


class _Advice(NamedTuple):
    meaning: Meaning
    failure: str
    sentence: Any


def _deferred(sentence: Any) -> _Advice:
    return _Advice(Meaning.TEMPORARY, "mail_deferred", sentence)


def _refused(sentence: Any) -> _Advice:
    return _Advice(Meaning.REFUSED, "mail_refused", sentence)


def _recipient(sentence: Any) -> _Advice:
    return _Advice(Meaning.RECIPIENT, "mail_recipients_refused", sentence)


def _account(sentence: Any, failure: str = "mail_refused") -> _Advice:
    return _Advice(Meaning.ACCOUNT, failure, sentence)


_LOGIN: Final = "mail_login_refused"
LOOK = _("What the mail server says tells why.")
SAYS = _("It says: %(answer)s")
ADVICE: Final[Mapping[str, _Advice]] = {
    "busy": _deferred(
        _(
            "The mail server puts the mail off: it is busy, does not know this sender yet, or"
            " has trouble. As a rule it takes the mail later."
        )
    ),
    "later_full": _deferred(
        _(
            "The mailbox is full or gets too much mail for now. If it stays so, reach the person"
            " another way."
        )
    ),
    "no_mailbox": _recipient(
        _(
            "There is no such mailbox. Correct the address where it comes from, then send to it"
            " again."
        )
    ),
    "no_domain": _recipient(
        _(
            "What stands behind the @ takes no mail. Correct the address where it comes from,"
            " then send to it again."
        )
    ),
    "too_large": _refused(
        _("The mail is larger than the server takes. Make it shorter, then send it again.")
    ),
    "spam": _refused(
        _(
            "The mail server does not take this mail, most likely since it is taken for spam."
            " Look at its text and its links, and ask whoever runs your mail server."
        )
    ),
    "protocol": _account(
        _(
            "The mail server does not understand what it is told. Check server and port in the"
            " connection."
        )
    ),
    "login": _account(
        _(
            "The mail server wants a user name and password that it accepts. Enter them in the"
            " connection; some servers want a password made for apps."
        ),
        _LOGIN,
    ),
    "encrypt": _account(
        _("The mail server wants an encrypted connection. Switch on TLS in the connection."), _LOGIN
    ),
    "login_later": _deferred(
        _("The mail server cannot check the user name now. As a rule it can later.")
    ),
    "later_many": _deferred(
        _("The mail server takes no more recipients at once. It takes the others later.")
    ),
    "off": _recipient(
        _(
            "The mailbox is switched off or takes no mail from outside. Reach the person another"
            " way."
        )
    ),
    "full": _recipient(
        _("The mailbox is full. Reach the person another way, or send again when there is room.")
    ),
    "no_route": _recipient(
        _(
            "The mail server could not pass the mail on to where the address leads. Check the"
            " part behind the @, and ask whoever runs your mail server."
        )
    ),
    "letters": _recipient(
        _(
            "The address has letters beyond ASCII, which the mail server does not take"
            " (SMTPUTF8). Use another address of this person, or another mail server."
        )
    ),
    "policy": _refused(
        _(
            "The mail server does not take this mail by its rules: it may be taken for spam, or"
            " this sender may not write there. Ask whoever runs your mail server."
        )
    ),
    "unproven": _refused(
        _(
            "The receiving server doubts that the mail comes from where it says. Let whoever"
            " runs your domain put SPF, DKIM and DMARC in order."
        )
    ),
    "content": _refused(
        _("The mail server cannot take what the mail holds. Write its text in another way.")
    ),
    "too_many": _refused(
        _("The mail has more recipients than the server takes. Send it to fewer at once.")
    ),
    "sender": _account(
        _(
            "The mail server does not take the sender's address. Correct it in the connection or"
            " in the step."
        )
    ),
}
