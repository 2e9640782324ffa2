"""What a step that steers a run came to, in words; and which of its values people need to see."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.core.json import Json
from workflows.presentation.actors import actor_words
from workflows.presentation.times import by_clock

Entry = Mapping[str, Json]

MOST_RESULTS: Final = 20  # of a list; each child run's page has its own


def is_mark(entry: Entry) -> bool:
    """Whether an entry only says that a round or a reminder begins: its step goes on behind it."""
    if "waiting" in entry:
        return True
    is_loop = entry.get("action") == "repeat" and "error" not in entry
    return is_loop and not (entry.get("output") or {}).get("done", True)


def came_to(entry: Entry) -> str:
    """Return what a finished step that steers the run came to; "" for any other."""
    output = entry.get("output")
    tell = _TELLERS.get(str(entry.get("action")))
    return tell(entry, output) if tell and isinstance(output, dict) else ""


def given(entry: Entry) -> Json:
    """Return of a step's input what its words do not say; the items of a list are runs' own."""
    value = entry.get("input")
    match entry.get("action"):
        case "for_each" | "wait_for_event":
            return None
        case "run_workflow" if isinstance(value, dict):
            return value.get("input")
        case "approval" if isinstance(value, dict):
            return {"message": value["message"]} if value.get("message") else None
        case _:
            return value


def got(entry: Entry) -> Json:
    """Return of a step's output what its words do not say."""
    output = entry.get("output")
    match entry.get("action"):
        case "branch" | "repeat" | "wait" | "stop" | "emit_event":
            return None
        case "for_each" if isinstance(output, dict):
            results = output.get("results") or ()
            return None if _is_empty(results) else {"results": results[:MOST_RESULTS]}
        case "wait_for_event" if isinstance(output, dict):
            return output.get("payload")
        case "approval" if isinstance(output, dict):
            return output.get("answers") or None
        case _:
            return output


def _is_empty(results: Json) -> bool:
    return all(result is None for result in results)


def _branch(entry: Entry, output: Mapping[str, Json]) -> str:
    label = output.get("case")
    if label == "otherwise":
        return _("None of its conditions held.")
    return _("“%(case)s” was chosen.") % {"case": case_label(str(label))}


def case_label(label: str) -> str:
    """Return what a case is called; its number says so where its author gave it no name."""
    return _("Case %(number)s") % {"number": label} if label.isdigit() else label


def _repeat(entry: Entry, output: Mapping[str, Json]) -> str:
    rounds = int(output.get("round") or 0)
    return ngettext("It took %(count)s round.", "It took %(count)s rounds.", rounds) % {
        "count": rounds
    }


def _wait(entry: Entry, output: Mapping[str, Json]) -> str:
    if not output.get("until"):
        return ""
    return _("Until %(time)s.") % {"time": by_clock(datetime.fromisoformat(output["until"]))}


def _wait_for_event(entry: Entry, output: Mapping[str, Json]) -> str:
    return _("It did not come in time.") if output.get("timed_out") else _("The event came.")


def _approval(entry: Entry, output: Mapping[str, Json]) -> str:
    asked = entry.get("input") or {}
    labels = {one["key"]: one["label"] for one in asked.get("choices") or ()}
    words = {
        "question": asked.get("title", ""),
        "choice": labels.get(output.get("choice"), output.get("choice")),
        "who": actor_words(output.get("decided_by") or ""),
    }
    if output.get("timed_out") or not words["who"]:
        return _("“%(question)s” Nobody decided in time, so “%(choice)s” counts.") % words
    return _("“%(question)s” %(who)s chose “%(choice)s”.") % words


def _for_each(entry: Entry, output: Mapping[str, Json]) -> str:
    items, failed = int(output.get("items") or 0), int(output.get("failed") or 0)
    if not items:
        return _("The list was empty.")
    if "error" in entry:
        return ""  # it says how many
    if failed:
        return _("%(items)s items: %(done)s done, %(failed)s failed.") % {
            "items": items,
            "done": items - failed,
            "failed": failed,
        }
    return ngettext("%(count)s item, done.", "%(count)s items, all done.", items) % {"count": items}


def _emit_event(entry: Entry, output: Mapping[str, Json]) -> str:
    runs = len(output.get("runs") or ())
    if not runs:
        return _("No workflow started on it.")
    return ngettext("It started %(count)s run.", "It started %(count)s runs.", runs) % {
        "count": runs
    }


_TELLERS: Final[Mapping[str, Callable[[Entry, Mapping[str, Json]], str]]] = {
    "approval": _approval,
    "branch": _branch,
    "emit_event": _emit_event,
    "for_each": _for_each,
    "repeat": _repeat,
    "wait": _wait,
    "wait_for_event": _wait_for_event,
}
