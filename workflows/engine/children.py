"""Child runs: what to start, and what their ends mean for the step that started them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tenants.core.json import Json
from workflows.definition.programs.instructions import ForEach, Instruction, Parallel, RunWorkflow
from workflows.engine.decide import OUTCOME_UNKNOWN
from workflows.engine.history.results import bytes_of
from workflows.engine.history.resuming import RetryScope
from workflows.engine.outcomes import Outcome, RunStopped, StepCompleted, StepFailed
from workflows.engine.progress import ChildRun, Spawn
from workflows.engine.statuses import RunStatus

# More are started in pages: a statement that inserts a thousand rows is quick, a million is not.
PAGE: Final = 1000
MAX_ITEMS: Final = 10_000
# The items and their results are kept in the run's row, which every later checkpoint reads.
MAX_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """A child run that has ended."""

    item_index: int
    status: RunStatus
    output: Mapping[str, Json] | None  # Ended.as_json()
    error: Mapping[str, Json] | None = None  # {"code", "step", "message"}
    is_settled: bool = False  # a person has said what became of a step in it

    @property
    def has_failed(self) -> bool:
        """Whether it did not come to its own end."""
        return self.status in {RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.SKIPPED}


@dataclass(frozen=True, slots=True)
class ChildRuns:
    """The child runs of a step that are under way or were."""

    open: int
    ended: Sequence[ChildEnd]
    result_bytes: int = 0  # of all results together; past MAX_BYTES they are not read

    @property
    def is_too_large(self) -> bool:
        """Whether the results together are more than a step may keep."""
        return self.result_bytes > MAX_BYTES


def too_many(items: Sequence[Json]) -> StepFailed | None:
    """Return why a list cannot be worked on, if it cannot."""
    if len(items) > MAX_ITEMS:
        return StepFailed("limit_reached", {"limit": "items", "most": MAX_ITEMS})
    if bytes_of(items) > MAX_BYTES:
        return StepFailed("limit_reached", {"limit": "items_bytes", "most": MAX_BYTES})
    return None


def next_children(
    instruction: Instruction, params: Mapping[str, Json], done: Mapping[str, Json]
) -> Spawn:
    """Return the child runs to start next; `done` has the results of those that came before."""
    match instruction:
        case ForEach():
            todo = [i for i in range(len(params["items"])) if str(i) not in done]
            page = (ChildRun(instruction.body, i, params["items"][i]) for i in todo[:PAGE])
            return Spawn(tuple(page), at_once(instruction))
        case Parallel():
            arms = (
                ChildRun(arm.body, index, has_item=False)
                for index, arm in enumerate(instruction.arms)
                if str(index) not in done
            )
            return Spawn(tuple(arms), at_once(instruction))
        case _:
            return Spawn((ChildRun(0, 0, params["input"]),), at_once(instruction))


def at_once(instruction: Instruction) -> int:
    """Return how many child runs of a step may be under way at the same time."""
    match instruction:
        case ForEach():
            return instruction.concurrency
        case Parallel():
            return len(instruction.arms)
        case _:
            return 1


def goes_on(end: ChildEnd, scope: str) -> bool:
    """Whether a child that has ended goes on when its parent is retried."""
    went_on = end.status is RunStatus.COMPLETED_WITH_ERRORS
    if scope == RetryScope.SETTLED and (went_on or end.status is RunStatus.FAILED):
        return end.is_settled
    if scope == RetryScope.REST and (went_on or end.status is RunStatus.FAILED):
        return (end.error or {}).get("code") != OUTCOME_UNKNOWN
    return end.has_failed


def must_stop(instruction: Instruction, family: ChildRuns) -> bool:
    """Whether the other children have nothing left to do."""
    if any(_stop_of(end) for end in family.ended):
        return True
    stops = getattr(instruction, "if_one_fails", "stop") == "stop"
    return stops and any(end.has_failed for end in family.ended)


def taken(done: Mapping[str, Json], family: ChildRuns) -> dict[str, Json]:
    """Return `done` with the children that have ended: their result, or None and why."""
    more: dict[str, Json] = {
        str(end.item_index): {"failed": dict(end.error or {"code": end.status})}
        if end.has_failed
        else {"result": (end.output or {}).get("result"), **_flaw(end)}
        for end in family.ended
    }
    return {**done, **more}


def outcome_of(instruction: Instruction, family: ChildRuns, done: Mapping[str, Json]) -> Outcome:
    """Return what became of the step, once no child is open."""
    stop = next((stop for end in family.ended if (stop := _stop_of(end))), None)
    if stop:
        return RunStopped(stop["message"], has_failed=stop["has_failed"], levels=stop["levels"])
    failed = {index: one["failed"] for index, one in done.items() if "failed" in one}
    if failed and getattr(instruction, "if_one_fails", "stop") == "stop":
        return _failure(instruction, failed)
    trouble = None
    if failed or any("flawed" in one for one in done.values()):
        flawed = sum("failed" in one or "flawed" in one for one in done.values())
        trouble = StepFailed("items_failed", {"failed": flawed, "items": len(done)})
    if family.is_too_large:
        return _too_large(family.result_bytes)
    output = _output(instruction, done)
    size = bytes_of(output)
    if size > MAX_BYTES:
        return _too_large(size)
    return StepCompleted(output, trouble=trouble)


def _too_large(size: int) -> StepFailed:
    return StepFailed("output_too_large", {"bytes": size, "limit_bytes": MAX_BYTES})


def _output(instruction: Instruction, done: Mapping[str, Json]) -> Json:
    results = [done[index].get("result") for index in sorted(done, key=int)]
    match instruction:
        case ForEach():
            failed = sum("failed" in one for one in done.values())
            counts = {"items": len(done), "succeeded": len(done) - failed, "failed": failed}
            return {"results": results, **counts}
        case Parallel():
            return {arm.name: result for arm, result in zip(instruction.arms, results, strict=True)}
        case _:
            return results[0]


def _failure(instruction: Instruction, failed: Mapping[str, Json]) -> StepFailed:
    first = min(failed, key=int)
    why = failed[first]
    match instruction:
        case RunWorkflow():
            return StepFailed("workflow_failed", {"workflow": instruction.workflow, **why})
        case Parallel():
            return StepFailed("branch_failed", {"branch": instruction.arms[int(first)].name, **why})
        case _:
            return StepFailed("item_failed", {"item": int(first) + 1, **why})


def _stop_of(end: ChildEnd) -> Json:
    return (end.output or {}).get("stop")


def _flaw(end: ChildEnd) -> dict[str, Json]:
    return {"flawed": True} if end.status is RunStatus.COMPLETED_WITH_ERRORS else {}
