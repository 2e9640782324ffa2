"""What a run's story is told from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenants.core.json import Json
from workflows.engine.children import PAGE
from workflows.engine.statuses import RunStatus
from workflows.presentation.runs.plans import Plan


@dataclass(frozen=True, slots=True)
class RunFacts:
    """All of a run that its story is told from."""

    status: RunStatus
    plan: Plan
    results: Sequence[Mapping[str, Json]]
    pending: Mapping[str, Json] | None = None
    at: int | None = None  # index of the next instruction
    error_step: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    due_at: str = ""  # of a run that waits, as a clock shows it: for a retry, or for a time
    is_paused: bool = False  # the tenant: nothing starts
    is_part: bool = False  # another run started it, and waits for it
    lane: str | None = None  # its key, of a run that waits for its turn; "": it has none
    children_open: int = 0
    payload_labels: Mapping[str, str] = field(default_factory=dict)  # what people call its values

    @property
    def under_way(self) -> str:
        """Return the name of the step that the run is at; "" if it has ended."""
        if self.status.has_ended:
            return ""
        name = (self.pending or {}).get("step_name")
        if name:
            return str(name)
        if self.at is not None:
            return self.plan.name_at(self.at)
        # A run that was claimed a moment ago has nothing stored of its first step.
        return self.plan.steps[0].name if self.plan.steps and not self.results else ""

    @property
    def ended_in(self) -> Mapping[str, Json]:
        """Return what is kept of the step that the run was at when it ended; {} if of none."""
        return step_ended_in(self.pending) if self.status.has_ended else {}

    @property
    def dead(self) -> str:
        """Return the name of the step in which the run was given up: no entry tells of it."""
        if self.status is not RunStatus.FAILED:
            return ""
        name = self.error_step or (self.pending or {}).get("step_name") or ""
        told = any(one["step_name"] == name and "error" in one for one in self.results)
        return "" if told else str(name)

    def parts_open(self, total: int) -> int:
        """Return how many of the `total` child runs of the step under way have not ended."""
        children = (self.pending or {}).get("children") or {}
        if "done" in children and "started" not in children:  # stored by version 0.1
            done = len(children["done"])
            return total - done - min(PAGE, total - done) + self.children_open
        # Beyond a page they are not even started.
        return total - int(children.get("started", total)) + self.children_open


def step_ended_in(pending: Json) -> Mapping[str, Json]:
    """Return what is kept of the step that a run was at when it ended; {} if of none."""
    kept = pending.get("resume") if isinstance(pending, dict) else None
    return kept if isinstance(kept, dict) else {}
