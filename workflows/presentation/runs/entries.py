"""What a stored entry says of its step."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from actions.wording import OF_SOME
from tenants.core.json import Json
from tenants.core.text.listing import apart
from workflows.presentation.actors import actor_words
from workflows.presentation.runs.control_flow import came_to, given, got
from workflows.presentation.runs.errors import sentence
from workflows.presentation.runs.facts import RunFacts
from workflows.presentation.runs.lines import Attempt, Kin, Line, StepState
from workflows.presentation.runs.plans import PlannedStep
from workflows.presentation.values import spelt_out

Entry = Mapping[str, Json]

# Their outputs name an event.
EVENT_KINDS: Final = frozenset({"emit_event", "wait_for_event"})


def finished(line: Line, step: PlannedStep, entry: Entry, facts: RunFacts) -> Line:
    """Return the line of a step that is over."""
    state = StepState(entry["status"])
    if state is StepState.COMPLETED and "error" in entry:
        state = StepState.PARTLY
    return replace(
        line,
        action=entry["action"],
        state=state,
        started_at=moment(entry),
        duration_ms=entry.get("duration_ms"),
        error=step_error(entry, facts.plan.labels),
        reason=_reason(entry, facts.payload_labels),
        input=given(entry),
        output=got(entry),
        attempts=attempts(entry.get("attempts", ())),
        told=came_to(entry),
        kin=_kin_of(step, entry),
        event_id=_event_id(entry),
        notes=entry.get("rehearsal"),
    )


def _event_id(entry: Entry) -> str:
    output = entry.get("output")
    if entry.get("action") not in EVENT_KINDS or not isinstance(output, dict):
        return ""
    return str(output.get("event_id") or "")


def _reason(entry: Entry, payload_labels: Mapping[str, str]) -> str:
    if entry.get("settled_by"):
        return _("%(person)s looked, and said that it was done.") % {
            "person": actor_words(entry["settled_by"])
        }
    if entry.get("record_values"):
        return _with_record(entry["record_values"], payload_labels)
    return sentence(entry["reason"], {}) if entry.get("reason") else ""


def _with_record(told: Mapping[str, Json], labels: Mapping[str, str]) -> str:
    """Return that a step was done with the record's values of a later day, and which they are."""
    changed = changed_words(told["changed"], labels)
    if not changed:
        return _("Done with the record's values of that day, which were the same.")
    return _("Done with the record's values of that day: %(changed)s.") % {"changed": changed}


def changed_words(
    changed: Mapping[str, Sequence[Json]], labels: Mapping[str, str] | None = None
) -> str:
    """Return what of a payload is otherwise: by key, what it was and what it is."""
    known = labels or {}
    return "; ".join(
        _("%(name)s: %(now)s instead of %(before)s")
        % {"name": known.get(name) or spelt_out(name), "now": _plain(now), "before": _plain(before)}
        for name, (before, now) in changed.items()
    )


def _plain(value: Json) -> str:
    """Return a value of a payload in a sentence."""
    return "“”" if value in (None, "") else apart(value)


def _kin_of(step: PlannedStep, entry: Entry) -> Kin | None:
    if not entry.get("children"):
        return None
    first, last = entry["children"]
    return Kin(first, last, step.bodies, _first_try(entry))


def kin_under_way(step: PlannedStep, pending: Entry) -> Kin | None:
    """Return the child runs of the step under way; None if it has started none."""
    batch = pending.get("children") or {}
    if "last" not in batch:
        return None
    first = batch.get("oldest") or batch["first"]
    return Kin(first, batch["last"], step.bodies, _first_try(pending))


def _first_try(entry: Entry) -> datetime | None:
    tries = entry.get("attempts") or ()
    return moment(tries[0]) if tries else None


def attempts(stored: Sequence[Entry]) -> tuple[Attempt, ...]:
    """Return the tries of a step."""
    return tuple(
        Attempt(number, moment(one), one.get("duration_ms"), step_error(one))
        for number, one in enumerate(stored, 1)
    )


def done_in_part(pending: Entry) -> str:
    """Return whom a step that was to be tried again had left out; "" if it had reached nobody."""
    tries = pending.get("attempts")
    found = [one for one in tries if isinstance(one, dict)] if isinstance(tries, list) else []
    partly = [one for one in found if _code(one) in OF_SOME]
    return step_error(partly[-1]) if partly else ""


def _code(attempt: Entry) -> str:
    error = attempt.get("error")
    return str(error.get("code")) if isinstance(error, dict) else ""


def moment(entry: Entry) -> datetime | None:
    """Return when a step or a try began."""
    written = entry.get("started_at")
    return datetime.fromisoformat(written) if written else None


def step_error(entry: Entry, labels: Mapping[str, str] | None = None) -> str:
    """Return why a step failed, in the reader's language; "" if it did not.

    `labels` are those of steps that the error may name.
    """
    error = entry.get("error")
    if not error:
        return ""
    params = dict(error.get("params") or {})
    for name in ("step", "branch"):
        if params.get(name) in (labels or {}):
            params[name] = (labels or {})[params[name]]
    return sentence(error["code"], params)
