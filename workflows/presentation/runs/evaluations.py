"""Why a workflow did, or did not, start on an event."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.core.json import Json
from workflows.presentation.documents.comparisons import comparison, quoted, value_words
from workflows.presentation.runs import errors

SOURCES: Final[Mapping[str, Any]] = {
    "record": gettext_lazy("a saved record"),
    "api": gettext_lazy("another application"),
    "code": gettext_lazy("this application"),
    "schedule": gettext_lazy("a schedule"),
    "manual": gettext_lazy("a person"),
    "engine": gettext_lazy("the engine"),
}

REASONS: Final[Mapping[str, Any]] = {
    "own_change": gettext_lazy(
        "the event was its own doing. Only a workflow that allows it starts on its own changes."
    ),
    "unreadable_event": gettext_lazy(
        "the values of this event cannot be read, so no run that waits for one like it was woken."
    ),
    "chain_too_long": gettext_lazy(
        "too many workflows had started one another before this. "
        "They most likely go round in a circle."
    ),
}


class EvaluationOutcome(StrEnum):
    """How a workflow that listens answered an event."""

    STARTED = "started"
    NOT_MEANT = "not_meant"  # its start condition, or its own change
    PROBLEM = "problem"  # somebody has to look at it
    NOTHING = "nothing"  # of an event: nobody listened


def source_words(source: str) -> str:
    return str(SOURCES.get(source, source))


def readable(evaluations: Json) -> list[Mapping[str, Json]]:
    """Return the answers that an event's row holds, without what is none."""
    found = evaluations if isinstance(evaluations, list) else ()
    return [one for one in found if isinstance(one, dict)]


def glance(evaluations: Json) -> list[tuple[EvaluationOutcome, str]]:
    """Return what became of an event, for a list: “2 started”, “1 not meant”."""
    found = [outcome(one) for one in readable(evaluations)]
    if not found:
        return [(EvaluationOutcome.NOTHING, _("Nothing listened"))]
    return [
        (kind, _COUNTED[kind](found.count(kind)))
        for kind in (
            EvaluationOutcome.STARTED,
            EvaluationOutcome.PROBLEM,
            EvaluationOutcome.NOT_MEANT,
        )
        if kind in found
    ]


def outcome(evaluation: Mapping[str, Json]) -> EvaluationOutcome:
    if evaluation.get("started"):
        return EvaluationOutcome.STARTED
    meant_not = evaluation.get("reason") in {"filtered_out", "own_change"}
    return EvaluationOutcome.NOT_MEANT if meant_not else EvaluationOutcome.PROBLEM


def sentence(evaluation: Mapping[str, Json], event_type: str = "") -> str:
    values = {"name": evaluation.get("name", ""), "version": evaluation.get("version", "")}
    if evaluation.get("reason") == "started":
        return _("“%(name)s” (version %(version)s) started.") % values
    told = _("“%(name)s” did not start: %(why)s")
    return told % {**values, "why": why(evaluation, event_type)}


def why(evaluation: Mapping[str, Json], event_type: str = "") -> str:
    """Return the reason alone; "" for a workflow that started."""
    reason = str(evaluation.get("reason", ""))
    details = evaluation.get("details") or {}
    match reason:
        case "started":
            return ""
        case "problem":
            return errors.sentence(details.get("code", ""), details.get("params"))
        case "filtered_out":
            return _filtered(details, event_type)
        case _:
            return str(REASONS.get(reason, reason))


def _filtered(details: Mapping[str, Json], event_type: str) -> str:
    if "field" not in details:
        return _("its start condition does not hold.")
    return _("it starts only if %(wanted)s, and here it is %(actual)s.") % {
        "wanted": comparison(details, event_type),
        "actual": quoted(details.get("actual"), value_words(details, event_type)),
    }


_COUNTED: Final[Mapping[EvaluationOutcome, Callable[[int], str]]] = {
    EvaluationOutcome.STARTED: lambda count: (
        ngettext("%(count)s started", "%(count)s started", count) % {"count": count}
    ),
    EvaluationOutcome.PROBLEM: lambda count: (
        ngettext("%(count)s with a problem", "%(count)s with a problem", count) % {"count": count}
    ),
    EvaluationOutcome.NOT_MEANT: lambda count: (
        ngettext(
            "%(count)s left out by its condition", "%(count)s left out by their conditions", count
        )
        % {"count": count}
    ),
}
