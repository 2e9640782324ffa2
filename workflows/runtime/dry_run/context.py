"""What the runs of one dry run share: the clock, the answers, the limits, what would be sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from tenants.core.json import Json
from tenants.core.json.jsontext import dumps
from tenants.facts import TenantFacts
from workflows.engine.outcomes import WalkAbandoned
from workflows.runtime.dry_run.rollback import Rollback

# What somebody says to a step: {"choice", "answers"} to an approval, {"payload"} to a wait for an
# event, {"timed_out": true} to both; {"output"} or {"error": {"code", "params"}} to a call.
Answer = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a dry run ends that would not end by itself."""

    steps: int = 10_000
    runs: int = 2_000  # it and its child runs
    seconds: float = 20.0
    result_bytes: int = 8 * 1024 * 1024


class Halt(WalkAbandoned):
    """The dry run does not go on. Its code and params say why."""

    def __init__(self, code: str, **params: Json) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    def as_json(self) -> dict[str, Json]:
        return {"code": self.code, "params": self.params}


@dataclass(slots=True)
class DryRunContext:
    """One dry run."""

    tenant: TenantFacts
    begins_at: datetime  # what `now` is at first
    sample_event: Callable[[str], Json]  # a payload for a type of event
    answers: Mapping[str, Sequence[Answer]] = field(default_factory=dict)  # by step, in turn
    outputs: Mapping[str, Json] = field(default_factory=dict)  # of calls: what came back once
    asks: bool = False  # a question without an answer ends the dry run
    limits: Limits = field(default_factory=Limits)
    rewind: Rollback = field(default_factory=Rollback)
    skipped: timedelta = timedelta(0)  # waits, all in all
    sent: list[dict[str, Json]] = field(default_factory=list)
    _asked: dict[str, int] = field(default_factory=dict)
    _steps: int = 0
    _runs: int = 0
    _bytes: int = 0
    _began: float = field(default_factory=monotonic)

    def now(self) -> datetime:
        """Return the time of the dry run: only waits move it."""
        return self.begins_at + self.skipped

    def begin_run(self) -> None:
        """Count a run. Raises Halt."""
        self._runs += 1
        if self._runs > self.limits.runs:
            raise Halt("rehearsal_limit", limit="runs", most=self.limits.runs)

    def begin_step(self) -> None:
        """Count a step that somebody has to do. Raises Halt."""
        self._steps += 1
        if self._steps > self.limits.steps:
            raise Halt("rehearsal_limit", limit="steps", most=self.limits.steps)
        self.check_time()

    def check_time(self, _spent: int = 0) -> None:
        """See to it that the dry run ends, whatever it is in the middle of. Raises Halt."""
        if monotonic() - self._began > self.limits.seconds:
            raise Halt("rehearsal_limit", limit="seconds", most=round(self.limits.seconds))

    def keep(self, entries: Sequence[Json]) -> None:
        """Count what the result grows by. Raises Halt."""
        self._bytes += len(dumps(entries)) if entries else 0
        if self._bytes > self.limits.result_bytes:
            raise Halt("rehearsal_limit", limit="bytes", most=self.limits.result_bytes)

    def answer_for(self, step_name: str) -> Answer | None:
        """Return the next answer to a step; after the last given one it stays the same."""
        given = self.answers.get(step_name, ())
        turn = self._asked.get(step_name, 0)
        self._asked[step_name] = turn + 1
        if turn < len(given):
            return given[turn]
        return given[-1] if given and not self.asks else None
