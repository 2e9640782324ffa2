"""What a run waits for, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.core.json import Json
from tenants.core.text.listing import listed
from tenants.core.text.names import one_line
from tenants.models.membership import Role
from workflows.engine import reminders
from workflows.event_types import label_of
from workflows.presentation.actors import person_words
from workflows.presentation.redaction import mask_links
from workflows.presentation.runs.entries import RunFacts
from workflows.presentation.runs.plans import PlannedStep, WayKind
from workflows.presentation.times import by_clock
from workflows.presentation.values import payload_fields

ROLE: Final = "role:"
KEY: Final = "key:"
MAX_KEY_LENGTH: Final = (
    60  # characters; a longer one is kept as a number that tells nobody anything
)


def waits_for(facts: RunFacts, step: PlannedStep) -> str:
    """Return what a run that is parked at `step` waits for; "" if nothing says it."""
    pending = facts.pending or {}
    match pending.get("awaits"):
        case "children":
            return _children(facts, step, pending)
        case "event":
            return _sentences(_event(step, pending), *_patience(step, pending))
        case "approval":
            return _sentences(_approval(pending), *_patience(step, pending))
    if pending.get("wake_at"):
        return _("Waits until %(time)s.") % {"time": _time(pending["wake_at"])}
    return _for_clock(facts, pending)


def _for_clock(facts: RunFacts, pending: Mapping[str, Json]) -> str:
    if host := pending.get("no_place_at"):
        told = _("%(host)s is busy with other calls: this one is next as soon as it can.")
        return told % {"host": host}
    if pending.get("attempts"):
        return _("It is tried again at %(time)s.") % {"time": facts.due_at} if facts.due_at else ""
    return _("The next round begins at %(time)s.") % {"time": facts.due_at} if facts.due_at else ""


def waits_for_turn(facts: RunFacts) -> str:
    if facts.lane and len(facts.lane) <= MAX_KEY_LENGTH:
        return _("Waits for its turn: another run with the key “%(key)s” is under way.") % {
            "key": facts.lane
        }
    if facts.lane:
        return _("Waits for its turn: another run with the same key is under way.")
    most = facts.plan.max_running
    if most is None:
        return _("Waits for its turn: other runs of this workflow are under way.")
    told = ngettext(
        "Waits for its turn: at most %(count)s run of this workflow is under way at once.",
        "Waits for its turn: at most %(count)s runs of this workflow are under way at once.",
        most,
    )
    return told % {"count": most}


def asked_words(approvers: Json) -> str:
    """Return whom an approval asks: people, and everybody of a role."""
    named = approvers if isinstance(approvers, list) else ()
    return listed(_approver(one_line(one)) for one in named if isinstance(one, str))


def _children(facts: RunFacts, step: PlannedStep, pending: Mapping[str, Json]) -> str:
    if step.action == "for_each":
        total = len((pending.get("input") or {}).get("items") or ())
        told = ngettext(
            "Waits for %(open)s of %(count)s item.", "Waits for %(open)s of %(count)s items.", total
        )
    elif step.action == "parallel":
        total = sum(way.kind is WayKind.ARM for way in step.ways)
        told = ngettext(
            "Waits for %(open)s of %(count)s branch.",
            "Waits for %(open)s of %(count)s branches.",
            total,
        )
    else:
        return _("Waits for the workflow that it has started.")
    return told % {"open": facts.parts_open(total), "count": total}


def _event(step: PlannedStep, pending: Mapping[str, Json]) -> str:
    match = (pending.get("input") or {}).get("match") or {}
    known = payload_fields(step.event_type)
    with_ = [
        _("%(name)s: %(value)s")
        % {"name": known.get(path) or path, "value": mask_links(str(value))}
        for path, value in match.items()
    ]
    return _("Waits for the event “%(event)s” with %(values)s.") % {
        "event": label_of(step.event_type),
        "values": listed(with_),
    }


def _approval(pending: Mapping[str, Json]) -> str:
    asked = pending.get("input") or {}
    return _("Waits for a decision: “%(question)s” Asked: %(people)s.") % {
        "question": mask_links(str(asked.get("title", ""))),
        "people": asked_words(asked.get("approvers") or ()),
    }


def _patience(step: PlannedStep, pending: Mapping[str, Json]) -> list[str]:
    """Return until when it waits, and when it reminds somebody."""
    said = []
    if pending.get("until"):
        said.append(_("Until %(time)s at the longest.") % {"time": _time(pending["until"])})
    if "since" in pending and "reminders" in pending:
        call = reminders.next_call(step.reminders, pending)
        if call is not None:
            said.append(_("Next reminder: %(time)s.") % {"time": by_clock(call.at)})
    return said


def _approver(entry: str) -> str:
    kind, _colon, name = entry.partition(":")
    if f"{kind}:" == KEY:
        return _("API key “%(name)s”") % {"name": name}
    if f"{kind}:" != ROLE:
        return entry if "@" in entry else person_words(entry)
    known = {role.value: role.people for role in Role}
    return _("everybody of %(role)s") % {"role": known.get(name, name)}


def _time(written: str) -> str:
    return by_clock(datetime.fromisoformat(written))


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)
