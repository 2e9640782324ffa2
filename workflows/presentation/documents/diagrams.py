"""A picture of a workflow: its steps as marks, one below the other, ways side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tenants.core.json import Json
from workflows.definition.blocks import elements, lists_in, mapping
from workflows.event_types import label_of
from workflows.presentation.badges import KIND_ICONS, action_icon
from workflows.presentation.vocabulary import KINDS, STEP, step_label


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
    begins = label_of(str(document.get("trigger_type") or ""))
    return Picture(begins, _marks(document.get("steps")))


def _marks(steps: Json) -> tuple[Mark, ...]:
    return tuple(_mark(step) for step in elements(steps) if isinstance(step, dict))


def _mark(step: Mapping[str, Json]) -> Mark:
    action = str(step.get("action") or "")
    return Mark(action_icon(action), _tone(action), step_label(step), tuple(_ways(step)))


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
    if place[1] == "reminders":
        return _("Reminder")
    if len(place) > 2:
        one = mapping(elements(mapping(step["params"])[place[1]])[int(place[2])])
        return str(one.get("label") or one.get("name") or "")
    of_kind = KINDS.get(str(step.get("action")), {})
    return str(of_kind.get(place[1]) if place[0] == "params" else STEP["on_error/steps"])
