"""The sandbox in this process: `with Sandbox() as sandbox:` in a test, or from the command line."""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from actions.sandbox.journal import Behaviour, Journal, Received
from actions.sandbox.mail import MailServer
from actions.sandbox.web import SandboxServer

Address = tuple[str, int]


class Sandbox:
    """Both servers on one journal. Port 0: a free one."""

    def __init__(
        self, http: Address = ("127.0.0.1", 0), smtp: Address | None = ("127.0.0.1", 0)
    ) -> None:
        self.journal = Journal()
        self._web = SandboxServer(http, self.journal)
        self._mail = MailServer(smtp, self.journal) if smtp is not None else None

    def __enter__(self) -> Self:
        threading.Thread(target=self._web.serve_forever, args=(0.05,), daemon=True).start()
        if self._mail is not None:
            self._mail.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.journal.closing.set()
        self._web.shutdown()
        self._web.server_close()
        if self._mail is not None:
            self._mail.stop()

    @property
    def host_and_port(self) -> str:
        """The web server's, as `ALLOWED_PRIVATE_HOSTS` wants it."""
        host, port = self._web.server_address[:2]
        return f"{host!s}:{port}"

    @property
    def base_url(self) -> str:
        """Where the providers answer: /v23.0/…/messages, /slack, /teams, /hook."""
        return f"http://{self.host_and_port}"

    @property
    def smtp_port(self) -> int:
        if self._mail is None:
            raise RuntimeError("The sandbox runs without a mail server.")
        return self._mail.port

    def received(self, channel: str | None = None, **filters: Any) -> list[Received]:
        """Return what came, the oldest first; filters: `since` (an id), `contains`."""
        return self.journal.received(channel, **filters)

    def register(self, templates: Mapping[str, Any]) -> None:
        """Let WhatsApp know templates, as `PUT /texts` does. Raises TypeError, KeyError."""
        self.journal.templates.put(templates)

    def travel(self, seconds: float) -> None:
        self.journal.go_ahead(seconds)

    def behave(self, channel: str, mode: str, **details: Any) -> None:
        """Answer so from now on. Details as in `PUT /behaviour`. Raises ValueError, TypeError."""
        self.journal.behave(Behaviour(channel, mode, **details))
