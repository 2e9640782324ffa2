"""A run's steps as lines: what was done, what is under way, what was not reached.

Steps inside steps are parts of a line: the way a branch took and the ones it did not, each round of
a loop, each reminder of a wait, what followed a failure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from tenants.core.json import Json
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs.entries import (
    RunFacts,
    attempts,
    done_in_part,
    finished,
    given,
    is_mark,
    kin_under_way,
    moment,
)
from workflows.presentation.runs.errors import sentence
from workflows.presentation.runs.lines import Flow, StepBranch, StepLine, StepState
from workflows.presentation.runs.plans import BY_CHILDREN, PlannedStep, PlannedWay, WayKind
from workflows.presentation.runs.step_occurrences import StepOccurrence, visits_of
from workflows.presentation.runs.waits import waits_for
from workflows.presentation.vocabulary import step_title

Entry = Mapping[str, Json]

# What is done beside a run's way.
ASIDE: Final = frozenset({WayKind.ERROR, WayKind.FAILURE, WayKind.REMINDER})


def flow(facts: RunFacts) -> Flow:
    """Return every step of the plan, with what became of it each time that the run came by."""
    teller = _TimelineBuilder(facts)
    known = frozenset().union(*(step.names for step in facts.plan.steps))
    lines = teller.lines(facts.plan.steps, facts.results, _Spot())
    way = facts.plan.if_failed
    after: tuple[StepBranch, ...] = ()
    if way is not None:
        known |= way.names
        live = not facts.status.has_ended
        spot = _Spot(place="f", within=_("After the failure"), may_come=live)
        after = teller.parts(_RUN, way, facts.results, spot)
    gone = [entry for entry in facts.results if entry["step_name"] not in known]
    return Flow((*lines, *teller.strangers(gone, len(lines) + 1)), after)


def timeline(facts: RunFacts) -> tuple[StepLine, ...]:
    """Return the steps on the run's way, each once, as they stood last."""
    return _way(flow(facts), only_last=True)


def every_visit(told: Flow) -> tuple[StepLine, ...]:
    """Return the steps on the run's way as often as it came by."""
    return _way(told, only_last=False)


def _way(told: Flow, *, only_last: bool) -> tuple[StepLine, ...]:
    whole = replace(_ROOT, parts=told.after_failure)
    _root, *after = _on_the_way([whole], only_last=only_last)
    return (*_on_the_way(told.lines, only_last=only_last), *after)


def run_error(facts: RunFacts) -> str:
    """Return why the run as a whole ended, if no step says it; "" if nothing went wrong."""
    return facts.error_message or (sentence(facts.error_code, {}) if facts.error_code else "")


def _on_the_way(lines: Sequence[StepLine], *, only_last: bool) -> Iterator[StepLine]:
    for line in lines:
        yield line
        parts = _last_visits(line.parts) if only_last else line.parts
        for part in parts:
            if part.is_taken:
                inner = _on_the_way(part.lines, only_last=only_last)
                yield from (
                    (replace(one, is_aside=True) for one in inner)
                    if (part.kind in ASIDE)
                    else inner
                )


def _last_visits(parts: Sequence[StepBranch]) -> list[StepBranch]:
    last = {part.way.body: part for part in parts if part.is_taken}
    return list(last.values())


# Stands for the run where its steps after a failure are told.
_RUN: Final = PlannedStep("", "", "")
_ROOT: Final = StepLine(0, "", "", "", StepState.FAILED)


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where in the flow some lines stand."""

    place: str = ""
    within: str = ""
    is_last: bool = True  # the run may be here: no later visit of these steps follows
    may_come: bool = True  # these steps can be reached

    def inside(self, line: StepLine) -> "_Spot":
        return replace(self, place=f"{line.place}.", within=line.label)


@dataclass(frozen=True, slots=True)
class _TimelineBuilder:
    facts: RunFacts

    def lines(
        self, steps: Sequence[PlannedStep], entries: Sequence[Entry], spot: _Spot
    ) -> tuple[StepLine, ...]:
        """Return a line for each step of a list; `entries` are those of one visit."""
        return tuple(
            self._line(number, step, [one for one in entries if one["step_name"] in names], spot)
            for number, step in enumerate(steps, 1)
            for names in (step.names,)
        )

    def strangers(self, entries: Sequence[Entry], first: int) -> Iterator[StepLine]:
        by_name = {entry["step_name"]: entry for entry in entries}
        for number, (name, entry) in enumerate(by_name.items(), first):
            # A child run that could not say what it hands back.
            label = _("What it hands back") if entry["action"] == "output" else ""
            yield self._line(number, PlannedStep(name, label, entry["action"]), [entry], _Spot())

    def parts(
        self, step: PlannedStep, way: PlannedWay, mine: Sequence[Entry], spot: _Spot
    ) -> tuple[StepBranch, ...]:
        """Return each visit of a way; the way itself if the run did not go it."""
        visits = visits_of(step, way, mine)
        is_here = spot.is_last and self.facts.under_way in way.names
        if is_here and not visits:
            visits = [StepOccurrence(1)]
        if not visits:
            nowhere = replace(spot, is_last=False)
            lines = self.lines(way.steps, (), nowhere)
            return (StepBranch(way.kind, way, lines, is_taken=False, may_come=spot.may_come),)
        last = len(visits) - 1
        return tuple(
            StepBranch(
                kind=way.kind,
                way=way,
                lines=self.lines(
                    way.steps,
                    visit.entries,
                    replace(spot, is_last=spot.is_last and index == last, may_come=True),
                ),
                is_taken=True,
                number=visit.number,
                at=visit.at,
            )
            for index, visit in enumerate(visits)
        )

    def _line(self, number: int, step: PlannedStep, mine: Sequence[Entry], spot: _Spot) -> StepLine:
        own = [entry for entry in mine if entry["step_name"] == step.name]
        last = own[-1] if own else None
        line = StepLine(
            number=number,
            name=step.name,
            label=step_title(step.label, step.name, step.action),
            action=step.action,
            state=StepState.NOT_REACHED if spot.may_come else StepState.NOT_TAKEN,
            place=f"{spot.place}{number}",
            within=spot.within,
        )
        if last is None or is_mark(last) or self._is_at(step, spot):
            line = self._unfinished(line, step, last, spot)
        else:
            line = finished(line, step, last, self.facts)
        return replace(line, parts=self._parts(line, step, mine, spot))

    def _is_at(self, step: PlannedStep, spot: _Spot) -> bool:
        return spot.is_last and bool(step.name) and self.facts.under_way == step.name

    def _unfinished(
        self, line: StepLine, step: PlannedStep, last: Entry | None, spot: _Spot
    ) -> StepLine:
        facts = self.facts
        begun = replace(line, started_at=moment(last or {}))
        if spot.is_last and facts.dead and facts.dead == step.name:
            return replace(
                _with_pending(begun, step, facts.pending),
                state=StepState.FAILED,
                error=run_error(facts),
            )
        if self._is_at(step, spot):
            here = replace(begun, state=_state_under_way(facts.status))
            told = waits_for(facts, step) if facts.status is RunStatus.WAITING else ""
            return replace(_with_pending(here, step, facts.pending), told=told)
        ended_in = facts.ended_in if spot.is_last else {}
        if ended_in.get("step_name") == step.name and done_in_part(ended_in):
            # It waited for its next try: a mail that some have got.
            here = replace(begun, state=StepState.PARTLY, error=done_in_part(ended_in))
            return _with_pending(here, step, ended_in)
        if last is None:
            return line
        is_inside = spot.is_last and facts.under_way in step.names
        state = _state_under_way(facts.status) if is_inside else StepState.BROKEN_OFF
        if is_inside and last.get("waiting"):
            state = StepState.WAITING
        return replace(begun, state=state, input=given(last))

    def _parts(
        self, line: StepLine, step: PlannedStep, mine: Sequence[Entry], spot: _Spot
    ) -> tuple[StepBranch, ...]:
        is_over = line.state not in _STILL_OPEN
        may_come = spot.may_come and not is_over and not self.facts.status.has_ended
        inner = replace(spot.inside(line), may_come=may_come)
        found: list[StepBranch] = []
        for way in step.ways:
            if way.kind not in BY_CHILDREN:
                found += self.parts(step, way, mine, inner)
            elif line.kin is None:
                lines = self.lines(way.steps, (), replace(inner, is_last=False))
                found.append(StepBranch(way.kind, way, lines, is_taken=False, may_come=may_come))
        return tuple(found)


def _with_pending(line: StepLine, step: PlannedStep, stored: Mapping[str, Json] | None) -> StepLine:
    pending = stored or {}
    if pending.get("step_name") != step.name:
        return line
    begun = pending.get("since")
    return replace(
        line,
        started_at=datetime.fromisoformat(begun) if begun else line.started_at,
        input=given({**pending, "action": step.action}),
        attempts=attempts(pending.get("attempts", ())),
        kin=kin_under_way(step, pending),
        notes=pending.get("rehearsal"),
    )


_STILL_OPEN = frozenset(
    {StepState.NOT_REACHED, StepState.NEXT, StepState.RUNNING, StepState.WAITING}
)


def _state_under_way(status: RunStatus) -> StepState:
    match status:
        case RunStatus.RUNNING:
            return StepState.RUNNING
        case RunStatus.WAITING:
            return StepState.WAITING
        case RunStatus.QUEUED:
            return StepState.NEXT
        case _:
            return StepState.NOT_REACHED
