"""The sandbox's mail server: it answers as mail servers are documented to, by one table."""

import asyncio
import logging
import re
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8, default
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from actions.providers.smtp import ANSWERS
from actions.sandbox.journal import Behaviour, Journal

# Every command of every conversation, at INFO.
logging.getLogger("mail.log").setLevel(logging.WARNING)

# Recipients that the server refuses: refused@…, refused.by@…
REFUSED_PREFIX: Final = "refused"
# Others that it does not take, by how their address begins: full@…, full.nour@…
PREFIXES: Final = {"deferred": "4.2.0", "full": "4.2.2", "blocked": "5.7.1"}
GREYLISTED_PREFIX: Final = "greylisted"
GREYLISTED_SECONDS: Final = 300.0
_PREFIX: Final = re.compile(r"([a-z]+)[.+@]")
# Or by a code of the table: 5.2.2+nour@…, 550+nour@…
_CODE: Final = re.compile(r"(\d[\d.]*\d)\+")
_GREYLISTED: Final = "451 4.7.1 Greylisted, try again later"
_OFFERED: Final = {"size": None, "smtputf8": True, "auth": False}
_DEFAULT_SIZE: Final = 33_554_432


class MailServer:
    """Accepts every mail into the journal. An event loop in a thread of its own."""

    def __init__(self, address: tuple[str, int], journal: Journal) -> None:
        self._journal = journal
        self._handler = MailHandler(journal)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server = self._loop.run_until_complete(
            self._loop.create_server(self._conversation, *address)
        )

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _conversation(self) -> SMTP:
        rule = self._journal.next_behaviour("smtp", "EHLO", by_path_only=True)
        offered = {**_OFFERED, **(rule.body or {})}
        return SMTP(
            self._handler,
            hostname="sandbox",
            ident="Sandbox",
            data_size_limit=offered["size"] or _DEFAULT_SIZE,
            enable_SMTPUTF8=bool(offered["smtputf8"]),
            auth_require_tls=not offered["auth"],
            authenticator=self._handler.authenticate,
            loop=self._loop,
        )

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_default_executor()


class MailHandler:
    """Called by aiosmtpd for each command."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def authenticate(self, *asked: Any) -> AuthResult:
        """Take any user name and password, unless told otherwise."""
        rule = self._journal.next_behaviour("smtp", "AUTH", by_path_only=True)
        if rule.mode == "fail":
            return AuthResult(success=False, handled=False, message=_refusal(rule, "5.7.8"))
        return AuthResult(success=True)

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = await self._told(server, f"MAIL {address}", "5.1.8")
        if refusal:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not address.isascii() and not envelope.smtp_utf8:
            return _answer_of("5.6.7")
        refusal = await self._told(server, f"RCPT {address}", "5.1.1", envelope)
        refusal = refusal or self._by_prefix(envelope, address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        rule = self._journal.next_behaviour("smtp", "DATA")
        answer = _refusal(rule, "554") if rule.mode in {"fail", "rate_limit"} else "250 2.0.0 Kept"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        if not envelope.smtp_utf8 and not content.partition(b"\r\n\r\n")[0].isascii():
            answer = _answer_of("5.6.9")
        self._note(envelope, int(answer[:3]))
        await self._wait(server, rule)
        return answer

    async def _told(
        self, server: Any, command: str, usual: str, envelope: Envelope | None = None
    ) -> str:
        """Return the answer that this command was told to get; "" if it is taken."""
        rule = self._journal.next_behaviour("smtp", command, by_path_only=True)
        await self._wait(server, rule)
        if rule.mode == "greylist" and envelope is not None:
            return self._greylisted(envelope, command.partition(" ")[2], rule.seconds)
        return _refusal(rule, usual) if rule.mode in {"fail", "rate_limit"} else ""

    def _by_prefix(self, envelope: Envelope, address: str) -> str:
        if address.startswith(REFUSED_PREFIX):
            return _answer_of("5.1.1")
        code, prefix = _CODE.match(address), _PREFIX.match(address)
        if code is not None and code[1] in ANSWERS:
            return _answer_of(code[1])
        if prefix is not None and prefix[1] == GREYLISTED_PREFIX:
            return self._greylisted(envelope, address, GREYLISTED_SECONDS)
        return _answer_of(PREFIXES[prefix[1]]) if prefix and prefix[1] in PREFIXES else ""

    def _greylisted(self, envelope: Envelope, address: str, seconds: float) -> str:
        """Return "" once the first try from this sender to this recipient is so long ago."""
        now = self._journal.now()
        since = self._journal.first_tries.setdefault((str(envelope.mail_from), address), now)
        return "" if now - since >= seconds else _GREYLISTED

    async def _wait(self, server: Any, rule: Behaviour) -> None:
        if rule.mode not in {"slow", "hang", "drip"}:
            return
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._journal.closing.wait, rule.seconds)
        if rule.mode == "hang":
            server.transport.abort()

    def _note(self, envelope: Envelope, status: int) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        policy = SMTPUTF8 if envelope.smtp_utf8 else default
        message = message_from_bytes(content, policy=policy)
        self._journal.note(
            self._journal.next_number(),
            channel="smtp",
            to=", ".join(envelope.rcpt_tos),
            sender=str(message.get("From", envelope.mail_from)),
            subject=str(message.get("Subject", "")),
            text=_part(message, "plain"),
            html=_part(message, "html"),
            status=status,
            headers={name.lower(): str(value) for name, value in message.items()},
            raw=content.decode("utf-8", "replace"),
        )


def _refusal(rule: Behaviour, usual: str) -> str:
    """Return the answer of a rule: its own words, or those of the table for its status."""
    if rule.mode == "rate_limit":
        return "451 4.7.1 Too many mails, try later"
    if rule.error:
        return f"{rule.status or ANSWERS[usual].status} {rule.error}"
    if rule.status is None or str(rule.status) in ANSWERS:
        return _answer_of(usual if rule.status is None else str(rule.status))
    return f"{rule.status} The sandbox was told to refuse"


def _answer_of(code: str) -> str:
    row = ANSWERS[code]
    enhanced = "" if row.code == str(row.status) else f"{row.code} "
    return f"{row.status} {enhanced}{row.said}"


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    text = str(part.get_content()) if part is not None else ""
    return text.replace("\r\n", "\n").strip()
