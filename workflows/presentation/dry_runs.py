"""Test runs and backtests, in words."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.core.json import Json
from workflows.presentation.runs import errors, evaluations
from workflows.presentation.times import span
from workflows.presentation.values import spelt_out

CHANNELS: Final[Mapping[str, Any]] = {
    "whatsapp": gettext_lazy("WhatsApp"),
    "email": gettext_lazy("Mail"),
    "slack": gettext_lazy("Slack"),
    "teams": gettext_lazy("Microsoft Teams"),
    "http": gettext_lazy("Web request"),
}
KINDS: Final[Mapping[str, Any]] = {
    "fails": gettext_lazy("The draft goes wrong, the published version does not"),
    "fails_no_more": gettext_lazy("The published version goes wrong, the draft does not"),
    "fails_otherwise": gettext_lazy("Both go wrong, in different places"),
    "starts": gettext_lazy("The draft starts, the published version does not"),
    "starts_no_more": gettext_lazy("The published version starts, the draft does not"),
    "branch": gettext_lazy("Another way is taken"),
    "message": gettext_lazy("Something else is sent, or to somebody else"),
    "data": gettext_lazy("Records are changed otherwise"),
    "steps": gettext_lazy("Other steps, or steps with other values"),
}
NOT_STARTED: Final[Mapping[str, Any]] = {
    "filtered_out": gettext_lazy("its start condition does not hold"),
    "problem": gettext_lazy("its start condition cannot be worked out"),
    "own_change": gettext_lazy("the event was its own doing"),
    "chain_too_long": gettext_lazy("too many workflows had started one another"),
    "not_listening": gettext_lazy("it does not listen to this event"),
    "unreadable_event": gettext_lazy("the event cannot be read"),
}


def _limit(params: Mapping[str, Json]) -> str:
    texts = {
        "steps": _("It was stopped after %(most)s steps. Does a loop ever end?"),
        "runs": _("It was stopped after %(most)s parts. A real run would go on."),
        "seconds": _("It was stopped after %(most)s seconds. A real run would go on."),
        "bytes": _("It was stopped: its result became too large to show. A real run would go on."),
    }
    return texts.get(str(params.get("limit")), texts["steps"]) % params


_HALTS: Final[Mapping[str, Callable[[Mapping[str, Json]], str]]] = {
    "asks": lambda _params: _("It waits for your answer."),
    "waits_for_ever": lambda _params: _(
        "It would wait here for ever: nothing says when the wait ends."
    ),
    "unknown_choice": lambda _params: _("The answer is not one of the choices."),
    "rehearsal_limit": _limit,
}


def halted(halt: Mapping[str, Json]) -> str:
    """Return why a rehearsal did not go on."""
    known = _HALTS.get(str(halt["code"]))
    return known(halt.get("params") or {}) if known else str(halt["code"])


def failure(code: str, params: Mapping[str, Json]) -> str:
    """Return why a step failed, or why a rehearsal did not go on."""
    if code in _HALTS:
        return halted({"code": code, "params": params})
    return errors.sentence(code, params)


def channel(kind: str) -> str:
    """Return how a message travels."""
    return str(CHANNELS.get(kind) or spelt_out(kind))


def skipped(seconds: int) -> str:
    """Return how long a real run would have waited."""
    return _("Skipped in the test: a real run waits %(time)s here.") % {
        "time": span(timedelta(seconds=seconds))
    }


def skipped_in_all(seconds: int) -> str:
    """Return how long a real run would have waited in all; "" if not at all."""
    if seconds < 1:
        return ""
    return _("A real run would wait %(time)s in all.") % {"time": span(timedelta(seconds=seconds))}


def would_send(count: int) -> str:
    """Return how many messages there were."""
    if not count:
        return _("It would send nothing.")
    said = ngettext("It would send %(count)s message.", "It would send %(count)s messages.", count)
    return said % {"count": count}


def not_started(verdict: Mapping[str, Json] | None, event_type: str) -> str:
    """Return why the event would not start the workflow; "" if it would."""
    if verdict is None or verdict["reason"] == "started":
        return ""
    why = evaluations.why({**verdict, "started": False}, event_type)
    return _("A real event like this would not start it: %(why)s") % {"why": why}


def reason(code: str) -> str:
    """Return why an event started nothing, in few words."""
    return str(NOT_STARTED.get(code) or spelt_out(code))


def kind_of_difference(kind: str) -> str:
    """Return in which way two sides differ."""
    return str(KINDS.get(kind) or spelt_out(kind))
