"""What stands in step_results: made here, and asked here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

from tenants.core.json import Json
from workflows.definition.programs.program import Program
from workflows.engine.decide import Decision, Then
from workflows.engine.outcomes import (
    Outcome,
    RunStopped,
    StepCompleted,
    StepFailed,
    StepSkipped,
)
from workflows.engine.statuses import RunStatus, StepStatus

Entry = dict[str, Json]

_WRONG = frozenset({StepStatus.FAILED, StepStatus.UNKNOWN})
_STOPPED = frozenset({Then.STOP, Then.ON_FAILURE})
_HANDLED = frozenset({Then.ERROR_BLOCK, Then.ON_FAILURE})


@dataclass(frozen=True, slots=True)
class Timing:
    """When a try began, and how long it took."""

    started_at: datetime
    duration_ms: int

    def as_json(self) -> Entry:
        return {"started_at": self.started_at.isoformat(), "duration_ms": self.duration_ms}


def error_of(decision: Decision) -> Entry | None:
    if decision.error_code is None:
        return None
    return {"code": decision.error_code, "params": decision.error_params}


def finished(base: Entry, outcome: Outcome, decision: Decision, timing: Timing) -> Entry:
    """Return the entry of a step that is over. `base` names the step and holds its input."""
    attempts = base.pop("attempts", [])
    entry: Entry = {**base, "status": decision.step_status, **timing.as_json()}
    if isinstance(outcome, StepCompleted) or _is_done_in_part(outcome, decision):
        entry["output"] = outcome.output
    if isinstance(outcome, RunStopped) and outcome.message and not outcome.has_failed:
        entry["output"] = {"message": outcome.message}
    if isinstance(outcome, StepSkipped):
        entry["reason"] = outcome.reason
    if decision.error_code:
        entry["error"] = error_of(decision)
    else:
        entry.pop("so_far", None)  # nothing is left to do
    entry.pop("alone", None)
    if decision.then:
        entry["then"] = decision.then
    if attempts:
        entry["attempts"] = [*attempts, {**timing.as_json(), "error": error_of(decision)}]
    return entry


def _is_done_in_part(outcome: Outcome, decision: Decision) -> TypeGuard[StepFailed]:
    return isinstance(outcome, StepFailed) and decision.step_status is StepStatus.COMPLETED


def has_errors(results: Sequence[Entry], program: Program) -> bool:
    """Whether a step failed, if only in part, or nobody knows whether it did its work.

    Steps under `on_failure` do not count: they belong to a failure that a retry has undone since.
    """
    return any(went_wrong(entry) for entry in of_the_work(results, program))


def went_wrong(entry: Mapping[str, Json]) -> bool:
    """Whether a step failed, if only in part, or nobody knows."""
    return is_wrong(entry) or "error" in entry


def is_wrong(entry: Mapping[str, Json]) -> bool:
    """Whether a step failed as a whole, or nobody knows."""
    return entry["status"] in _WRONG


def has_stopped(entry: Mapping[str, Json]) -> bool:
    return entry.get("then") in _STOPPED


def has_event(entry: Mapping[str, Json]) -> bool:
    output = entry.get("output")
    return isinstance(output, dict) and "event_id" in output


def is_handled(entry: Mapping[str, Json]) -> bool:
    """Whether an error led into steps of its own: they see it as `run.error`."""
    return entry.get("then") in _HANDLED


def of_the_work(results: Sequence[Entry], program: Program) -> Sequence[Entry]:
    """Return the entries of the steps themselves, without those under `on_failure`."""
    if program.on_failure is None:
        return results
    asides = {program.instructions[index].name for index in program.failure_steps}
    return [entry for entry in results if entry["step_name"] not in asides]


def error_to_tell(results: Sequence[Entry], status: RunStatus, program: Program) -> Entry | None:
    """Return the entry that says why a run ended as it did: what its error columns repeat.

    Of a failed run, the one that stopped it; else the first that went wrong.
    """
    if status is RunStatus.FAILED:
        return stopping_entry(results, program)
    return next((entry for entry in of_the_work(results, program) if went_wrong(entry)), None)


def stopping_entry(results: Sequence[Entry], program: Program) -> Entry | None:
    """Return the entry of the failure that ended the run's last attempt.

    What fails under `on_failure` is never it: those steps run because of it.
    """
    own = of_the_work(results, program)
    stopped = [one for one in own if has_stopped(one)]
    if stopped:
        return stopped[-1]
    wrong = (entry for entry in reversed(own) if is_wrong(entry))
    return latest_handled(own) or next(wrong, None)


def latest_handled(results: Sequence[Entry]) -> Entry | None:
    """Return the last error that led into steps of its own: what they see as `run.error`."""
    return next((one for one in reversed(results) if is_handled(one)), None)
