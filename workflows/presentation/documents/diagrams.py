"""A picture of a workflow: its steps as marks, one below the other, ways side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions import registry
from tenants.core.json import Json
from workflows.definition.blocks import elements, lists_in, mapping
from workflows.event_types import label_of
from workflows.presentation.badges import action_label
from workflows.presentation.values import spelt_out

# Steps that steer; the marks of actions are the library's.
KIND_ICONS: Final = {
    "approval": "person",
    "branch": "branch",
    "emit_event": "signal",
    "for_each": "each",
    "parallel": "parallel",
    "repeat": "repeat",
    "run_workflow": "workflow",
    "stop": "stop",
    "wait": "clock",
    "wait_for_event": "hourglass",
}
# Of the ways out of a step: by the last name in its place that says what it is.
_WAY_LABELS: Final = {
    "otherwise": gettext_lazy("Otherwise"),
    "on_timeout": gettext_lazy("If it takes too long"),
    "reminders": gettext_lazy("Reminder"),
    "on_error": gettext_lazy("If it fails"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A step."""

    icon: str
    tone: str  # asks, steers, waits or acts
    label: str
    ways: tuple["Way", ...]


@dataclass(frozen=True, slots=True)
class Way:
    """The steps of one way out of a step."""

    label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole workflow."""

    begins: str  # what starts it
    marks: tuple[Mark, ...]


def picture(document: Mapping[str, Json]) -> Picture:
    """Return the picture of a document, finished or not."""
    begins = label_of(str(document.get("trigger_type") or ""))
    return Picture(begins, _marks(document.get("steps")))


def _marks(steps: Json) -> tuple[Mark, ...]:
    return tuple(_mark(step) for step in elements(steps) if isinstance(step, dict))


def _mark(step: Mapping[str, Json]) -> Mark:
    action = str(step.get("action") or "")
    label = step.get("label") or spelt_out(str(step.get("name") or "")) or action_label(action)
    return Mark(
        KIND_ICONS.get(action) or _icon(action), _tone(action), str(label), tuple(_ways(step))
    )


def _icon(action: str) -> str:
    try:
        return registry.get(action).icon
    except registry.UnknownAction:
        return "bolt"


def _tone(action: str) -> str:
    if action == "approval":
        return "asks"
    if action in {"wait", "wait_for_event"}:
        return "waits"
    return "steers" if action in KIND_ICONS else "acts"


def _ways(step: Mapping[str, Json]) -> Iterator[Way]:
    for place, steps in lists_in(step, ""):
        if marks := _marks(steps):
            yield Way(_way_label(step, place.split("/")[1:]), marks)


def _way_label(step: Mapping[str, Json], place: Sequence[str]) -> str:
    for name in reversed(place):
        if name in _WAY_LABELS:
            return str(_WAY_LABELS[name])
    holder = mapping(step.get("params"))
    if len(place) > 2 and place[2].isdecimal():
        several = elements(holder.get(place[1]))
        one = mapping(several[int(place[2])])
        return str(one.get("label") or one.get("name") or "")
    return _("Each time")
