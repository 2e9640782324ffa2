"""The documented answers of mail servers, and what each means for a mail.

A server answers each sender, recipient and mail with a reply code (RFC 5321) and, as a rule, an
enhanced status code before its words (RFC 3463), which says more: both are rows here. The failure
of a step is that of the stage of the conversation (`OF_STAGES`); the row says why.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from actions.providers.answers import Documented, Meaning, table

RFC_5321: Final = "https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3"
RFC_3463: Final = "https://www.rfc-editor.org/rfc/rfc3463"
RFC_4954: Final = "https://www.rfc-editor.org/rfc/rfc4954#section-6"
RFC_6531: Final = "https://www.rfc-editor.org/rfc/rfc6531#section-3.5"
RFC_7504: Final = "https://www.rfc-editor.org/rfc/rfc7504"
RFC_7505: Final = "https://www.rfc-editor.org/rfc/rfc7505#section-4"
REGISTRY: Final = (
    "https://www.iana.org/assignments/smtp-enhanced-status-codes/smtp-enhanced-status-codes.xhtml"
)
GMAIL: Final = "https://support.google.com/a/answer/3726730"
MICROSOFT: Final = (
    "https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/"
    "non-delivery-reports-in-exchange-online"
)

# What a step fails with, whichever row says why: it depends on when the server says it.
OF_STAGES: Final = frozenset(
    {"mail_deferred", "mail_login_refused", "mail_recipients_refused", "mail_refused"}
)

_BUSY = _(
    "The mail server puts the mail off: it is busy, does not know this sender yet, or has trouble."
    " As a rule it takes the mail later."
)
_LATER_FULL = _(
    "The mailbox is full or gets too much mail for now. If it stays so, reach the person another"
    " way."
)
_LATER_MANY = _("The mail server takes no more recipients at once. It takes the others later.")
_NO_MAILBOX = _(
    "There is no such mailbox. Correct the address where it comes from, then send to it again."
)
_NO_DOMAIN = _(
    "What stands behind the @ takes no mail. Correct the address where it comes from, then send to"
    " it again."
)
_OFF = _("The mailbox is switched off or takes no mail from outside. Reach the person another way.")
_FULL = _("The mailbox is full. Reach the person another way, or send again when there is room.")
_TOO_LARGE = _("The mail is larger than the server takes. Make it shorter, then send it again.")
_POLICY = _(
    "The mail server does not take this mail by its rules: it may be taken for spam, or this sender"
    " may not write there. Ask whoever runs your mail server."
)
_SPAM = _(
    "The mail server does not take this mail, most likely since it is taken for spam. Look at its"
    " text and its links, and ask whoever runs your mail server."
)
_UNPROVEN = _(
    "The receiving server doubts that the mail comes from where it says. Let whoever runs your"
    " domain put SPF, DKIM and DMARC in order."
)
_SENDER = _(
    "The mail server does not take the sender's address. Correct it in the connection or in the"
    " step."
)
_LOGIN = _(
    "The mail server wants a user name and password that it accepts. Enter them in the connection;"
    " some servers want a password made for apps."
)
_LOGIN_LATER = _("The mail server cannot check the user name now. As a rule it can later.")
_ENCRYPT = _("The mail server wants an encrypted connection. Switch on TLS in the connection.")
_NO_ROUTE = _(
    "The mail server could not pass the mail on to where the address leads. Check the part behind"
    " the @, and ask whoever runs your mail server."
)
_PROTOCOL = _(
    "The mail server does not understand what it is told. Check server and port in the connection."
)
_TOO_MANY = _("The mail has more recipients than the server takes. Send it to fewer at once.")
_CONTENT = _("The mail server cannot take what the mail holds. Write its text in another way.")
_LETTERS = _(
    "The address has letters beyond ASCII, which the mail server does not take (SMTPUTF8). Use"
    " another address of this person, or another mail server."
)
_LOOK = _("What the mail server says tells why.")
_SAYS = _("It says: %(answer)s")

_DEFERRED: Final = (Meaning.TEMPORARY, "mail_deferred")
_REFUSED: Final = (Meaning.REFUSED, "mail_refused")
_RECIPIENT: Final = (Meaning.RECIPIENT, "mail_recipients_refused")
_ACCOUNT: Final = (Meaning.ACCOUNT, "mail_refused")
_OF_LOGIN: Final = (Meaning.ACCOUNT, "mail_login_refused")

# What it means, what to do, where it is documented, and each code with the reply code beside it (of
# an enhanced one) and the words that commonly follow.
_Group = tuple[tuple[Meaning, str], Any, str, tuple[tuple[str, int, str], ...]]
_GROUPS: Final[tuple[_Group, ...]] = (
    # Reply codes alone.
    (
        _DEFERRED,
        _BUSY,
        RFC_5321,
        (
            ("421", 421, "Service not available, closing transmission channel"),
            ("450", 450, "Mailbox unavailable"),
            ("451", 451, "Local error in processing"),
            ("455", 455, "Server unable to accommodate parameters"),
        ),
    ),
    (_DEFERRED, _LATER_FULL, RFC_5321, (("452", 452, "Insufficient system storage"),)),
    (
        _RECIPIENT,
        _NO_MAILBOX,
        RFC_5321,
        (
            ("550", 550, "Mailbox unavailable"),
            ("551", 551, "User not local"),
            ("553", 553, "Mailbox name not allowed"),
        ),
    ),
    (
        _RECIPIENT,
        _NO_DOMAIN,
        RFC_7504,
        (("521", 521, "Server does not accept mail"), ("556", 556, "Domain does not accept mail")),
    ),
    (_REFUSED, _TOO_LARGE, RFC_5321, (("552", 552, "Exceeded storage allocation"),)),
    (_REFUSED, _SPAM, RFC_5321, (("554", 554, "Transaction failed"),)),
    (
        _ACCOUNT,
        _PROTOCOL,
        RFC_5321,
        (
            ("500", 500, "Syntax error, command unrecognized"),
            ("501", 501, "Syntax error in parameters or arguments"),
            ("502", 502, "Command not implemented"),
            ("503", 503, "Bad sequence of commands"),
            ("504", 504, "Command parameter not implemented"),
            ("555", 555, "MAIL FROM/RCPT TO parameters not recognized or not implemented"),
        ),
    ),
    (
        _OF_LOGIN,
        _LOGIN,
        RFC_4954,
        (
            ("530", 530, "Authentication required"),
            ("534", 534, "Authentication mechanism is too weak"),
            ("535", 535, "Authentication credentials invalid"),
        ),
    ),
    (_OF_LOGIN, _ENCRYPT, RFC_4954, (("538", 538, "Encryption required"),)),
    (_DEFERRED, _LOGIN_LATER, RFC_4954, (("454", 454, "Temporary authentication failure"),)),
    # Put off: tried again by itself.
    (
        _DEFERRED,
        _BUSY,
        RFC_3463,
        (
            ("4.1.0", 451, "Other address status"),
            ("4.1.1", 451, "Address could not be checked"),
            ("4.1.8", 451, "Sender's domain could not be checked"),
            ("4.2.0", 450, "Greylisted, try again later"),
            ("4.3.0", 451, "Temporary system problem"),
            ("4.3.1", 452, "Mail system full"),
            ("4.3.2", 421, "System not accepting network messages"),
            ("4.4.0", 451, "Other network or routing status"),
            ("4.4.1", 451, "No answer from host"),
            ("4.4.2", 421, "Bad connection"),
            ("4.4.3", 451, "Directory server failure"),
            ("4.4.5", 451, "Mail system congestion"),
            ("4.4.7", 451, "Delivery time expired"),
            ("4.5.0", 451, "Other protocol status"),
            ("4.6.0", 451, "Other media error"),
            ("4.7.0", 450, "Other security status, try again later"),
            ("4.7.1", 451, "Greylisted, try again later"),
        ),
    ),
    (
        _DEFERRED,
        _BUSY,
        REGISTRY,
        (
            ("4.7.15", 450, "Priority level is too low"),
            ("4.7.24", 451, "SPF validation error"),
            ("4.7.25", 450, "Reverse DNS validation failed"),
            ("4.7.26", 451, "Multiple authentication checks failed"),
            ("4.7.28", 421, "Mail flood detected"),
        ),
    ),
    (
        _DEFERRED,
        _LATER_FULL,
        RFC_3463,
        (("4.2.1", 450, "Mailbox busy"), ("4.2.2", 452, "Mailbox full")),
    ),
    (_DEFERRED, _LATER_MANY, RFC_3463, (("4.5.3", 452, "Too many recipients"),)),
    # Who cannot be reached.
    (
        _RECIPIENT,
        _NO_MAILBOX,
        RFC_3463,
        (
            ("5.1.0", 550, "Other address status"),
            ("5.1.1", 550, "No such mailbox here"),
            ("5.1.3", 501, "Bad destination mailbox address syntax"),
            ("5.1.4", 550, "Destination mailbox address ambiguous"),
            ("5.1.6", 551, "Mailbox has moved"),
        ),
    ),
    (_RECIPIENT, _NO_DOMAIN, RFC_3463, (("5.1.2", 550, "Bad destination system address"),)),
    (_RECIPIENT, _NO_DOMAIN, RFC_7505, (("5.1.10", 556, "Recipient address has null MX"),)),
    (
        _RECIPIENT,
        _OFF,
        RFC_3463,
        (
            ("5.2.0", 550, "Other mailbox status"),
            ("5.2.1", 550, "Mailbox disabled, not accepting messages"),
            ("5.2.4", 550, "Mailing list expansion problem"),
        ),
    ),
    (_RECIPIENT, _FULL, RFC_3463, (("5.2.2", 552, "Mailbox full"),)),
    (
        _RECIPIENT,
        _NO_ROUTE,
        RFC_3463,
        (
            ("5.4.0", 550, "Other network or routing status"),
            ("5.4.1", 550, "No answer from host"),
            ("5.4.3", 550, "Directory server failure"),
            ("5.4.4", 550, "Unable to route"),
            ("5.4.6", 554, "Routing loop detected"),
            ("5.4.7", 554, "Delivery time expired"),
        ),
    ),
    (
        _RECIPIENT,
        _LETTERS,
        RFC_6531,
        (
            ("5.6.7", 553, "Non-ASCII addresses not permitted for that recipient"),
            ("5.6.9", 550, "UTF-8 header message cannot be transferred"),
        ),
    ),
    # What is not taken, whoever it is for.
    (
        _REFUSED,
        _TOO_LARGE,
        RFC_3463,
        (
            ("5.2.3", 552, "Message length exceeds administrative limit"),
            ("5.3.4", 552, "Message too big for system"),
        ),
    ),
    (
        _REFUSED,
        _POLICY,
        RFC_3463,
        (
            ("5.3.0", 554, "Other mail system status"),
            ("5.3.2", 521, "System not accepting network messages"),
            ("5.7.0", 550, "Other security status"),
            ("5.7.1", 550, "Delivery not authorized, message refused"),
            ("5.7.2", 550, "Mailing list expansion prohibited"),
            ("5.7.7", 550, "Message integrity failure"),
        ),
    ),
    (
        _REFUSED,
        _POLICY,
        REGISTRY,
        (("5.7.17", 550, "Mailbox owner has changed"), ("5.7.28", 550, "Mail flood detected")),
    ),
    (
        _REFUSED,
        _UNPROVEN,
        REGISTRY,
        (
            ("5.7.20", 550, "No passing DKIM signature found"),
            ("5.7.21", 550, "No acceptable DKIM signature found"),
            ("5.7.22", 550, "No valid author-matched DKIM signature found"),
            ("5.7.23", 550, "SPF validation failed"),
            ("5.7.24", 550, "SPF validation error"),
            ("5.7.25", 550, "Reverse DNS validation failed"),
            ("5.7.26", 550, "Multiple authentication checks failed"),
            ("5.7.29", 550, "ARC validation failure"),
        ),
    ),
    (_REFUSED, _UNPROVEN, MICROSOFT, (("5.7.509", 550, "Access denied, DMARC verification"),)),
    (
        _REFUSED,
        _CONTENT,
        RFC_3463,
        (
            ("5.6.0", 554, "Other media error"),
            ("5.6.1", 554, "Media not supported"),
            ("5.6.2", 554, "Conversion required and prohibited"),
            ("5.6.3", 554, "Conversion required but not supported"),
            ("5.6.5", 554, "Conversion failed"),
        ),
    ),
    (_REFUSED, _TOO_MANY, RFC_3463, (("5.5.3", 554, "Too many recipients"),)),
    # Our account, our server, our sender.
    (
        _ACCOUNT,
        _SENDER,
        RFC_3463,
        (
            ("5.1.7", 553, "Bad sender's mailbox address syntax"),
            ("5.1.8", 553, "Bad sender's system address"),
        ),
    ),
    (_ACCOUNT, _SENDER, RFC_7505, (("5.7.27", 550, "Sender address has null MX"),)),
    (_ACCOUNT, _SENDER, MICROSOFT, (("5.7.60", 550, "Client may not send as this sender"),)),
    (
        _ACCOUNT,
        _PROTOCOL,
        RFC_3463,
        (
            ("5.5.0", 554, "Other protocol status"),
            ("5.5.1", 503, "Invalid command"),
            ("5.5.2", 500, "Syntax error"),
            ("5.5.4", 501, "Invalid command arguments"),
            ("5.7.4", 504, "Security features not supported"),
        ),
    ),
    (
        _OF_LOGIN,
        _LOGIN,
        RFC_4954,
        (
            ("5.7.8", 535, "Authentication credentials invalid"),
            ("5.7.9", 534, "Application-specific password required"),
        ),
    ),
    (
        _OF_LOGIN,
        _LOGIN,
        REGISTRY,
        (
            ("5.7.13", 525, "User account disabled"),
            ("5.7.14", 535, "Trust relationship required"),
        ),
    ),
    (
        _OF_LOGIN,
        _LOGIN,
        MICROSOFT,
        (
            ("5.7.57", 530, "Client not authenticated to send mail"),
            ("5.7.139", 535, "Authentication unsuccessful"),
        ),
    ),
    (
        _OF_LOGIN,
        _ENCRYPT,
        REGISTRY,
        (
            ("5.7.10", 523, "Encryption needed"),
            ("5.7.11", 538, "Encryption required for requested authentication mechanism"),
            ("5.7.30", 550, "REQUIRETLS support required"),
        ),
    ),
)


def _rows() -> Iterator[Documented]:
    for (meaning, failure), advice, source, answers in _GROUPS:
        sentence = format_lazy("{} {}", advice, _SAYS)
        for code, status, said in answers:
            yield Documented(code, meaning, failure, sentence, source, said, status)


ANSWERS: Final[Mapping[str, Documented]] = table(_rows())
_ADVICE: Final[Mapping[str, Any]] = {
    code: advice for _means, advice, _source, answers in _GROUPS for code, _status, _said in answers
}
_ENHANCED: Final = re.compile(r"([45])\.(\d{1,3})\.(\d{1,3})(?!\d)")


def row_of(reply_code: int, words: str) -> Documented | None:
    """Return the row of an answer: of its enhanced code, or of the nearest that is known."""
    found = _ENHANCED.match(words.strip())
    if found is None or found[1] != str(reply_code)[:1]:
        return ANSWERS.get(str(reply_code))
    enhanced, subject = found[0], f"{found[1]}.{found[2]}.0"
    return ANSWERS.get(enhanced) or ANSWERS.get(subject) or ANSWERS.get(str(reply_code))


def advice_on(answer: str) -> Any:
    """Return what a server's answer (`550 5.1.1 No such user`) means, and what to do."""
    reply_code, _space, words = answer.partition(" ")
    row = row_of(int(reply_code), words) if reply_code.isdecimal() else None
    return _ADVICE[row.code] if row else _LOOK
