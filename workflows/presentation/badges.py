"""Statuses and actions as people read them: a colour or a picture, and a name."""

from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions import registry
from workflows.engine.statuses import RunStatus
from workflows.models.run import STATUS_LABELS
from workflows.presentation.runs.lines import StepState

STEP_LABELS: Final = {
    StepState.COMPLETED: gettext_lazy("Done"),
    StepState.PARTLY: gettext_lazy("Done in part"),
    StepState.FAILED: gettext_lazy("Failed"),
    StepState.SKIPPED: gettext_lazy("Skipped"),
    StepState.UNKNOWN: gettext_lazy("Unclear"),
    StepState.REUSED: gettext_lazy("Kept from the earlier run"),
    StepState.RUNNING: gettext_lazy("Under way"),
    StepState.WAITING: gettext_lazy("Waiting"),
    StepState.NEXT: gettext_lazy("Next"),
    StepState.NOT_REACHED: gettext_lazy("Not reached"),
    StepState.NOT_TAKEN: gettext_lazy("Not taken"),
    StepState.BROKEN_OFF: gettext_lazy("Not finished"),
}
# The steps that steer a run: no action of the library does them.
KIND_LABELS: Final = {
    "approval": gettext_lazy("Ask for a decision"),
    "branch": gettext_lazy("Choose a branch"),
    "emit_event": gettext_lazy("Fire an event"),
    "for_each": gettext_lazy("Do it for each"),
    "output": gettext_lazy("Hand back a result"),
    "parallel": gettext_lazy("Do several things at once"),
    "repeat": gettext_lazy("Repeat until"),
    "run_workflow": gettext_lazy("Run another workflow"),
    "stop": gettext_lazy("Stop here"),
    "wait": gettext_lazy("Wait"),
    "wait_for_event": gettext_lazy("Wait for an event"),
}
# Their pictures; those of actions are the library's. Each is a class of admin.css.
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


class Badge(NamedTuple):
    """A label in a colour."""

    tone: str
    label: str


def run_badge(status: str) -> Badge:
    """Return a run's status in its colour, with its name: colour alone tells nobody enough."""
    known = status in set(RunStatus)
    label = STATUS_LABELS[RunStatus(status)] if known else status
    return Badge(status if known else "unknown", str(label))


def step_badge(state: StepState) -> Badge:
    """Return what became of a step."""
    return Badge(state.value, str(STEP_LABELS[state]))


def action_label(name: str) -> str:
    """Return what staff call an action; its name if the library has it no more."""
    if name in KIND_LABELS:
        return str(KIND_LABELS[name])
    try:
        return str(registry.get(name).label)
    except registry.UnknownAction:
        return _("%(name)s (no longer exists)") % {"name": name}


def action_icon(name: str) -> str:
    """Return the picture of a step, the same in the editor, in runs and in the gallery."""
    if name in KIND_ICONS:
        return KIND_ICONS[name]
    try:
        return registry.get(name).icon
    except registry.UnknownAction:
        return "bolt"
