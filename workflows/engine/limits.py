"""How far one run may go, and how much it keeps. The step fails if it is too far."""

from typing import Final

from tenants.core.json import Json
from tenants.core.json.faults import BadJson, facts_of
from tenants.core.json.strict_json import keep
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.instructions import Branch, Instruction, Repeat, Stop, Wait
from workflows.engine.history.results import Results
from workflows.engine.outcomes import FailureCode, StepFailed

LIMIT_REACHED: Final = FailureCode.LIMIT_REACHED

# Of the results that later steps may read. Each checkpoint writes them all.
MAX_KEPT_BYTES: Final = 1024 * 1024
# What one more step may add to them, and what is left for the steps that deal with the failure.
ROOM_BYTES: Final = 256 * 1024
# Only loops make more entries than a workflow has steps, and loops stand inside one another.
MAX_ENTRIES: Final = 100_000
ROOM_ENTRIES: Final = 1_000
_WITHOUT_RESULT: Final = (Branch, Repeat, Stop, Wait)


def too_much_kept(
    results: Results, instruction: Instruction, *, has_failed: bool
) -> StepFailed | None:
    """Return why a step that brings a result may not begin, if it may not.

    `has_failed`: it is one of the steps for a run that has failed.
    """
    most = MAX_KEPT_BYTES - ROOM_BYTES
    if isinstance(instruction, _WITHOUT_RESULT) or results.kept_bytes <= most:
        return None
    if (has_failed or _was_refused(results)) and results.kept_bytes <= MAX_KEPT_BYTES:
        return None
    return StepFailed(LIMIT_REACHED, {"limit": "result_bytes", "most": most})


def too_many_entries(results: Results, *, has_failed: bool) -> StepFailed | None:
    """Return why a loop may not begin another round, if it may not."""
    if results.ever < MAX_ENTRIES + (ROOM_ENTRIES if has_failed else 0):
        return None
    return StepFailed(LIMIT_REACHED, {"limit": "entries", "most": MAX_ENTRIES})


def _was_refused(results: Results) -> bool:
    """Whether a step was refused before: what deals with that has to have some room."""
    errors = (entry.get("error") or {} for entry in results.latest.values())
    return any(error.get("code") == LIMIT_REACHED for error in errors)


# As much as one request may carry. Every retry sends what the row keeps.
MAX_INPUT_BYTES: Final = 1024 * 1024


def storable_input(rendered: Json) -> Json:
    """Return rendered params as they are stored: the first try gets what every retry will get.

    Raises ExpressionError for params that cannot be kept: the failure of their own step, and not of
    the one before, in whose checkpoint they would stand.
    """
    try:
        params, size = keep(rendered)
    except BadJson as problem:
        raise ExpressionError("input_not_storable", **facts_of(problem)) from None
    if size > MAX_INPUT_BYTES:
        raise ExpressionError("input_too_large", bytes=size, limit_bytes=MAX_INPUT_BYTES)
    return params
