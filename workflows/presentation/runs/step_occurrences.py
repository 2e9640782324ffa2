"""Which of a run's entries belong together: one round of a loop, one reminder, one way taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tenants.core.json import Json
from workflows.engine import waiting
from workflows.presentation.runs.entries import is_mark
from workflows.presentation.runs.plans import PlannedStep, PlannedWay, WayKind

Entry = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class StepOccurrence:
    """One time that a run came by the steps of a way."""

    number: int  # of the round or the reminder, 1-based; 0: an earlier one
    at: datetime | None = None  # when it began
    entries: list[Entry] = field(default_factory=list)


def visits_of(step: PlannedStep, way: PlannedWay, mine: Sequence[Entry]) -> list[StepOccurrence]:
    """Return the visits of a way of `step`; `mine` are the entries of the step and inside it."""
    match way.kind:
        case WayKind.ROUND:
            return _rounds(step, way, mine)
        case WayKind.REMINDER:
            return _reminders(step, way, mine)
    found = _again_and_again(way, mine)
    if not found and _leads_to(step, way, mine):
        return [StepOccurrence(1)]
    return found


def _rounds(step: PlannedStep, way: PlannedWay, mine: Sequence[Entry]) -> list[StepOccurrence]:
    found: list[StepOccurrence] = []
    own, over = {one.name for one in way.steps}, set[str]()
    first_mark: int | None = None
    for entry in mine:
        name = entry["step_name"]
        if name == step.name and is_mark(entry):
            first_mark = len(found) if first_mark is None else first_mark
            found.append(StepOccurrence(entry["output"]["round"], _began(entry)))
        elif name in way.names:
            # Rounds whose marks are not here: of a run that was started again inside the loop, or
            # told from its row alone, which has the last round and what went wrong before.
            if not found or (first_mark is None and name in over):
                found.append(StepOccurrence(1))
                over = set()
            found[-1].entries.append(entry)
            if name in own and not is_mark(entry):
                over.add(name)
    if first_mark:
        found[:first_mark] = _before_the_marks(found[:first_mark], found[first_mark].number)
    return found


def _before_the_marks(visits: list[StepOccurrence], marked: int) -> list[StepOccurrence]:
    """Return rounds without marks, numbered if they are all that were before round `marked`."""
    are_all = marked == len(visits) + 1
    return [replace(one, number=at if are_all else 0) for at, one in enumerate(visits, 1)]


def _reminders(step: PlannedStep, way: PlannedWay, mine: Sequence[Entry]) -> list[StepOccurrence]:
    found: list[StepOccurrence] = []
    current: StepOccurrence | None = None
    for entry in mine:
        if entry["step_name"] == step.name:
            current = None
            if "waiting" in entry and _reminder_of(step, entry) == way.body:
                current = StepOccurrence(entry["output"]["reminder"], _ended(entry))
                found.append(current)
        elif current is not None and entry["step_name"] in way.names:
            current.entries.append(entry)
    return found


def _again_and_again(way: PlannedWay, mine: Sequence[Entry]) -> list[StepOccurrence]:
    """Split what was done more than once: after a retry the steps for a failure are done again."""
    found: list[StepOccurrence] = []
    over: set[str] = set()
    own = {step.name for step in way.steps}
    for entry in mine:
        name = entry["step_name"]
        if name not in way.names:
            continue
        if not found or name in over:
            found.append(StepOccurrence(len(found) + 1, _began(entry)))
            over = set()
        found[-1].entries.append(entry)
        if name in own and not is_mark(entry):
            over.add(name)
    return found


def _leads_to(step: PlannedStep, way: PlannedWay, mine: Sequence[Entry]) -> bool:
    """Whether the step says that the run goes this way, of which nothing is done yet."""
    ends = [entry for entry in mine if entry["step_name"] == step.name and not is_mark(entry)]
    if not ends:
        return False
    output = ends[-1].get("output")
    said: Mapping[str, Json] = output if isinstance(output, dict) else {}
    match way.kind:
        case WayKind.CASE | WayKind.OTHERWISE:
            return said.get("case") == way.key
        case WayKind.LATE:
            return said.get("timed_out") is True
        case WayKind.ERROR:
            return ends[-1].get("then") == "error_block"
        case _:
            return False


def _reminder_of(step: PlannedStep, entry: Entry) -> int | None:
    """Return the index at which the steps of the reminder begin that an entry tells of."""
    since = datetime.fromisoformat(entry["waiting"]["since"])
    calls = waiting.calls(step.reminders, since)
    number = entry["output"]["reminder"]
    return calls[number - 1].reminder.body if number <= len(calls) else None


def _began(entry: Entry) -> datetime | None:
    written = entry.get("started_at")
    return datetime.fromisoformat(written) if written else None


def _ended(entry: Entry) -> datetime | None:
    """Return when a wait was interrupted: the entry says since when it had waited."""
    began = _began(entry)
    return began + timedelta(milliseconds=entry.get("duration_ms") or 0) if began else None
