"""The page that shows what the sandbox received."""

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from actions.sandbox.journal import Received

STYLE: Final = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-src 'self'",
    "Cache-Control": "no-store",
}
# A mail is somebody else's HTML: no script, no request, not even our own origin.
MAIL_HEADERS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
}
NAMES: Final = {
    "whatsapp": "WhatsApp",
    "smtp": "Mail",
    "slack": "Slack",
    "teams": "Teams",
    "hook": "Web",
}
SHOWN: Final = 100
REFRESH_SECONDS: Final = 3


def render(received: Sequence[Received], query: Mapping[str, str]) -> str:
    """Return the page; it loads itself again unless `refresh=0`."""
    chosen, still = query.get("channel", ""), query.get("refresh") == "0"
    refresh = "" if still else f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">'
    items = "".join(_item(one) for one in reversed(received[-SHOWN:]))
    nothing = '<p class="empty">Nothing yet. What a step sends appears here.</p>'
    pause = "Refresh by itself" if still else "Stop refreshing"
    pause_link = _link(chosen, refresh=still)
    return _document(
        f"<header><h1>Sandbox</h1><nav>{_tabs(chosen)}</nav>"
        f'<a class="pause" href="{pause_link}">{pause}</a></header>'
        f"<main>{items or nothing}</main>",
        refresh,
    )


def render_one(one: Received) -> str:
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in one.headers.items()
    )
    body = one.raw
    if isinstance(one.body, dict | list):
        body = json.dumps(one.body, ensure_ascii=False, indent=2)
    line = f"{one.method} {one.path}".strip() or f"Mail to {one.to}"
    return _document(
        f'<header><h1>{escape(line)}</h1><a href="/">Back</a></header><main>'
        f'<p class="when">{escape(one.at)} · answered with {one.status}</p>'
        f'<table>{rows}</table><pre dir="auto">{escape(body)}</pre></main>',
        "",
    )


def _document(content: str, refresh: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{refresh}<title>Sandbox</title><link rel="stylesheet" href="/style.css"></head>'
        f"<body>{content}</body></html>"
    )


def _tabs(chosen: str) -> str:
    tabs = [("", "All"), *NAMES.items()]
    return "".join(
        f'<a href="{_link(channel)}"{" class=chosen" if channel == chosen else ""}>{name}</a>'
        for channel, name in tabs
    )


def _link(channel: str, *, refresh: bool = True) -> str:
    parts = [f"channel={escape(channel)}"] if channel in NAMES else []
    parts += [] if refresh else ["refresh=0"]
    return "/?" + "&amp;".join(parts) if parts else "/"


def _item(one: Received) -> str:
    failed = one.status >= 400
    answered = f'<b class="failed">answered {one.status}</b>' if failed else ""
    key = escape(one.idempotency_key)
    return (
        f'<article class="{one.channel}">{CONTENT[one.channel](one)}'
        f"<footer><time>{escape(one.at[11:19])}</time> {NAMES[one.channel]} {answered}"
        f'<a href="/raw/{one.id}" title="{key}">raw</a></footer></article>'
    )


def _bubble(one: Received) -> str:
    return (
        f'<h2>{escape(one.to)}</h2><p class="when">{escape(one.subject)}</p>'
        f'<div class="bubble"><pre dir="auto">{escape(one.text)}</pre></div>'
    )


def _mail(one: Received) -> str:
    html = ""
    if one.html:
        html = (
            "<details><summary>As HTML</summary>"
            f'<iframe sandbox title="HTML" src="/mail/{one.id}"></iframe></details>'
        )
    return (
        f'<h2 dir="auto">{escape(one.subject)}</h2>'
        f'<p class="when">{escape(one.sender)} → {escape(one.to)}</p>'
        f'<pre dir="auto">{escape(one.text)}</pre>{html}'
    )


def _post(one: Received) -> str:
    title = f'<strong dir="auto">{escape(one.subject)}</strong>' if one.subject else ""
    return f'<h2>{escape(one.to)}</h2>{title}<pre dir="auto">{escape(one.text)}</pre>'


def _request(one: Received) -> str:
    body = one.body
    text = json.dumps(body, ensure_ascii=False, indent=2) if body is not None else ""
    line = escape(f"{one.method} {one.path}")
    return f'<h2>{line}</h2><pre dir="auto">{escape(text[:4000])}</pre>'


CONTENT: Final[Mapping[str, Callable[[Received], str]]] = {
    "whatsapp": _bubble,
    "smtp": _mail,
    "slack": _post,
    "teams": _post,
    "hook": _request,
}
