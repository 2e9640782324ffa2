"""End a run that none of its workers survived, not even to end it.

Nothing of its row is read here: that may be what they died of. Whether its step may have been done
is asked in SQL, of a few short texts; then the run says so as any other does, by an `unknown` step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import psycopg
from django.utils import translation
from psycopg.types.json import Jsonb

from actions import registry
from actions.spec import Effect
from tenants.core.json import Json
from workflows.engine.decide import OUTCOME_UNKNOWN, POISONED, Then
from workflows.engine.outcomes import Doubt
from workflows.engine.statuses import StepStatus
from workflows.presentation.runs import errors as wording
from workflows.runtime.database import Row
from workflows.runtime.runs import children, locks, statements
from workflows.runtime.workers.blame import Fate

HURRY: Final = "SET LOCAL lock_timeout = '50ms'"


@dataclass(frozen=True, slots=True)
class Grave:
    """A run to be ended."""

    run_id: UUID
    crashes: int
    token: int
    fate: Fate  # after its last worker


def is_buried(session: "psycopg.Connection[Row]", grave: Grave) -> bool:
    """End a run, and all that ends with it; False: not now, since somebody is busy with it."""

    def run(statement: str, values: Mapping[str, Any]) -> Sequence[Row]:
        return session.execute(statement, values).fetchall()

    grown = False
    with session.transaction():
        # Leases hang on this thread: it does not wait for locks.
        session.execute(HURRY)
        family = locks.family_of(grave.run_id, run)
        locks.lock(family, run)
        grown = not set(locks.family_of(grave.run_id, run)) <= set(family)
        if grown:
            raise psycopg.Rollback  # it has started others meanwhile
        which = {"id": grave.run_id, "crashes": grave.crashes, "token": grave.token}
        stood = run(statements.STEP_AT, which)
        if run(statements.BURY, {**which, **_end(grave, *stood)}):
            children.end_with_all(family[0], run)
    return not grown


def _end(grave: Grave, stood: Row | None = None) -> dict[str, Any]:
    """Return what the row says of the end. `stood` is where the run stood, if that is known."""
    name, action, after_crash, is_call, was_begun_before, _left = stood or (
        None,
        "",
        None,
        False,
        False,
        None,
    )
    entry: dict[str, Json] | None = None
    code, params = POISONED, dict[str, Json](crashes=grave.crashes)
    was_begun = grave.fate.was_begun or was_begun_before
    if is_call and was_begun and _is_single(action, after_crash):
        reason = Doubt.WORKER_HELD if grave.fate.is_held else Doubt.WORKER_DIED
        code, params = OUTCOME_UNKNOWN, {"reason": reason}
        entry = {
            "step_name": name,
            "action": action,
            "status": StepStatus.UNKNOWN,
            "duration_ms": 0,
            "error": {"code": code, "params": params},
            "then": Then.STOP,
        }
    with translation.override("en"):
        message = wording.sentence(code, params)
    return {
        "step_name": name,
        "entry": None if entry is None else Jsonb(entry),
        "error_code": code,
        "error_message": message,
    }


def _is_single(action: str, after_crash: str | None) -> bool:
    """Whether a step must not be done twice."""
    if after_crash is not None:
        return after_crash == "ask"
    try:
        return registry.get(action).effect is Effect.NOT_REPEATABLE
    except registry.UnknownAction:
        return False
