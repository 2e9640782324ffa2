"""The only writer of a run's status. Each function is one statement, fenced by the lease token."""

from collections.abc import Mapping
from hashlib import md5
from typing import Any
from uuid import UUID

from django.utils import translation

from tenants.ids import uuid7
from tenants.jsontext import storable
from workflows.engine.advance import Progress
from workflows.engine.statuses import RunStatus
from workflows.runtime import statements
from workflows.runtime.claims import Claim
from workflows.runtime.database import rows
from workflows.wording import errors as wording

Json = Any


class LeaseLost(Exception):
    """The run was taken over, or ended, by somebody else: this worker must not touch it again."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__(f"run {run_id} is no longer held by this worker")
        self.run_id = run_id


def write(claim: Claim, progress: Progress) -> bool:
    """Write how far a run has come; return whether somebody asked to cancel it meanwhile.

    Raises LeaseLost, having changed nothing, if the run is not this worker's any more.
    """
    values: dict[str, Any] = {
        "id": claim.run_id,
        "token": claim.token,
        "entries": storable(list(progress.entries)),
        "step": progress.next_step,
    }
    if progress.status is RunStatus.RUNNING:
        pending = {**(progress.pending or {}), "begun": True}
        return _fenced(statements.CHECKPOINT, {**values, "pending": storable(pending)})
    if progress.status is RunStatus.WAITING:
        stored = storable(progress.pending) if progress.pending is not None else None
        parked = {"pending": stored, "wait": progress.due_in, "wait_type": progress.wait_type}
        return _fenced(statements.PARK, {**values, **parked})
    ended = {"status": progress.status, **_error_columns(claim, progress)}
    return _fenced(statements.FINISH, {**values, **ended})


def put_down(claim: Claim) -> None:
    """Give a run back between two steps. Raises LeaseLost."""
    _fenced(statements.PUT_DOWN, {"id": claim.run_id, "token": claim.token})


def cancel(tenant_id: UUID, run_id: UUID) -> RunStatus | None:
    """Cancel a run, or ask its worker to; return its status now, None if it had ended before."""
    done = rows(statements.CANCEL, {"id": run_id, "tenant": tenant_id})
    return RunStatus(done[0][0]) if done else None


def retry_failed_step(tenant_id: UUID, run: tuple[UUID, int], pending: Json, results: Json) -> bool:
    """Let a failed run go on from its failed step; False if it is not as it was read any more.

    `run` is its id and the lease token it was read with, `results` what stays of its results.
    """
    run_id, token = run
    values = {"id": run_id, "tenant": tenant_id, "token": token, "step": pending["step"]}
    texts = {"pending": storable(pending), "results": storable(results)}
    return bool(rows(statements.RETRY_FAILED_STEP, {**values, **texts}))


def start_again(run: tuple[UUID, UUID], version: int, start: tuple[int, Json], actor: str) -> UUID:
    """Start a copy of a run (tenant, id), at a step with the results before it; return its id."""
    tenant_id, run_id = run
    step, results = start
    new = {"new": uuid7(), "version": version, "step": step, "results": storable(results)}
    values = {"id": run_id, "tenant": tenant_id, "actor": actor, **new}
    made: UUID = rows(statements.START_AGAIN, values)[0][0]
    return made


def _fenced(statement: str, values: Mapping[str, Any]) -> bool:
    written = rows(statement, values)
    if not written:
        raise LeaseLost(values["id"])
    return bool(written[0][0])


def _error_columns(claim: Claim, progress: Progress) -> dict[str, str | None]:
    """Return what the run's error columns say: its first failed step, in English."""
    entry = progress.error
    if entry is None:
        return dict.fromkeys(("error_step", "error_code", "error_message", "error_fingerprint"))
    code, params = entry["error"]["code"], entry["error"]["params"]
    with translation.override("en"):
        message = wording.sentence(code, params)
    # One fingerprint for the same mistake in the same place: what lists of failures group by.
    print_of = md5(
        f"{claim.definition_id}{entry['step_name']}{code}".encode(), usedforsecurity=False
    )
    return {
        "error_step": entry["step_name"],
        "error_code": code,
        "error_message": message,
        "error_fingerprint": print_of.hexdigest(),
    }
