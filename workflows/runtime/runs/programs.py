"""The programs that runs execute, and what their templates see and may spend.

A program is read once per version, compiled once, and kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from time import thread_time
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.core.json import Json
from tenants.facts import TenantFacts
from workflows.definition.budget import (
    FILTER_CPU_SECONDS,
    FILTER_OPERATIONS,
    PREVIEW_CPU_SECONDS,
    PREVIEW_OPERATIONS,
    Budget,
    EventBudget,
)
from workflows.definition.errors import InvalidProgram
from workflows.definition.programs.program import Program, load_program
from workflows.definition.scope import NameScope
from workflows.engine.history.results import Results, http_status
from workflows.runtime.database import as_json, rows
from workflows.runtime.runs.claims import Claim, RowUnreadable

# The program a run executes, with the names its templates may show.
PROGRAM: Final = """
SELECT version.program, definition.name, definition.key
FROM workflow_versions version JOIN workflow_definitions definition
    ON definition.id = version.definition_id
WHERE version.definition_id = %(definition)s AND version.version = %(version)s
"""


@dataclass(frozen=True, slots=True)
class LoadedProgram:
    """A version's program with the names its templates may show."""

    program: Program
    workflow_name: str
    workflow_key: str


class VersionMissing(LookupError):
    """A run names a version that does not exist."""

    def __init__(self, definition_id: UUID, version: int) -> None:
        super().__init__(f"workflow {definition_id} has no version {version}")


# A version is never updated, so what was read once stays right.
@lru_cache(maxsize=1000)
def program_of(definition_id: UUID, version: int) -> LoadedProgram:
    """Return the program of a published version. Raises VersionMissing, InvalidProgram."""
    found = rows(PROGRAM, {"definition": definition_id, "version": version})
    if not found:
        raise VersionMissing(definition_id, version)
    stored, name, key = found[0]
    try:
        program: Mapping[str, object] = as_json(stored)
        return LoadedProgram(load_program(program), name, key)
    except InvalidProgram:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as problem:
        # Whatever is wrong with what is stored, it is no program: nobody has to try it again.
        raise InvalidProgram(f"{type(problem).__name__}: {problem}") from problem


# From a child up to the run whose program it shares, and above: what its templates see.
ANCESTORS: Final = """
WITH RECURSIVE above AS (
    SELECT run.*, 1 AS level FROM workflow_runs run WHERE run.id = %(parent)s
    UNION ALL
    SELECT run.*, above.level + 1 FROM workflow_runs run JOIN above ON run.id = above.parent_run
    WHERE above.level < 100
)
SELECT id, entry, item_index, item, step_results, trigger_payload, parent_run,
    (SELECT previous FROM workflow_events event WHERE event.id = above.event_id),
    item IS NOT NULL
FROM above ORDER BY level
"""


@dataclass(frozen=True, slots=True)
class ParentScope:
    """The values of a run that are not its own."""

    payload: Json
    previous: Json
    results: Results = field(default_factory=Results)  # of the outer steps, as they stood
    loop: Mapping[str, Json] = field(default_factory=dict)  # item, item_index, outer
    called: int = 0  # how many workflows above it called one another


def surroundings_of(claim: Claim) -> ParentScope:
    """Return what a claimed run sees; only children cost a statement."""
    if claim.parent_run is None:
        return ParentScope(claim.payload, claim.previous)
    try:
        return _inside(claim, [_Run(*row) for row in rows(ANCESTORS, {"parent": claim.parent_run})])
    except (ValueError, RecursionError) as problem:
        raise RowUnreadable("parent_run", str(problem)) from None


def _inside(claim: Claim, above: Sequence["_Run"]) -> ParentScope:
    called = sum(one.is_called for one in above) + (claim.entry == 0)
    if claim.entry == 0:
        # Another workflow's run: what it was handed is its trigger.
        return ParentScope(claim.item, None, called=called)
    # From the run with which the program begins, down to the parent.
    first = next(number for number, one in enumerate(above) if one.entry == 0)
    line = above[first::-1]
    loop: dict[str, Json] = {}
    for one in line[1:]:
        loop = one_deeper(loop, as_json(one.item), one.item_index) if one.has_item else loop
    if claim.has_item:
        loop = one_deeper(loop, claim.item, claim.item_index)
    results = Results(entry for one in line for entry in as_json(one.step_results))
    payload = as_json(line[0].item if line[0].is_called else line[0].payload)
    previous = None if line[0].is_called else as_json(line[0].previous)
    return ParentScope(payload, previous, results, loop, called)


class _Run(NamedTuple):
    """A run above."""

    id: UUID
    entry: int
    item_index: int | None
    item: Json
    step_results: Json
    payload: Json
    parent_run: UUID | None
    previous: Json
    has_item: bool

    @property
    def is_called(self) -> bool:
        """Whether a workflow was called here, by a run still further above."""
        return self.parent_run is not None and self.entry == 0


def one_deeper(outer: Mapping[str, Json], item: Json, item_index: int | None) -> dict[str, Json]:
    inner = {"item": item, "item_index": item_index}
    return {**inner, "outer": dict(outer)} if outer else inner


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


def step_budget() -> Budget:
    """Return the budget of one step: its condition, its params, what its action works out."""
    return Budget(cpu=thread_time)


def preview_budget() -> Budget:
    """Return the budget of all that one page shows, or of one step of a dry run."""
    return Budget(PREVIEW_OPERATIONS, PREVIEW_CPU_SECONDS, thread_time)


def event_budget() -> EventBudget:
    """Return the budget of all filters that are asked about one event."""
    return EventBudget(thread_time)


def filter_budget() -> Budget:
    """Return the budget of one workflow that is asked alone whether it starts."""
    return Budget(FILTER_OPERATIONS, FILTER_CPU_SECONDS, thread_time)
