"""The sandbox's mail server."""

import asyncio
import logging
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from actions.sandbox.journal import Behaviour, Journal

# Every command of every conversation, at INFO.
logging.getLogger("mail.log").setLevel(logging.WARNING)

# Recipients that the server refuses: refused@…, refused.by@…
REFUSED_PREFIX = "refused"


class MailServer:
    """Accepts every mail into the journal. An event loop in a thread of its own."""

    def __init__(self, address: tuple[str, int], journal: Journal) -> None:
        self._handler = MailHandler(journal)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server = self._loop.run_until_complete(
            self._loop.create_server(self._conversation, *address)
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.sockets[0].getsockname()[1])

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End, with every conversation under way."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _conversation(self) -> SMTP:
        return SMTP(
            self._handler,
            hostname="sandbox",
            ident="Sandbox",
            enable_SMTPUTF8=True,
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

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse one recipient."""
        if address.startswith(REFUSED_PREFIX):
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail and answer as told."""
        rule = self._journal.next_behaviour("smtp")
        answer = _answer(rule)
        self._note(envelope, int(answer[:3]))
        if rule.mode in {"slow", "hang", "drip"}:
            await self._wait(rule.seconds)
        return answer

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._journal.closing.wait, seconds)

    def _note(self, envelope: Envelope, status: int) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, policy=default)
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


def _answer(rule: Behaviour) -> str:
    if rule.mode == "fail":
        return f"{rule.status or 554} The sandbox was told to refuse"
    if rule.mode == "rate_limit":
        return "451 4.7.1 Too many mails, try later"
    return "250 2.0.0 Kept"


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    text = str(part.get_content()) if part is not None else ""
    return text.replace("\r\n", "\n").strip()
