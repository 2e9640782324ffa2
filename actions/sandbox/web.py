"""The sandbox's web server: the providers, the JSON API and the page."""

import json
import socket
import sys
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from actions.sandbox import page, providers
from actions.sandbox.journal import Behaviour, Journal
from actions.sandbox.replies import SandboxReply
from actions.sandbox.whatsapp_templates import Registrations
from tenants.core.json import Json

BODY_LIMIT_BYTES = 4_194_304
DRIPS = 20  # parts into which a dripped answer falls


class SandboxServer(ThreadingHTTPServer):
    """Serves one journal."""

    daemon_threads = True
    block_on_close = False  # a hanging answer must not hold up the end of a test
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], journal: Journal) -> None:
        super().__init__(address, Handler)
        self.journal = journal

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers that hang up early: they are part of what is tried here."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection, request after request."""

    protocol_version = "HTTP/1.1"
    server_version = "Sandbox"
    disable_nagle_algorithm = True
    server: SandboxServer
    kept_headers: ClassVar[frozenset[str]] = frozenset({"authorization"})

    def answer(self) -> None:
        body = self._read_body()
        channel = providers.channel_of(self.path)
        introduced = providers.introduced(self.command, self.path)
        if channel is not None:
            self._answer_as(channel, body)
        elif introduced is not None:
            self._introduce(introduced)
        else:
            self._answer_own(body)

    do_GET = do_HEAD = do_POST = answer  # noqa: N815 - the names that http.server looks for
    do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _answer_as(self, channel: str, raw: bytes) -> None:
        rule = self.server.journal.next_behaviour(channel, self.path)
        body = _parsed(raw)
        authorization = self.headers.get("Authorization", "")
        number = self.server.journal.next_number()
        templates = self.server.journal.templates
        reply = _reply(channel, rule, body, (authorization, number, templates))
        message = providers.read(channel, self.path, body, templates)
        self.server.journal.note(
            number,
            channel=channel,
            to=message.to,
            text=message.text,
            subject=message.subject,
            status=reply.status,
            method=self.command,
            path=self.path,
            headers=self._shown_headers(),
            body=body,
            raw=raw.decode("utf-8", "replace"),
        )
        if rule.mode in {"slow", "hang"}:
            self.server.journal.closing.wait(rule.seconds)
        if rule.mode == "hang":
            self.close_connection = True
            return
        self._send(reply, drip_seconds=rule.seconds if rule.mode == "drip" else 0)

    def _introduce(self, channel: str) -> None:
        """Answer a trial of a connection. Nothing was sent, so the journal keeps nothing."""
        rule = self.server.journal.next_behaviour(channel, self.path)
        if rule.mode in {"fail", "rate_limit"}:
            self._send(providers.failure(channel, rule))
            return
        authorization = self.headers.get("Authorization", "")
        self._send(providers.introduce(channel, self.path, authorization))

    def _answer_own(self, raw: bytes) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        name = f"{self.command} /{parts.path.strip('/').partition('/')[0]}"
        route = OWN_ROUTES.get(name)
        try:
            reply = (
                route(self.server.journal, parts.path, query, raw) if route else SandboxReply(404)
            )
        except (KeyError, TypeError, ValueError) as error:
            reply = SandboxReply(400, {"error": str(error)})
        self._send(reply)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return b""
        length = min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT_BYTES)
        return self.rfile.read(length)

    def _shown_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _send(self, reply: SandboxReply, drip_seconds: float = 0) -> None:
        body = reply.body
        kind = "application/json"
        if isinstance(body, str):
            kind = "text/html; charset=utf-8"
        content = _as_bytes(body)
        headers = {"Content-Type": kind, **reply.headers, "Content-Length": str(len(content))}
        phrase = responses.get(reply.status, "Status")
        head = f"HTTP/1.1 {reply.status} {phrase}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        # One write: two would cost a delayed acknowledgement of 40 ms.
        whole = head.encode("latin-1", "replace") + b"\r\n" + content
        if self.command == "HEAD":
            whole = whole[: -len(content) or None]
        self._write(whole, drip_seconds)

    def _write(self, whole: bytes, drip_seconds: float) -> None:
        if not drip_seconds:
            self.wfile.write(whole)
            return
        size = max(1, len(whole) // DRIPS)
        for start in range(0, len(whole), size):
            self.wfile.write(whole[start : start + size])
            if self.server.journal.closing.wait(drip_seconds / DRIPS):
                self.connection.shutdown(socket.SHUT_RDWR)
                return


def _reply(
    channel: str, rule: Behaviour, body: Json, known: tuple[str, int, Registrations]
) -> SandboxReply:
    if rule.mode in {"fail", "rate_limit"}:
        return providers.failure(channel, rule)
    if rule.mode == "answer":
        body = b64decode(rule.base64) if rule.base64 else rule.body
        return SandboxReply(rule.status or 200, body, rule.headers)
    return providers.reply(channel, body, *known)


def _as_bytes(body: Json) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return b"" if body is None else json.dumps(body).encode()


def _parsed(raw: bytes) -> Json:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode("utf-8", "replace")


def _show_page(journal: Journal, path: str, query: Mapping[str, str], raw: bytes) -> SandboxReply:
    html = page.render(journal.received(query.get("channel")), query)
    return SandboxReply(200, html, page.HEADERS)


def _show_one(journal: Journal, path: str, query: Mapping[str, str], raw: bytes) -> SandboxReply:
    found = journal.one(int(path.rpartition("/")[2]))
    return SandboxReply(200, page.render_one(found), page.HEADERS) if found else SandboxReply(404)


def _show_mail(journal: Journal, path: str, query: Mapping[str, str], raw: bytes) -> SandboxReply:
    found = journal.one(int(path.rpartition("/")[2]))
    return SandboxReply(200, found.html, page.MAIL_HEADERS) if found else SandboxReply(404)


def _show_style(journal: Journal, path: str, query: Mapping[str, str], raw: bytes) -> SandboxReply:
    return SandboxReply(200, page.STYLE, {"Content-Type": "text/css; charset=utf-8"})


def _list(journal: Journal, path: str, query: Mapping[str, str], raw: bytes) -> SandboxReply:
    found = journal.received(
        query.get("channel"),
        since=int(query.get("since", 0)),
        contains=query.get("contains", ""),
    )
    return SandboxReply(200, {"received": [one.as_json() for one in found]})


def _forget(journal: Journal, path: str, query: Mapping[str, str], raw: bytes) -> SandboxReply:
    journal.forget()
    return SandboxReply(204)


def _set_behaviour(
    journal: Journal, path: str, query: Mapping[str, str], raw: bytes
) -> SandboxReply:
    rule = Behaviour(**json.loads(raw))
    journal.behave(rule)
    return SandboxReply(200, asdict(rule))


def _set_clock(journal: Journal, path: str, query: Mapping[str, str], raw: bytes) -> SandboxReply:
    journal.go_ahead(float(json.loads(raw)["ahead_seconds"]))
    return SandboxReply(200, {"now": journal.now()})


def _set_texts(journal: Journal, path: str, query: Mapping[str, str], raw: bytes) -> SandboxReply:
    journal.templates.put(dict(json.loads(raw)))
    return SandboxReply(200, {"templates": journal.templates.names()})


def _forget_texts(
    journal: Journal, path: str, query: Mapping[str, str], raw: bytes
) -> SandboxReply:
    journal.templates.clear()
    return SandboxReply(204)


def _list_behaviours(
    journal: Journal, path: str, query: Mapping[str, str], raw: bytes
) -> SandboxReply:
    return SandboxReply(200, {"behaviours": [asdict(rule) for rule in journal.behaviours()]})


Route = Callable[[Journal, str, Mapping[str, str], bytes], SandboxReply]
OWN_ROUTES: dict[str, Route] = {
    "GET /": _show_page,
    "GET /raw": _show_one,
    "GET /mail": _show_mail,
    "GET /style.css": _show_style,
    "GET /received": _list,
    "DELETE /received": _forget,
    "GET /behaviour": _list_behaviours,
    "PUT /behaviour": _set_behaviour,
    "PUT /clock": _set_clock,
    "PUT /texts": _set_texts,
    "DELETE /texts": _forget_texts,
}
