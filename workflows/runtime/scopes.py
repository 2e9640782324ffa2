"""What a run's templates see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tenants.facts import TenantFacts
from workflows.definition.scope import Scope
from workflows.engine.entries import latest_handled
from workflows.runtime.claims import Claim
from workflows.runtime.programs import LoadedProgram
from workflows.runtime.surroundings import Surroundings

Json = Any


@dataclass(frozen=True, slots=True)
class Needed:
    """What a run needs besides its own row."""

    loaded: LoadedProgram
    tenant: TenantFacts
    around: Surroundings


def scope_of(
    claim: Claim, needed: Needed, results: Sequence[Mapping[str, Json]], now: datetime
) -> Scope:
    """Return the values of a run: `results` so far, and `now`, the moment of rendering."""
    loaded, tenant, around = needed.loaded, needed.tenant, needed.around
    return Scope(
        trigger=around.payload,
        previous=around.previous,
        steps={entry["step_name"]: _step(entry) for entry in [*around.results, *results]},
        run={**_run(claim, loaded), **_error([*around.results, *results])},
        tenant=tenant_values(tenant),
        now=now.astimezone(ZoneInfo(tenant.time_zone)),
        values=loaded.program.values,
        loop=around.loop,
        language=loaded.program.language,
    )


def tenant_values(tenant: TenantFacts) -> dict[str, Json]:
    """Return the root `tenant` of templates."""
    return {
        "key": tenant.key,
        "name": tenant.name,
        "time_zone": tenant.time_zone,
        "language": tenant.language,
        "currency": tenant.currency,
        "country": tenant.country,
    }


def _step(entry: Mapping[str, Json]) -> dict[str, Json]:
    step = {"status": entry["status"]}
    if "output" in entry:
        step["output"] = entry["output"]
    if entry.get("error"):
        error = entry["error"]
        step["error"] = {"code": error["code"], **_http_status(error.get("params", {}))}
    return step


def _error(results: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return run.error, for the steps that deal with one."""
    entry = latest_handled([dict(one) for one in results if "then" in one])
    if entry is None:
        return {}
    error = entry["error"]
    facts = {"code": error["code"], "step": entry["step_name"]}
    return {"error": {**facts, **_http_status(error.get("params", {}))}}


def _http_status(params: Mapping[str, Json]) -> dict[str, Json]:
    return {"http_status": params["status"]} if "status" in params else {}


def _run(claim: Claim, loaded: LoadedProgram) -> dict[str, Json]:
    return {
        "id": str(claim.run_id),
        "workflow": loaded.workflow_name,
        "version": claim.version,
        "started_at": claim.started_at.isoformat(),
        "actor": claim.actor,
    }
