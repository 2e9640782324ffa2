"""What people call the parts of a document and the comparisons of a condition.

The one table: the editor shows these titles, and errors and comparisons of versions use them, so
that whoever reads about a field finds it under that name. The params of actions have their titles
in the actions' own schemas.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.core.json import Json
from workflows.presentation.badges import action_label
from workflows.presentation.values import spelt_out

# Path without the indexes of lists -> title, in the order in which the editor shows them.
Titles = Mapping[str, Any]

DOCUMENT: Final[Titles] = {
    "name": _("Name of the workflow"),
    "language": _("Language version"),
    "trigger_type": _("It starts when this happens"),
    "also_on": _("And also when this happens"),
    "trigger_filter": _("Does it start every time?"),
    "steps": _("Steps of the workflow"),
    "on_failure": _("If the workflow fails"),
    "settings": _("Settings"),
    "values": _("Fixed values"),
    "settings/concurrency_key": _("Which runs take turns?"),
    "settings/when_busy": _("If one is still running"),
    "settings/max_running": _("How many run at once at most"),
    "settings/deadline": _("A run has to be done within"),
    "output": _("What it hands back"),
    "settings/start_on_own_changes": _("May its own changes start it again?"),
}
STEP: Final[Titles] = {
    "label": _("What is this step called?"),
    "note": _("Note for colleagues"),
    "name": _("Short name"),
    "action": _("Action"),
    "condition": _("Does it always run?"),
    "on_error": _("If this step fails in the end"),
    "on_error/steps": _("If it fails"),
    "on_error/then": _("After them"),
    "on_error/codes": _("Only after these errors (empty: after every error)"),
    "after_crash": _("If the machine fails while it is under way"),
    "retry": _("Try again like this"),
    "retry/attempts": _("How often in all"),
    "retry/delay": _("First wait"),
    "retry/backoff": _("Each wait is longer by the factor"),
    "retry/max_delay": _("Longest wait"),
    "timeout": _("Give up waiting for an answer after"),
}
# Of a step that may be done again without harm.
AFTER_DOUBT: Final = _("If it is not known whether the call arrived")
# What a run does after an error.
ENDINGS: Final[Titles] = {
    "stop": _("stop the workflow"),
    "continue": _("go on with the next step"),
}
CONDITION: Final[Titles] = {
    "field": _("Field"),
    "operator": _("Comparison"),
    "value": _("Value"),
}
_REMINDERS: Final[Titles] = {
    "reminders": _("Reminders"),
    "reminders/after": _("First after"),
    "reminders/every": _("Then again every"),
    "reminders/at_most": _("How often at most"),
    "reminders/steps": _("What the reminder does"),
}
# The params of the steps that steer a run.
KINDS: Final[Mapping[str, Titles]] = {
    "branch": {
        "cases": _("Paths"),
        "cases/label": _("What is this path called?"),
        "cases/when": _("When does it take this path?"),
        "cases/steps": _("Then"),
        "otherwise": _("Otherwise"),
    },
    "parallel": {
        "branches": _("Side by side"),
        "branches/label": _("What is this parallel path called?"),
        "branches/name": _("Short name"),
        "branches/steps": _("Steps"),
        "branches/result": _("What it hands back"),
        "if_one_fails": _("If one of them fails"),
    },
    "for_each": {
        "items": _("For each of these"),
        "steps": _("For each one"),
        "concurrency": _("How many at once"),
        "result": _("What each one hands back"),
        "if_one_fails": _("If one of them fails"),
    },
    "repeat": {
        "steps": _("Again and again"),
        "until": _("Until when?"),
        "every": _("Pause between two rounds"),
        "at_most": _("How many rounds at most"),
    },
    "wait": {
        "for": _("How long"),
        "until": _("Until"),
        "before": _("This long before it"),
        "after": _("This long after it"),
        "window": _("Between these hours"),
        "window/days": _("On these days"),
        "window/from": _("From"),
        "window/to": _("To"),
    },
    "wait_for_event": {
        "type": _("It waits until this happens"),
        "match": _("Which one?"),
        "look_back": _("It may have come earlier, by"),
        "timeout": _("Waits at most"),
        "on_timeout": _("If it does not come in time"),
        **_REMINDERS,
    },
    "approval": {
        "title": _("The question"),
        "message": _("What they should know"),
        "approvers": _("Who may decide?"),
        "choices": _("What can they choose?"),
        "choices/label": _("Button"),
        "choices/key": _("Short name"),
        "form": _("What else are they asked?"),
        "form/label": _("Question"),
        "form/key": _("Short name"),
        "form/type": _("Kind of answer"),
        "form/required": _("Must it be answered?"),
        "form/required_for": _("It must be answered by who chooses"),
        "form/options": _("Answers to choose from"),
        "timeout": _("Waits at most"),
        "timeout_choice": _("If nobody decides in time"),
        "allow_self": _("May whoever started it decide?"),
        **_REMINDERS,
    },
    "run_workflow": {
        "workflow": _("Which workflow?"),
        "input": _("What it is given"),
    },
    "emit_event": {
        "type": _("What has happened?"),
        "payload": _("What others should know of it"),
        "subject_type": _("Kind of the record it is about"),
        "subject_id": _("Number of the record it is about"),
    },
    "stop": {
        "outcome": _("How does it end?"),
        "message": _("Why"),
        "scope": _("What ends?"),
    },
}
# In the order in which people look for them.
OPERATORS: Final[Titles] = {
    "equals": _("is"),
    "not_equals": _("is not"),
    "in": _("is one of"),
    "not_in": _("is none of"),
    "greater_than": _("is greater than"),
    "greater_or_equal": _("is at least"),
    "less_than": _("is less than"),
    "less_or_equal": _("is at most"),
    "between": _("is between"),
    "before": _("is before"),
    "after": _("is after"),
    "older_than": _("is longer ago than"),
    "within_last": _("lies within the last"),
    "within_next": _("lies within the next"),
    "is_true": _("is yes"),
    "is_false": _("is no"),
    "contains": _("contains"),
    "not_contains": _("does not contain"),
    "contains_ignoring_case": _("contains (capitals do not matter)"),
    "equals_ignoring_case": _("is (capitals do not matter)"),
    "starts_with": _("begins with"),
    "ends_with": _("ends with"),
    "exists": _("is there"),
    "not_exists": _("is not there"),
    "is_empty": _("is empty"),
    "is_not_empty": _("is not empty"),
    "changed": _("has changed"),
    "not_changed": _("has not changed"),
    "changed_to": _("has changed to"),
    "changed_from": _("has changed from"),
    "crosses_above": _("has risen above"),
    "crosses_below": _("has fallen to or below"),
}


def operator_label(name: object) -> str:
    return str(OPERATORS.get(str(name)) or spelt_out(str(name)).lower())


def step_label(step: Json) -> str:
    """Return what people call a step of a document, which may be wrong in every part."""
    if not isinstance(step, dict):
        return gettext("a step without a name")
    label, name, action = (
        value if isinstance(value, str) else ""
        for value in (step.get("label"), step.get("name"), step.get("action"))
    )
    return step_title(label, name, action)


def step_title(label: str | None, name: str, action: str = "") -> str:
    """Return the label that somebody gave; else the short name as words.

    A name that the editor made of the action's says less than what the action is called. The cards
    of the editor hold to the same (`names.js`).
    """
    is_made = re.sub(r"_[0-9]+$", "", name) == action
    called = (
        label or ("" if is_made else spelt_out(name)) or (action_label(action) if action else "")
    )
    return called or gettext("a step without a name")
