"""Why a workflow did, or did not, start on an event."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workflows.wording import errors

Json = Any

SOURCES: Final[Mapping[str, Any]] = {
    "record": gettext_lazy("a saved record"),
    "api": gettext_lazy("another application"),
    "code": gettext_lazy("this application"),
    "schedule": gettext_lazy("a schedule"),
    "manual": gettext_lazy("a person"),
}

FIXED: Final[Mapping[str, Any]] = {
    "started": gettext_lazy("“%(name)s” (version %(version)s) started."),
    "own_change": gettext_lazy(
        "“%(name)s” did not start: the event was its own doing. "
        "Only a workflow that allows it starts on its own changes."
    ),
    "chain_too_long": gettext_lazy(
        "“%(name)s” did not start: too many workflows had started one another before this. "
        "They most likely go round in a circle."
    ),
}


def source_words(source: str) -> str:
    """Return by what way an event came."""
    return str(SOURCES.get(source, source))


def counted(evaluations: Sequence[Mapping[str, Json]]) -> str:
    """Return how many of the workflows that listen did start."""
    if not evaluations:
        return _("nothing listens")
    started = sum(bool(one.get("started")) for one in evaluations)
    return ngettext(
        "%(started)s of %(count)s workflow", "%(started)s of %(count)s workflows", len(evaluations)
    ) % {"started": started, "count": len(evaluations)}


def sentence(evaluation: Mapping[str, Json]) -> str:
    """Return one workflow's answer to an event, with the reason."""
    values = {"name": evaluation.get("name", ""), "version": evaluation.get("version", "")}
    reason = str(evaluation.get("reason", ""))
    if reason in FIXED:
        return str(FIXED[reason]) % values
    told = _("“%(name)s” did not start: %(why)s")
    return told % {**values, "why": _why(reason, evaluation.get("details") or {})}


def _why(reason: str, details: Mapping[str, Json]) -> str:
    match reason:
        case "problem":
            return errors.sentence(details.get("code", ""), details.get("params"))
        case "filtered_out":
            return _filtered(details)
        case _:
            return reason


def _filtered(details: Mapping[str, Json]) -> str:
    if "field" not in details:
        return _("its start condition does not hold.")
    shown = {
        "field": details["field"],
        "operator": str(details.get("operator", "")).replace("_", " "),
        "value": _value(details.get("value")),
        "actual": _value(details.get("actual")),
    }
    if details.get("value") is None:
        return _("it wants “%(field)s” %(operator)s, and that is %(actual)s.") % shown
    return _("it wants “%(field)s” %(operator)s %(value)s, and that is %(actual)s.") % shown


def _value(value: Json) -> str:
    if value is None or value == "":
        return _("empty")
    return f"“{value}”"
