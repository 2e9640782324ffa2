"""What a child run sees of the runs above it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from tenants.core.json import Json
from workflows.engine.history.results import Results
from workflows.runtime.database import as_json, rows
from workflows.runtime.runs.children import ANCESTORS
from workflows.runtime.runs.claims import Claim, RowUnreadable


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
    """Return the roots of one more level."""
    inner = {"item": item, "item_index": item_index}
    return {**inner, "outer": dict(outer)} if outer else inner
