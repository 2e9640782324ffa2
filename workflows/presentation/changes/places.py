"""Where in a document a change is, in words: parts of a step, and lists of steps."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions import registry
from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.definition.changes.change import Path
from workflows.definition.changes.outline import Outline, value_at
from workflows.definition.kinds import kind_named
from workflows.definition.schemas import member
from workflows.presentation.documents.places import PARTS
from workflows.presentation.values import spelt_out

# Beside those that mistakes name.
MORE_PARTS: Final[Mapping[str, Any]] = {
    "trigger_filter": gettext_lazy("Start condition"),
    "on_failure": gettext_lazy("After a failure"),
    "cases": gettext_lazy("Cases"),
    "branches": gettext_lazy("Branches"),
    "when": gettext_lazy("If"),
    "otherwise": gettext_lazy("Otherwise"),
    "on_timeout": gettext_lazy("When the time is up"),
    "reminders": gettext_lazy("Reminders"),
    "items": gettext_lazy("Items"),
    "concurrency": gettext_lazy("How many at once"),
    "if_one_fails": gettext_lazy("If one fails"),
    "workflow": gettext_lazy("Workflow"),
    "match": gettext_lazy("The event belongs here if"),
    "choices": gettext_lazy("Choices"),
    "approvers": gettext_lazy("Who decides"),
    "until": gettext_lazy("Until"),
    "every": gettext_lazy("Every"),
    "at_most": gettext_lazy("At most"),
    "attempts": gettext_lazy("How often in all"),
    "delay": gettext_lazy("First wait"),
    "backoff": gettext_lazy("Each wait is longer by the factor"),
    "max_delay": gettext_lazy("Longest wait"),
    "then": gettext_lazy("And then"),
    "codes": gettext_lazy("Only after these errors"),
    "start_on_own_changes": gettext_lazy("May its own changes start it again?"),
}
SILENT: Final = frozenset({"params", "all", "any"})


def step_label(step: Json) -> str:
    """Return what people call a step."""
    if not isinstance(step, dict):
        return _("a step without a name")
    label, name = step.get("label"), step.get("name")
    if isinstance(label, str) and label:
        return label
    return spelt_out(name) if isinstance(name, str) and name else _("a step without a name")


def part_words(content: Json, path: Path) -> str:
    """Return the place inside a step or document: “Template values, Order id”."""
    return listed(_parts(content, path)) or _("Everything")


def _parts(content: Json, path: Path) -> Iterator[str]:
    schema = schema_of(content)
    known: Mapping[str, Any] = {}
    for depth, key in enumerate(path):
        inside = schema if path[:depth] == ("params",) else known
        known = member(inside, schema, key) if inside else {}
        if isinstance(key, int):
            yield _element(content, path[: depth + 1], key)
        elif key not in SILENT:
            parts = {**PARTS, **MORE_PARTS}
            # The words for parts of the language; a param of that name has its own.
            own = {} if path[:1] == ("params",) and kind_of(content) is None else parts
            yield str(known.get("title") or own.get(key) or spelt_out(key))


def _element(content: Json, path: Path, index: int) -> str:
    try:
        element = value_at(content, path)
    except (KeyError, IndexError, TypeError):
        element = None
    named = element if isinstance(element, dict) else {}
    label = named.get("label") or named.get("name")
    if isinstance(label, str):
        return _("“%(value)s”") % {"value": label}
    return _("no. %(number)s") % {"number": index + 1}


def kind_of(content: Json) -> Any:
    """Return the kind of a step that steers, or None."""
    return kind_named(content.get("action")) if isinstance(content, dict) else None


def schema_of(content: Json) -> Mapping[str, Any]:
    """Return the schema of a step's params; {} of anything else."""
    kind = kind_of(content)
    if kind is not None:
        return kind.params  # type: ignore[no-any-return]  # a mapping
    try:
        return registry.get(content["action"]).params
    except (KeyError, TypeError, registry.UnknownAction):
        return {}


def list_words(taken: Outline, token: str) -> str:
    """Return what people call a list of steps: “the case “High” of “By risk””."""
    step, path = taken.places[token]
    if step is not None:
        return _inner_list_words(taken.steps[step], path)
    return _("the main steps") if path == ("steps",) else _("the steps after a failure")


def _inner_list_words(content: Json, path: Path) -> str:
    told = {"step": step_label(content)}
    match path:
        case ("on_error", *_rest):
            said = _("the steps after an error of “%(step)s”")
        case ("params", "cases", int() as index, "steps"):
            told["case"] = _element(content, path[:3], index)
            said = _("the case %(case)s of “%(step)s”")
        case ("params", "branches", int() as index, "steps"):
            told["branch"] = _element(content, path[:3], index)
            said = _("the branch %(branch)s of “%(step)s”")
        case ("params", "otherwise"):
            said = _("the “otherwise” of “%(step)s”")
        case ("params", "steps"):
            said = _("the steps inside “%(step)s”")
        case _:
            told["part"] = part_words(content, path)
            said = _("“%(part)s” of “%(step)s”")
    return said % told
