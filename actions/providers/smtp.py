"""The documented answers of mail servers, and what each means for a mail.

A server answers each sender, recipient and mail with a reply code (RFC 5321) and, as a rule, an
enhanced status code before its words (RFC 3463), which says more: both are rows here. The failure
of a step is that of the stage of the conversation (`OF_STAGES`); the row says why.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.text import format_lazy

from actions.providers.answers import Documented, table
from actions.providers.smtp_advice import ADVICE, LOOK, SAYS

_SOURCES: Final = {
    "rfc5321": "https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3",
    "rfc3463": "https://www.rfc-editor.org/rfc/rfc3463",
    "rfc4954": "https://www.rfc-editor.org/rfc/rfc4954#section-6",
    "rfc6531": "https://www.rfc-editor.org/rfc/rfc6531#section-3.5",
    "rfc7504": "https://www.rfc-editor.org/rfc/rfc7504",
    "rfc7505": "https://www.rfc-editor.org/rfc/rfc7505#section-4",
    "iana": (
        "https://www.iana.org/assignments/smtp-enhanced-status-codes/"
        "smtp-enhanced-status-codes.xhtml"
    ),
    "microsoft": (
        "https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/"
        "non-delivery-reports-in-exchange-online"
    ),
}
# What it means, where that is documented, the code, the reply code beside it (of an enhanced one)
# and the words that commonly follow.
_ROWS: Final = """
busy        rfc5321   421      421 Service not available, closing transmission channel
busy        rfc5321   450      450 Mailbox unavailable
busy        rfc5321   451      451 Local error in processing
busy        rfc5321   455      455 Server unable to accommodate parameters
later_full  rfc5321   452      452 Insufficient system storage
no_mailbox  rfc5321   550      550 Mailbox unavailable
no_mailbox  rfc5321   551      551 User not local
no_mailbox  rfc5321   553      553 Mailbox name not allowed
no_domain   rfc7504   521      521 Server does not accept mail
no_domain   rfc7504   556      556 Domain does not accept mail
too_large   rfc5321   552      552 Exceeded storage allocation
spam        rfc5321   554      554 Transaction failed
protocol    rfc5321   500      500 Syntax error, command unrecognized
protocol    rfc5321   501      501 Syntax error in parameters or arguments
protocol    rfc5321   502      502 Command not implemented
protocol    rfc5321   503      503 Bad sequence of commands
protocol    rfc5321   504      504 Command parameter not implemented
protocol    rfc5321   555      555 MAIL FROM/RCPT TO parameters not recognized or not implemented
login       rfc4954   530      530 Authentication required
login       rfc4954   534      534 Authentication mechanism is too weak
login       rfc4954   535      535 Authentication credentials invalid
encrypt     rfc4954   538      538 Encryption required
login_later rfc4954   454      454 Temporary authentication failure
busy        rfc3463   4.1.0    451 Other address status
busy        rfc3463   4.1.1    451 Address could not be checked
busy        rfc3463   4.1.8    451 Sender's domain could not be checked
busy        rfc3463   4.2.0    450 Greylisted, try again later
busy        rfc3463   4.3.0    451 Temporary system problem
busy        rfc3463   4.3.1    452 Mail system full
busy        rfc3463   4.3.2    421 System not accepting network messages
busy        rfc3463   4.4.0    451 Other network or routing status
busy        rfc3463   4.4.1    451 No answer from host
busy        rfc3463   4.4.2    421 Bad connection
busy        rfc3463   4.4.3    451 Directory server failure
busy        rfc3463   4.4.5    451 Mail system congestion
busy        rfc3463   4.4.7    451 Delivery time expired
busy        rfc3463   4.5.0    451 Other protocol status
busy        rfc3463   4.6.0    451 Other media error
busy        rfc3463   4.7.0    450 Other security status, try again later
busy        rfc3463   4.7.1    451 Greylisted, try again later
busy        iana      4.7.15   450 Priority level is too low
busy        iana      4.7.24   451 SPF validation error
busy        iana      4.7.25   450 Reverse DNS validation failed
busy        iana      4.7.26   451 Multiple authentication checks failed
busy        iana      4.7.28   421 Mail flood detected
later_full  rfc3463   4.2.1    450 Mailbox busy
later_full  rfc3463   4.2.2    452 Mailbox full
later_many  rfc3463   4.5.3    452 Too many recipients
no_mailbox  rfc3463   5.1.0    550 Other address status
no_mailbox  rfc3463   5.1.1    550 No such mailbox here
no_mailbox  rfc3463   5.1.3    501 Bad destination mailbox address syntax
no_mailbox  rfc3463   5.1.4    550 Destination mailbox address ambiguous
no_mailbox  rfc3463   5.1.6    551 Mailbox has moved
no_domain   rfc3463   5.1.2    550 Bad destination system address
no_domain   rfc7505   5.1.10   556 Recipient address has null MX
off         rfc3463   5.2.0    550 Other mailbox status
off         rfc3463   5.2.1    550 Mailbox disabled, not accepting messages
off         rfc3463   5.2.4    550 Mailing list expansion problem
full        rfc3463   5.2.2    552 Mailbox full
no_route    rfc3463   5.4.0    550 Other network or routing status
no_route    rfc3463   5.4.1    550 No answer from host
no_route    rfc3463   5.4.3    550 Directory server failure
no_route    rfc3463   5.4.4    550 Unable to route
no_route    rfc3463   5.4.6    554 Routing loop detected
no_route    rfc3463   5.4.7    554 Delivery time expired
letters     rfc6531   5.6.7    553 Non-ASCII addresses not permitted for that recipient
letters     rfc6531   5.6.9    550 UTF-8 header message cannot be transferred
too_large   rfc3463   5.2.3    552 Message length exceeds administrative limit
too_large   rfc3463   5.3.4    552 Message too big for system
policy      rfc3463   5.3.0    554 Other mail system status
policy      rfc3463   5.3.2    521 System not accepting network messages
policy      rfc3463   5.7.0    550 Other security status
policy      rfc3463   5.7.1    550 Delivery not authorized, message refused
policy      rfc3463   5.7.2    550 Mailing list expansion prohibited
policy      rfc3463   5.7.7    550 Message integrity failure
policy      iana      5.7.17   550 Mailbox owner has changed
policy      iana      5.7.28   550 Mail flood detected
unproven    iana      5.7.20   550 No passing DKIM signature found
unproven    iana      5.7.21   550 No acceptable DKIM signature found
unproven    iana      5.7.22   550 No valid author-matched DKIM signature found
unproven    iana      5.7.23   550 SPF validation failed
unproven    iana      5.7.24   550 SPF validation error
unproven    iana      5.7.25   550 Reverse DNS validation failed
unproven    iana      5.7.26   550 Multiple authentication checks failed
unproven    iana      5.7.29   550 ARC validation failure
unproven    microsoft 5.7.509  550 Access denied, DMARC verification
content     rfc3463   5.6.0    554 Other media error
content     rfc3463   5.6.1    554 Media not supported
content     rfc3463   5.6.2    554 Conversion required and prohibited
content     rfc3463   5.6.3    554 Conversion required but not supported
content     rfc3463   5.6.5    554 Conversion failed
too_many    rfc3463   5.5.3    554 Too many recipients
sender      rfc3463   5.1.7    553 Bad sender's mailbox address syntax
sender      rfc3463   5.1.8    553 Bad sender's system address
sender      rfc7505   5.7.27   550 Sender address has null MX
sender      microsoft 5.7.60   550 Client may not send as this sender
protocol    rfc3463   5.5.0    554 Other protocol status
protocol    rfc3463   5.5.1    503 Invalid command
protocol    rfc3463   5.5.2    500 Syntax error
protocol    rfc3463   5.5.4    501 Invalid command arguments
protocol    rfc3463   5.7.4    504 Security features not supported
login       rfc4954   5.7.8    535 Authentication credentials invalid
login       rfc4954   5.7.9    534 Application-specific password required
login       iana      5.7.13   525 User account disabled
login       iana      5.7.14   535 Trust relationship required
login       microsoft 5.7.57   530 Client not authenticated to send mail
login       microsoft 5.7.139  535 Authentication unsuccessful
encrypt     iana      5.7.10   523 Encryption needed
encrypt     iana      5.7.11   538 Encryption required for requested authentication mechanism
encrypt     iana      5.7.30   550 REQUIRETLS support required
"""


def _rows() -> Iterator[tuple[Documented, Any]]:
    for line in _ROWS.strip().splitlines():
        named, source, code, status, said = line.split(maxsplit=4)
        advice = ADVICE[named]
        sentence = format_lazy("{} {}", advice.sentence, SAYS)
        means = (advice.meaning, advice.failure, sentence)
        yield Documented(code, *means, _SOURCES[source], said, int(status)), advice.sentence


ANSWERS: Final[Mapping[str, Documented]] = table(row for row, _advice in _rows())
_ADVISED: Final[Mapping[str, Any]] = {row.code: advice for row, advice in _rows()}
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
    return _ADVISED[row.code] if row else LOOK
