"""What is stored of a run, as its story is told from it: its row, and the entries of its steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from actions.wording import OF_SOME
from tenants.core.json import Json
from tenants.core.text.listing import apart
from workflows.engine.children import PAGE
from workflows.engine.statuses import RunStatus
from workflows.presentation.actors import actor_words
from workflows.presentation.runs.control_flow import TELLERS
from workflows.presentation.runs.errors import sentence
from workflows.presentation.runs.lines import Attempt, Recipients, RelatedRuns, StepLine, StepState
from workflows.presentation.runs.plans import PlannedStep, VersionPlan
from workflows.presentation.runs.wrong_values import NOTHING_KNOWN, About, value_sentence
from workflows.presentation.times import short_moment
from workflows.presentation.values import spelt_out

Entry = Mapping[str, Json]

# Their outputs name an event.
EVENT_KINDS: Final = frozenset({"emit_event", "wait_for_event"})
MAX_RESULTS: Final = 20  # of a list; each child run's page has its own


@dataclass(frozen=True, slots=True)
class RunFacts:
    """All of a run that its story is told from."""

    status: RunStatus
    plan: VersionPlan
    results: Sequence[Mapping[str, Json]]
    pending: Mapping[str, Json] | None = None
    at: int | None = None  # index of the next instruction
    error_step: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    due_at: str = ""  # of a run that waits, as a clock shows it: for a retry, or for a time
    is_paused: bool = False  # the tenant: nothing starts
    is_part: bool = False  # another run started it, and waits for it
    lane: str | None = None  # its key, of a run that waits for its turn; "": it has none
    children_open: int = 0
    payload_labels: Mapping[str, str] = field(default_factory=dict)  # what people call its values
    about: About = NOTHING_KNOWN  # what the values are of that a step may fail over

    @property
    def under_way(self) -> str:
        """Return the name of the step that the run is at; "" if it has ended."""
        if self.status.has_ended:
            return ""
        name = (self.pending or {}).get("step_name")
        if name:
            return str(name)
        if self.at is not None:
            return self.plan.name_at(self.at)
        # A run that was claimed a moment ago has nothing stored of its first step.
        return self.plan.steps[0].name if self.plan.steps and not self.results else ""

    @property
    def ended_in(self) -> Mapping[str, Json]:
        """Return what is kept of the step that the run was at when it ended; {} if of none."""
        return step_ended_in(self.pending) if self.status.has_ended else {}

    @property
    def dead(self) -> str:
        """Return the name of the step in which the run was given up: no entry tells of it."""
        if self.status is not RunStatus.FAILED:
            return ""
        name = self.error_step or (self.pending or {}).get("step_name") or ""
        told = any(one["step_name"] == name and "error" in one for one in self.results)
        return "" if told else str(name)

    def parts_open(self, total: int) -> int:
        """Return how many of the `total` child runs of the step under way have not ended."""
        children = (self.pending or {}).get("children") or {}
        if "done" in children and "started" not in children:  # stored by version 0.1
            done = len(children["done"])
            return total - done - min(PAGE, total - done) + self.children_open
        # Beyond a page they are not even started.
        return total - int(children.get("started", total)) + self.children_open


def step_ended_in(pending: Json) -> Mapping[str, Json]:
    """Return what is kept of the step that a run was at when it ended; {} if of none."""
    kept = pending.get("resume") if isinstance(pending, dict) else None
    return kept if isinstance(kept, dict) else {}


def is_mark(entry: Entry) -> bool:
    """Whether an entry only says that a round or a reminder begins: its step goes on behind it."""
    if "waiting" in entry:
        return True
    is_loop = entry.get("action") == "repeat" and "error" not in entry
    return is_loop and not (entry.get("output") or {}).get("done", True)


def finished(line: StepLine, step: PlannedStep, entry: Entry, facts: RunFacts) -> StepLine:
    """Return the line of a step that is over."""
    state, tell = StepState(entry["status"]), TELLERS.get(str(entry.get("action")))
    if state is StepState.COMPLETED and "error" in entry:
        state = StepState.PARTLY
    return replace(
        line,
        action=entry["action"],
        state=state,
        started_at=moment(entry),
        duration_ms=entry.get("duration_ms"),
        error=told_error(entry, step, facts) if entry.get("error") else "",
        reason=_reason(entry, facts.payload_labels),
        input=given(entry),
        output=got(entry),
        attempts=attempts(entry.get("attempts", ())),
        told=tell(entry, entry["output"]) if tell and isinstance(entry.get("output"), dict) else "",
        kin=_kin_of(step, entry),
        event_id=_event_id(entry),
        recipients=recipients_of(entry),
        notes=entry.get("rehearsal"),
    )


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
            return (
                None if all(one is None for one in results) else {"results": results[:MAX_RESULTS]}
            )
        case "wait_for_event" if isinstance(output, dict):
            return output.get("payload")
        case "approval" if isinstance(output, dict):
            return output.get("answers") or None
        case _:
            return output


def _event_id(entry: Entry) -> str:
    output = entry.get("output")
    if entry.get("action") not in EVENT_KINDS or not isinstance(output, dict):
        return ""
    return str(output.get("event_id") or "")


def _reason(entry: Entry, payload_labels: Mapping[str, str]) -> str:
    if entry.get("settled_by"):
        return _settled(entry)
    if entry.get("record_values"):
        return _with_record(entry["record_values"], payload_labels)
    return sentence(entry["reason"], {}) if entry.get("reason") else ""


def _settled(entry: Entry) -> str:
    """Return who said that it was done, and when; of old entries only who."""
    words = {"person": actor_words(entry["settled_by"])}
    if not entry.get("settled_at"):
        return _("%(person)s looked, and said that it was done.") % words
    words["time"] = short_moment(datetime.fromisoformat(entry["settled_at"]))
    return _("Done by hand: %(person)s said so, %(time)s.") % words


def _with_record(told: Mapping[str, Json], labels: Mapping[str, str]) -> str:
    """Return that a step was done with the record's values of a later day, and which they are."""
    changed = changed_words(told["changed"], labels)
    if changed and told.get("by"):
        words = {"person": actor_words(told["by"]), "changed": changed}
        return _("Done with what %(person)s wrote: %(changed)s.") % words
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
    return "“”" if value in (None, "") else apart(value)


def _kin_of(step: PlannedStep, entry: Entry) -> RelatedRuns | None:
    if not entry.get("children"):
        return None
    first, last = entry["children"]
    return RelatedRuns(first, last, step.bodies, _first_try(entry))


def kin_under_way(step: PlannedStep, pending: Entry) -> RelatedRuns | None:
    """Return the child runs of the step under way; None if it has started none."""
    batch = pending.get("children") or {}
    if "last" not in batch:
        return None
    first = batch.get("oldest") or batch["first"]
    return RelatedRuns(first, batch["last"], step.bodies, _first_try(pending))


def _first_try(entry: Entry) -> datetime | None:
    tries = entry.get("attempts") or ()
    return moment(tries[0]) if tries else None


def attempts(stored: Sequence[Entry]) -> tuple[Attempt, ...]:
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
    written = entry.get("started_at")
    return datetime.fromisoformat(written) if written else None


def told_error(entry: Entry, step: PlannedStep, facts: RunFacts) -> str:
    """Return why a step failed: what is wrong with which value, if it failed over one."""
    if found := recipients_of(entry):
        got, count = len(found.accepted), len(found.accepted) + len(found.refused)
        told = ngettext(
            "%(got)s of %(count)s has this mail.", "%(got)s of %(count)s have this mail.", got
        )
        return told % {"got": got, "count": count}
    return value_sentence(entry, step, facts.about) or step_error(entry, facts.plan.labels)


def recipients_of(entry: Entry) -> Recipients | None:
    """Return who has a mail that was done in part, and who has not; None of anything else."""
    if _code(entry) not in OF_SOME:
        return None
    kept, answer = entry.get("so_far"), (entry["error"].get("params") or {}).get("answer")
    if not isinstance(kept, dict) or not isinstance(answer, dict) or not answer:
        return None
    accepted = kept.get("accepted") or ()
    refused = {str(address): str(said) for address, said in answer.items()}
    return Recipients(tuple(str(one) for one in accepted if str(one) not in refused), refused)


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
