"""What a run's templates see."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tenants.core.json import Json
from tenants.facts import TenantFacts
from workflows.definition.budget import Budget
from workflows.definition.scope import NameScope
from workflows.engine.history.results import Results, http_status
from workflows.runtime.runs.claims import Claim
from workflows.runtime.runs.parent_scope import ParentScope
from workflows.runtime.runs.programs import LoadedProgram


@dataclass(frozen=True, slots=True)
class Needed:
    """What a run needs besides its own row."""

    loaded: LoadedProgram
    tenant: TenantFacts
    around: ParentScope


def scope_of(
    claim: Claim, needed: Needed, results: Results, now: datetime, budget: Budget
) -> NameScope:
    """Return the values of a run: `results` so far, and `now`, the moment of rendering."""
    loaded, tenant, around = needed.loaded, needed.tenant, needed.around
    return NameScope(
        trigger=around.payload,
        previous=around.previous,
        steps={**around.results.steps, **results.steps},
        run={**_run(claim, loaded), **error_told(results, around.results)},
        tenant=tenant_values(tenant),
        now=now.astimezone(ZoneInfo(tenant.time_zone)),
        values=loaded.program.values,
        loop=around.loop,
        language=loaded.program.language,
        budget=budget,
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


def error_told(results: Results, around: Results | None = None) -> dict[str, Json]:
    """Return run.error, for the steps that deal with one."""
    entry = results.last_handled or (around.last_handled if around else None)
    if entry is None:
        return {}
    error = entry["error"]
    facts = {"code": error["code"], "step": entry["step_name"]}
    return {"error": {**facts, **http_status(error.get("params", {}))}}


def _run(claim: Claim, loaded: LoadedProgram) -> dict[str, Json]:
    return {
        "id": str(claim.run_id),
        "workflow": loaded.workflow_name,
        "version": claim.version,
        "started_at": claim.started_at.isoformat(),
        "actor": claim.actor,
    }
