"""Try a connection: whether the other side answers, and takes what is stored."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn
from uuid import uuid4

from django.utils.translation import gettext as _

from actions import registry
from actions.conf import settings
from actions.connections import OpenConnection, open_connection
from actions.errors import PermanentFailure, TemporaryFailure
from actions.mail.delivery import greet
from actions.models.connection import Connection, ConnectionKind
from actions.outbound.answer import HttpAnswer
from actions.outbound.client import exchange, judge
from actions.outbound.request import Request
from actions.providers import slack
from actions.providers.answers import Meaning, refuse
from actions.spec import ActionContext
from actions.web.request import request_of
from actions.whatsapp.answers import error_of, row_of, said
from actions.whatsapp.answers import number as code_number
from tenants.core.json import Json

TIMEOUT_SECONDS: Final = 10.0
# Nothing harmless can be asked of these: a trial is a message that people see.
POSTS: Final = frozenset({ConnectionKind.TEAMS})
_NOT_FOUND: Final = 404
_NO_SUCH_NUMBER: Final = frozenset({"33", "100"})


def try_out(connection: Connection) -> str:
    """Return in a sentence how the other side answered. Of kinds in POSTS it posts a message.

    Raises PermanentFailure and TemporaryFailure, whose sentences stand in `actions.wording`.
    """
    kind = ConnectionKind(connection.kind)
    context = _context(connection)
    opened = open_connection(context, kind, key=connection.key)
    return _TRIALS[kind](opened, context)


def _context(connection: Connection) -> ActionContext:
    run_id = uuid4()
    return ActionContext(
        tenant=connection.tenant.facts(),
        run_id=run_id,
        step_name="trial",
        idempotency_key=f"trial-{run_id}",
        timeout_seconds=TIMEOUT_SECONDS,
        render_text=_nothing_to_render,
    )


def _nothing_to_render(source: str, *, html: bool = False) -> str:
    return source


def _exchange(request: Request, context: ActionContext) -> HttpAnswer:
    return exchange(
        request, idempotency_key=context.idempotency_key, timeout_seconds=context.timeout_seconds
    )


def _whatsapp(connection: OpenConnection, context: ActionContext) -> str:
    base = str(connection.settings.get("base_url") or settings().whatsapp_base_url).rstrip("/")
    version = connection.settings.get("version") or settings().whatsapp_version
    number = connection.settings["phone_number_id"]
    request = Request(
        "GET",
        f"{base}/{version}/{number}?fields=display_phone_number,verified_name",
        secret_headers={"Authorization": f"Bearer {connection.secrets['access_token']}"},
        secrets=connection.secret_values,
    )
    answer = _exchange(request, context)
    if 400 <= answer.status < 500:
        _refuse_whatsapp(answer, str(number))
    found = _members(judge(answer, request).body)
    return _("WhatsApp knows the number %(number)s as “%(name)s”.") % {
        "number": found.get("display_phone_number", number),
        "name": found.get("verified_name", ""),
    }


def _refuse_whatsapp(answer: HttpAnswer, number: str) -> None:
    """Raise what the error body says; return if it says nothing that is known."""
    error = error_of(answer) or {}
    row = row_of(error)
    told = said(error)
    if (row is not None and row.code in _NO_SUCH_NUMBER) or answer.status == _NOT_FOUND:
        raise PermanentFailure("whatsapp_number_unknown", number=number, answer=told)
    if row is not None:
        refuse(row, provider_code=code_number(row.code), answer=told)
    if answer.status in {401, 403}:
        raise PermanentFailure("whatsapp_access_refused", answer=told)


def _slack(connection: OpenConnection, context: ActionContext) -> str:
    base = str(connection.settings.get("base_url") or settings().slack_base_url).rstrip("/")
    request = Request(
        "POST",
        f"{base}/auth.test",
        body={},
        secret_headers={"Authorization": f"Bearer {connection.secrets['bot_token']}"},
        secrets=connection.secret_values,
    )
    answer = judge(_exchange(request, context), request)
    found = _members(answer.body)
    if found.get("ok") is not True:
        _refuse_slack(found, answer)
    return _("Slack knows the app as “%(user)s” in “%(team)s”.") % {
        "user": found.get("user", ""),
        "team": found.get("team", ""),
    }


def _refuse_slack(found: Mapping[str, Any], answer: HttpAnswer) -> NoReturn:
    if not isinstance(found.get("ok"), bool):
        raise TemporaryFailure("slack_unclear", answer=answer.excerpt)
    error = str(found.get("error", ""))
    row = slack.ANSWERS.get(error)
    facts: dict[str, Json] = {"answer": error or answer.excerpt}
    if row is not None:
        facts |= {"provider_code": error}
        facts |= {name: str(found.get(name, "")) for name in ("needed", "provided")}
    if row is not None and row.meaning in {Meaning.TEMPORARY, Meaning.UNCLEAR}:
        raise TemporaryFailure("slack_busy", **facts)
    raise PermanentFailure("slack_access_refused", **facts)


def _teams(connection: OpenConnection, context: ActionContext) -> str:
    text = _("A trial of the connection “%(name)s” from Sayr.") % {"name": connection.key}
    registry.get("team_notify").run({"connection": connection.key, "text": text}, context)
    return _("Teams took the message. Look into the channel.")


def _smtp(connection: OpenConnection, context: ActionContext) -> str:
    greet(connection, context.timeout_seconds)
    host = connection.settings["host"]
    if connection.settings.get("username"):
        return _("%(host)s answers and accepts the user name and password.") % {"host": host}
    return _("%(host)s answers. It was not asked to log in: no user name is stored.") % {
        "host": host
    }


def _http(connection: OpenConnection, context: ActionContext) -> str:
    request = request_of("GET", {"url": "", "connection": connection.key}, context)
    answer = _exchange(request, context)
    if answer.status == _NOT_FOUND or 300 <= answer.status < 400 or answer.status == 405:
        return _(
            "The server answers. There is nothing to read at the address itself (status "
            "%(status)s), which is usual: steps add the rest of it."
        ) % {"status": answer.status}
    judge(answer, request)
    return _("The service answers (status %(status)s).") % {"status": answer.status}


def _members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


_TRIALS: Final[Mapping[ConnectionKind, Callable[[OpenConnection, ActionContext], str]]] = {
    ConnectionKind.WHATSAPP: _whatsapp,
    ConnectionKind.SLACK: _slack,
    ConnectionKind.TEAMS: _teams,
    ConnectionKind.SMTP: _smtp,
    ConnectionKind.HTTP: _http,
}
