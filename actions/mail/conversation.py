"""One conversation with a mail server: each recipient gets an answer of its own.

The library's own `sendmail` tells of those who were refused only where others were accepted, drops
what was said before a server hangs up, and has one error for the mail, whoever it was for.
"""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.core.mail.backends.smtp import EmailBackend

from actions.clock import ClockedSocket, Deadline
from actions.errors import PermanentFailure
from actions.mail.composing import Composed
from actions.mail.replies import NO_SMTPUTF8, RecipientReply, Replies
from actions.scrub import Scrubber
from tenants.core.text.addresses import for_server, needs_smtputf8
from tenants.core.text.names import one_line

HANGS_UP: Final = 421
MAX_WORDS: Final = 300


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom to whom: addresses alone, each recipient once."""

    sender: str
    recipients: Sequence[str]


class _ClockedMixin:
    deadline: Deadline
    address: str | None
    sock: Any

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        # The address that was checked: the name may lead elsewhere by now. TLS still sees the name.
        connected = super()._get_socket(self.address or host, port, timeout)  # type: ignore[misc]
        return ClockedSocket(connected, self.deadline)

    def starttls(self, *args: Any, **kwargs: Any) -> Any:
        answer = super().starttls(*args, **kwargs)  # type: ignore[misc]
        if not isinstance(self.sock, ClockedSocket):
            self.sock = ClockedSocket(self.sock, self.deadline)
        return answer


class ClockedBackend(EmailBackend):
    """Django's SMTP backend, ending at a deadline however slowly the server answers."""

    def __init__(self, deadline: Deadline, address: str | None, **options: Any) -> None:
        super().__init__(**options)
        self._deadline, self._address = deadline, address
        self.has_handed_over = False  # the mail is on its way: the server may have it

    @property
    def is_late(self) -> bool:
        return self._deadline.is_over()

    @property
    def connection_class(self) -> Any:
        """The kind of client that `open()` makes."""
        plain = smtplib.SMTP_SSL if self.use_ssl else smtplib.SMTP
        attributes: dict[str, Any] = {"deadline": self._deadline, "address": self._address}
        return type("ClockedClient", (_ClockedMixin, plain), attributes)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A mail and who gets it, told to a server that is connected."""

    backend: ClockedBackend
    mail: Composed
    envelope: Envelope
    scrub: Scrubber

    def hold(self) -> Replies:
        """Return what became of each recipient. Raises what smtplib does, where nobody answers."""
        client: Any = self.backend.connection
        client.ehlo_or_helo_if_needed()
        knows_utf8 = client.has_extn("smtputf8")
        replies, asked = self._left_out(knows_utf8=knows_utf8)
        if not asked:
            return replies
        content, options = self._content(client, asked, knows_utf8=knows_utf8)
        refusal = self._refusal(client.mail(for_server(self.envelope.sender), options))
        if refusal is not None:
            return {**replies, **dict.fromkeys(asked, replace(refusal, is_of_mail=True))}
        answers = self._ask(client, asked)
        accepted = [address for address, one in answers.items() if one.is_accepted]
        if accepted:
            whole = self._hand_over(client, content)
            answers |= dict.fromkeys(accepted, whole)
        return {**replies, **answers}

    def _left_out(self, *, knows_utf8: bool) -> tuple[dict[str, RecipientReply], list[str]]:
        """Return the answers to those whom this server cannot be asked for, and the others."""
        if not knows_utf8 and needs_smtputf8(self.envelope.sender):
            code, words = NO_SMTPUTF8
            answer = f"{code} {words}"
            raise PermanentFailure("mail_needs_smtputf8", answer={self.envelope.sender: answer})
        others = self.envelope.recipients
        left_out = [] if knows_utf8 else [one for one in others if needs_smtputf8(one)]
        asked = [one for one in others if one not in left_out]
        return dict.fromkeys(left_out, RecipientReply(*NO_SMTPUTF8)), asked

    def _content(
        self, client: Any, asked: Sequence[str], *, knows_utf8: bool
    ) -> tuple[bytes, list[str]]:
        """Return the mail in the form that this server takes, and what it is told beforehand."""
        envelope = [self.envelope.sender, *asked]
        is_utf8 = knows_utf8 and (
            self.mail.needs_smtputf8 or any(needs_smtputf8(one) for one in envelope)
        )
        content = self.mail.in_utf8() if is_utf8 else self.mail.in_ascii
        options = ["SMTPUTF8"] if is_utf8 else []
        if client.has_extn("8bitmime") and not content.isascii():
            options.append("BODY=8BITMIME")
        if client.has_extn("size"):
            options.append(f"SIZE={len(content)}")
            limit = client.esmtp_features["size"].strip()
            if limit.isdecimal() and 0 < int(limit) < len(content):
                facts = {"bytes": len(content), "limit_bytes": int(limit)}
                raise PermanentFailure("mail_too_large", **facts)
        return content, options

    def _ask(self, client: Any, asked: Sequence[str]) -> dict[str, RecipientReply]:
        answers: dict[str, RecipientReply] = {}
        for address in asked:
            code, words = client.rcpt(for_server(address))
            answers[address] = self._reply(code, words)
            if code == HANGS_UP:
                client.close()
                return {**dict.fromkeys(asked, answers[address]), **_refused(answers)}
        return answers

    def _hand_over(self, client: Any, content: bytes) -> RecipientReply:
        self.backend.has_handed_over = True
        try:
            code, words = client.data(content)
        except smtplib.SMTPDataError as early:
            code, words = early.smtp_code, early.smtp_error
        self.backend.has_handed_over = False  # there is an answer
        return replace(self._reply(code, words), is_of_mail=True)

    def _refusal(self, answer: tuple[int, bytes]) -> RecipientReply | None:
        reply = self._reply(*answer)
        return None if reply.is_accepted else reply

    def _reply(self, code: int, words: bytes | str) -> RecipientReply:
        if not 200 <= code < 600:
            raise smtplib.SMTPServerDisconnected("no answer of a mail server")
        said = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        return RecipientReply(code, one_line(self.scrub.text(said), MAX_WORDS))


def _refused(answers: dict[str, RecipientReply]) -> dict[str, RecipientReply]:
    return {address: one for address, one in answers.items() if not one.is_accepted}
