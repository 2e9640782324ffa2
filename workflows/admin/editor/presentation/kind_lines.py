"""What the card of a control-flow step says: “Until Monday, 09:00”, “3 ways”, “New order comes”."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.admin.editor.form.scalars import shown
from workflows.definition.blocks import elements, mapping
from workflows.definition.values.durations import parse_duration
from workflows.definition.values.windows import DAYS
from workflows.event_types import label_of as event_label
from workflows.presentation.times import span

Params = Mapping[str, Json]
Read = Callable[[str], str]  # text with its places as words


def kind_line(name: str, params: Params, read: Read) -> str:
    """Return the line; "" where nothing is filled in yet."""
    line = _LINES.get(name)
    return line(params, read) if line else ""


def duration_words(text: Json) -> str:
    return span(parse_duration(text)) or shown(text)


def _branch(params: Params, read: Read) -> str:
    labels = [read(shown(mapping(one).get("label"))) for one in elements(params.get("cases"))]
    return listed(label for label in labels if label)


def _lanes(params: Params, read: Read) -> str:
    lanes = [mapping(one) for one in elements(params.get("branches"))]
    names = [shown(lane.get("label") or lane.get("name")) for lane in lanes]
    return listed(name for name in names if name)


def _items(params: Params, read: Read) -> str:
    items = params.get("items")
    return _("For each of %(items)s") % {"items": read(shown(items))} if items else ""


def _rounds(params: Params, read: Read) -> str:
    every = params.get("every")
    return _("Every %(duration)s") % {"duration": duration_words(every)} if every else ""


def _wait(params: Params, read: Read) -> str:
    told = []
    if params.get("for"):
        told.append(_("For %(duration)s") % {"duration": duration_words(params["for"])})
    if params.get("until"):
        told.append(_until(params, read))
    if isinstance(params.get("window"), dict):
        told.append(_hours(params["window"]))
    return listed(told)


def _until(params: Params, read: Read) -> str:
    words = {"moment": read(shown(params["until"]))}
    for key, pattern in (
        ("before", _("%(duration)s before %(moment)s")),
        ("after", _("%(duration)s after %(moment)s")),
    ):
        if params.get(key):
            return capfirst(pattern % {**words, "duration": duration_words(params[key])})
    return _("Until %(moment)s") % words


def _hours(window: Params) -> str:
    days = [day for day in elements(window.get("days")) if day in DAYS]
    named = listed(str(WEEKDAYS[DAYS.index(day)]) for day in days) or _("every day")
    hours = {"days": named, "from": shown(window.get("from")), "to": shown(window.get("to"))}
    return _("%(days)s, %(from)s to %(to)s") % hours


def _awaited(params: Params, read: Read) -> str:
    if not params.get("type"):
        return ""
    words = {
        "event": event_label(shown(params["type"])),
        "duration": duration_words(params.get("timeout", "")),
    }
    if params.get("timeout"):
        return _("“%(event)s”, for %(duration)s at most") % words
    return _("“%(event)s”") % words


def _asked(params: Params, read: Read) -> str:
    return read(shown(params.get("title")))


def _told(params: Params, read: Read) -> str:
    kind = params.get("type")
    return _("“%(event)s”") % {"event": event_label(shown(kind))} if kind else ""


def _end(params: Params, read: Read) -> str:
    failed = params.get("outcome") == "failed"
    how = _("As failed") if failed else _("As done")
    why = read(shown(params.get("message")))
    return _("%(how)s: %(why)s") % {"how": how, "why": why} if why else how


_LINES: Final[Mapping[str, Callable[[Params, Read], str]]] = {
    "branch": _branch,
    "parallel": _lanes,
    "for_each": _items,
    "repeat": _rounds,
    "wait": _wait,
    "wait_for_event": _awaited,
    "approval": _asked,
    "emit_event": _told,
    "stop": _end,
}
