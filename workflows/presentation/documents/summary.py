"""What a workflow does, in one line made from its document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.event_types import label_of
from workflows.presentation.documents.comparisons import comparison
from workflows.presentation.vocabulary import step_label

MAX_NAMED: Final = 6  # steps; of more, the rest are counted


def summary(document: Json) -> str:
    """Return what starts the workflow, on which condition, and its steps; "" of no document."""
    trigger = document.get("trigger_type") if isinstance(document, dict) else None
    if not trigger:
        return ""
    told = {
        "event": label_of(str(trigger)),
        "condition": _condition(document.get("trigger_filter"), str(trigger)),
        "steps": _steps(document.get("steps") or ()),
    }
    if told["condition"]:
        return _("When “%(event)s” happens, if %(condition)s: %(steps)s.") % told
    return _("When “%(event)s” happens: %(steps)s.") % told


def _steps(steps: Sequence[Json]) -> str:
    names = [step_label(step) for step in steps if isinstance(step, dict)]
    left = len(names) - MAX_NAMED
    if left > 0:
        more = ngettext("%(count)s more", "%(count)s more", left) % {"count": left}
        names = [*names[:MAX_NAMED], more]
    # A step may be called “How much?”: behind it stands the sentence's own mark.
    return listed(name.rstrip("?؟.!") for name in names) or _("nothing yet")


def _condition(group: Json, event_type: str) -> str:
    """Return the rows in words where they all have to hold; else only that there are some."""
    if not group:
        return ""
    rows = list(_plain_rows(group))
    if not rows:
        return _("its start condition holds")
    return _(" and ").join(comparison(row, event_type) for row in rows)


def _plain_rows(group: Json) -> Iterator[Mapping[str, Json]]:
    """Yield the rows of a group; nothing if it holds groups of groups or alternatives."""
    rows = group.get("all") if isinstance(group, dict) else None
    alternatives = group.get("any") if isinstance(group, dict) else None
    if rows is None and isinstance(alternatives, list) and len(alternatives) == 1:
        rows = alternatives
    if isinstance(rows, list) and all(isinstance(row, dict) and "field" in row for row in rows):
        yield from rows
