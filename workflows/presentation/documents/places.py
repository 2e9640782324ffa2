"""Where in a document something is: a JSON pointer, in words."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions import registry
from tenants.core.json import Json
from tenants.core.json.pointers import keys_of
from tenants.core.text.listing import listed
from workflows.presentation.values import spelt_out, titles

PARTS: Final[Mapping[str, Any]] = {
    "name": gettext_lazy("Name"),
    "label": gettext_lazy("Label"),
    "language": gettext_lazy("Language version"),
    "trigger_type": gettext_lazy("Starts on"),
    "also_on": gettext_lazy("Also starts on"),
    "trigger": gettext_lazy("Trigger"),
    "trigger_filter": gettext_lazy("Only if"),
    "settings": gettext_lazy("Settings"),
    "values": gettext_lazy("Named values"),
    "steps": gettext_lazy("Steps"),
    "action": gettext_lazy("Action"),
    "condition": gettext_lazy("Condition"),
    "field": gettext_lazy("Field"),
    "operator": gettext_lazy("Comparison"),
    "value": gettext_lazy("Value"),
    "on_error": gettext_lazy("After an error"),
    "retry": gettext_lazy("Retry"),
    "timeout": gettext_lazy("Time limit"),
    "after_crash": gettext_lazy("After a crash"),
    "output": gettext_lazy("What it hands back"),
    "on_failure": gettext_lazy("After a failure"),
    "concurrency_key": gettext_lazy("Runs that take turns"),
    "when_busy": gettext_lazy("While another one runs"),
    "max_running": gettext_lazy("Runs at once"),
    "deadline": gettext_lazy("Ends at the latest after"),
    "cases": gettext_lazy("Cases"),
    "when": gettext_lazy("When"),
    "otherwise": gettext_lazy("Otherwise"),
    "items": gettext_lazy("List"),
    "result": gettext_lazy("Result"),
    "branches": gettext_lazy("Branches"),
    "if_one_fails": gettext_lazy("If one fails"),
    "concurrency": gettext_lazy("At once"),
    "workflow": gettext_lazy("Workflow"),
    "input": gettext_lazy("Input"),
    "match": gettext_lazy("Which event"),
    "look_back": gettext_lazy("Look back"),
    "on_timeout": gettext_lazy("If it takes too long"),
    "approvers": gettext_lazy("Who decides"),
    "choices": gettext_lazy("Choices"),
    "form": gettext_lazy("Questions"),
    "required": gettext_lazy("Must be answered"),
    "required_for": gettext_lazy("Must be answered for"),
    "options": gettext_lazy("Options"),
    "timeout_choice": gettext_lazy("Chosen when time is up"),
    "allow_self": gettext_lazy("Who started it may decide"),
    "reminders": gettext_lazy("Reminders"),
    "every": gettext_lazy("Again every"),
    "at_most": gettext_lazy("At most"),
    "until": gettext_lazy("Until"),
    "scope": gettext_lazy("What ends"),
    "outcome": gettext_lazy("Outcome"),
}
# Levels that say nothing to people.
SILENT: Final = frozenset({"params", "all", "any"})


def place(pointer: str, document: Json) -> str:
    """Return the place in words: “Step 2 “notify_customer”, Template”. "" is the whole document."""
    keys = keys_of(pointer)
    if not keys:
        return _("The whole document")
    words, known, rest = _beginning(keys, document)
    for key in rest:
        if key.isdecimal():
            words.append(_("no. %(number)s") % {"number": int(key) + 1})
        elif key not in SILENT:
            words.append(str(known.get(key) or PARTS.get(key) or spelt_out(key)))
    return listed(words)


def _beginning(keys: list[str], document: Json) -> tuple[list[str], Mapping[str, Any], list[str]]:
    """Name the step, if it is in one, and what its action calls its parameters."""
    if keys[0] != "steps" or len(keys) < 2 or not keys[1].isdecimal():
        return [], {}, keys
    number = int(keys[1])
    step = _step(document, number)
    values = {"number": number + 1, "name": step.get("name")}
    named = _("Step %(number)s “%(name)s”") if values["name"] else _("Step %(number)s")
    inside = keys[2:]
    known = _params(step) if inside[:1] == ["params"] else {}
    return [named % values], known, inside


def _step(document: Json, number: int) -> Mapping[str, Json]:
    try:
        step = document["steps"][number]
    except (KeyError, IndexError, TypeError):
        return {}
    return step if isinstance(step, dict) else {}


def _params(step: Mapping[str, Json]) -> Mapping[str, str]:
    try:
        return titles(registry.get(step["action"]).params)
    except (KeyError, TypeError, registry.UnknownAction):
        return {}
