"""Where a run that has ended goes on when a person retries it.

A retry goes on inside the step that ended the run. Whatever ended well stays done, at any depth: a
step with child runs waits for the same children again, of which those that did not end well go on
in turn, each by this module. The failure becomes an earlier attempt of its step.

A run that went on behind a step that failed, as a whole or in part, and ended, goes on in that step
alone: what is left of it is done, and nothing else. Of a step with child runs, those that something
failed in go on, at any depth.

A run that ended in the middle of a step (cancelled, poisoned) has no entry for it. Its row keeps
what was stored of the step, in `pending` under `resume`. A question or a wait is not taken up
again: it ended with the visit of its step, and the step asks anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from tenants.core.json import Json
from workflows.definition.programs.instructions import (
    CallInstruction,
    EmitEvent,
    ForEach,
    Parallel,
    RunWorkflow,
)
from workflows.definition.programs.program import Program
from workflows.engine.decide import ENGINE_ERROR, MAX_CRASHES, POISONED, Then
from workflows.engine.history.entries import Entry, stopping_entry, went_wrong
from workflows.engine.history.reach import failure_steps
from workflows.engine.progress import marks_in
from workflows.engine.statuses import RunStatus, StepStatus

Kept = Mapping[str, Json]

PROGRAM_UNREADABLE: Final = "program_unreadable"

# The run ended without an entry for the step it was in.
_WITHOUT_ENTRY: Final = frozenset({POISONED, PROGRAM_UNREADABLE})
# What a wait that is begun anew keeps of its earlier visit.
_OF_AN_EARLIER_VISIT: Final = frozenset(
    {"step", "step_name", "action", "attempts", "forgiven", "revision", "record_values"}
)
# Steps that can be done alone, behind which nothing follows: what they do ends with them.
_ALONE: Final = (CallInstruction, EmitEvent, RunWorkflow, ForEach, Parallel)


class RetryScope(StrEnum):
    """Which child runs of a failed step go on with it."""

    ALL = "all"  # every one that did not end well
    # Those that a person has settled or chosen, and those that were cancelled for them.
    SETTLED = "settled"
    # Every one in which something failed, also if it went on behind it. Whatever may have been done
    # is left to people, each on its own page.
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, as its row says."""

    status: RunStatus
    error_code: str | None
    at: datetime

    @classmethod
    def as_marked(cls, mark: Kept) -> "Ending":
        """Read how a child run had ended that was let go on: what its row has under `retry`."""
        return cls(RunStatus(mark["status"]), mark["code"], datetime.fromisoformat(mark["at"]))


@dataclass(frozen=True, slots=True)
class Fresh:
    """The record's values of today, for the step that goes on: it is rendered anew with them."""

    payload: Json  # takes the place of the trigger's, for this step alone
    told: Json  # what its entry keeps: {"read_at", "changed": {key: [before, now]}}

    def as_json(self) -> Entry:
        """Return what a child's row keeps until a worker has worked out where it goes on."""
        return {"payload": self.payload, "told": self.told}


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a run goes on, and what its row holds then."""

    step: int
    pending: Entry
    results: list[Entry]


def resumption(  # noqa: PLR0913  # each part is named where it is used
    program: Program,
    results: Sequence[Entry],
    stood: tuple[int, Kept | None],
    ending: Ending,
    *,
    scope: RetryScope = RetryScope.ALL,
    fresh: Fresh | None = None,
    only: str = "",
) -> Resumption | None:
    """Return where a run that ended goes on; None: nothing in it failed.

    `stood` is the row's `current_step`, and what its `pending` keeps under `resume`. `only` names
    the step that is done alone, of a run that went on; "": the first that failed.
    """
    if ending.status is RunStatus.COMPLETED_WITH_ERRORS:
        kept = stood[1] or {}
        found = (
            as_it_was(program, results, stood[0])
            if "hands_over" in kept
            else _rest(program, results, ending.at, scope, only or kept.get("only", ""))
        )
    else:
        found = _resumption(program, results, stood, ending, scope)
    if found is None or fresh is None:
        return found
    return replace(found, pending=_with_fresh(found.pending, fresh))


def _resumption(
    program: Program,
    results: Sequence[Entry],
    stood: tuple[int, Kept | None],
    ending: Ending,
    scope: RetryScope,
) -> Resumption | None:
    step, kept = stood
    kept = _without_mark(kept)
    open_call = _open_call(results, program, step)
    if kept is None and _ended_inside(ending) and open_call is None:
        kept = {}
    if kept is not None and open_call is not None:
        # It says what the row keeps of the step: that may have been done.
        results = results[:-1]
        kept = _with_try(kept, open_call)
    if kept is not None and (step not in failure_steps(program) or not results):
        onward = _inside(results, (step, kept), ending, scope)
        if not isinstance(
            program.instructions[onward.step], CallInstruction | EmitEvent | RunWorkflow
        ):
            onward.pending.pop("rendered_at", None)  # nothing was called
        return onward
    failed = stopping_entry(results, program)
    if failed is None:
        return None
    # What was done about the failure stays: it was done.
    others = [entry for entry in results if entry is not failed]
    index = next(
        (one.index for one in program.instructions if one.name == failed["step_name"]), step
    )
    return Resumption(index, pending_retry(index, failed, ending.at, scope), _unpaused(others))


def can_be_done_alone(program: Program, results: Sequence[Entry], entry: Entry) -> bool:
    """Whether a step that the run went on behind can be done again, and nothing else.

    Of a step of a loop nobody could say of which round the rest is.
    """
    if not went_wrong(entry) or "turn" in entry:
        return False
    name = entry["step_name"]
    if sum(one["step_name"] == name for one in results) > 1:
        return False
    found = next((one for one in program.instructions if one.name == name), None)
    return isinstance(found, _ALONE) and found.index not in failure_steps(program)


def _rest(
    program: Program, results: Sequence[Entry], at: datetime, scope: RetryScope, only: str
) -> Resumption | None:
    """Go on in a step that failed, and nowhere else: the run went on behind it.

    What may have been done is done again only where somebody chose it.
    """
    for entry in results:
        is_meant = entry["step_name"] == only if only else entry["status"] != StepStatus.UNKNOWN
        if is_meant and can_be_done_alone(program, results, entry):
            named = (one.index for one in program.instructions if one.name == entry["step_name"])
            index, others = next(named), [one for one in results if one is not entry]
            beneath = RetryScope.SETTLED if scope is RetryScope.SETTLED else RetryScope.REST
            pending = pending_retry(index, entry, at, beneath)
            pending["alone"] = {"output": entry.get("output")}
            return Resumption(index, pending, _unpaused(others))
    return None


def as_it_was(program: Program, results: Sequence[Entry], step: int) -> Resumption:
    """Return that a child run, in which nothing is left to do, ends as it had ended."""
    last = results[-1]["step_name"] if results else ""
    named = (one.index for one in program.instructions if one.name == last)
    index = next(named, min(step, len(program.instructions) - 1))
    return Resumption(index, {"step": index, "hands_over": True}, list(results))


def pending_retry(
    step: int, failed: Entry, at: datetime, scope: RetryScope = RetryScope.ALL
) -> Entry:
    """Return what lets a failed step be tried again: its input, and its tries, forgiven.

    A step with child runs takes up the same ones again.
    """
    if failed["action"] == "output":
        # All its steps were done; what it hands to its parent could not be worked out.
        return {"step": step, "hands_over": True}
    last = {key: failed[key] for key in ("started_at", "duration_ms", "error") if key in failed}
    tries = failed.get("attempts") or [last]
    pending = {"step": step, "step_name": failed["step_name"], "action": failed["action"]}
    rendered = {"input": failed["input"]} if "input" in failed else {}
    rendered |= marks_in(failed)
    rendered |= {"in_doubt": True} if failed.get("in_doubt") else {}
    family: Entry = {}
    if failed.get("children"):
        oldest, newest = failed["children"]
        children = {"oldest": oldest, "first": oldest, "last": newest, "revive": scope}
        if failed.get("done"):  # written by version 0.1
            children["done"] = failed["done"]
        family = {"awaits": "children", "since": at.isoformat(), "children": children}
    return {**pending, **rendered, **family, "attempts": tries, "forgiven": len(tries)}


def _open_call(results: Sequence[Entry], program: Program, step: int) -> Entry | None:
    """Return the last entry, if it is of a call in which the run ended, and does not say how."""
    last = results[-1] if results else None
    if last is None or last["status"] != StepStatus.UNKNOWN or last.get("then") != Then.STOP:
        return None
    return last if last["step_name"] == program.instructions[step].name else None


def _with_try(kept: Kept, open_call: Entry) -> Entry:
    """Return what is kept of a step, and that it was tried once more than that says."""
    tried = {key: open_call[key] for key in ("started_at", "duration_ms", "error")}
    attempts = [*kept.get("attempts", ()), tried]
    return {**kept, "in_doubt": True, "attempts": attempts, "forgiven": len(attempts)}


def _ended_inside(ending: Ending) -> bool:
    return ending.status is not RunStatus.FAILED or ending.error_code in _WITHOUT_ENTRY


def _inside(
    results: Sequence[Entry], stood: tuple[int, Kept], ending: Ending, scope: RetryScope
) -> Resumption:
    """Go on in the step that the run had begun, or was about to begin."""
    step, kept = stood
    step = kept.get("step", step)
    pending: Entry = {"step": step, **kept}
    pending.pop("faults", None)
    # What a claim says of itself it says anew; that the step may have been done stays.
    if pending.pop("begun", False):
        pending["in_doubt"] = True
    if kept.get("awaits") == "children":
        # One that was cancelled before its children went on has them all ahead of it yet.
        left = kept["children"].get("revive", scope) if scope is RetryScope.ALL else scope
        pending["children"] = {**kept["children"], "revive": left}
    elif "awaits" in kept or "wake_at" in kept:
        pending = {key: pending[key] for key in pending if key in _OF_AN_EARLIER_VISIT}
    if ending.error_code in {*_WITHOUT_ENTRY, ENGINE_ERROR}:
        tried = [*kept.get("attempts", ()), _attempt(ending)]
        pending |= {"attempts": tried, "forgiven": len(tried)}
    return Resumption(step, pending, _unpaused(results))


def _with_fresh(pending: Entry, fresh: Fresh) -> Entry:
    """Let the step be rendered anew, as another call than before; its children, if it has any."""
    if "children" in pending:
        return {**pending, "children": {**pending["children"], "fresh": fresh.as_json()}}
    if "hands_over" in pending:
        return pending
    kept = {key: value for key, value in pending.items() if key not in {"input", "rendered_at"}}
    marks = {"revision": pending.get("revision", 0) + 1, "record_values": fresh.told}
    return {**kept, **marks, "trigger": fresh.payload}


def _attempt(ending: Ending) -> Entry:
    is_poisoned = ending.error_code == POISONED
    params: Entry = {"crashes": MAX_CRASHES} if is_poisoned else {"reason": ""}
    error = {"code": ending.error_code, "params": params}
    return {"started_at": ending.at.isoformat(), "duration_ms": 0, "error": error}


def _unpaused(results: Sequence[Entry]) -> list[Entry]:
    """Return the entries without the waits that reminders had interrupted: they are over."""
    return [{key: one[key] for key in one if key != "waiting"} for one in results]


def _without_mark(kept: Kept | None) -> Kept | None:
    if kept is None:
        return None
    left = {key: kept[key] for key in kept if key not in {"settled", "only", "after_failure"}}
    return None if "settled" in kept and not left else left
