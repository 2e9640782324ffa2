"""The dry-run executor: database actions are carried out, calls are shown and not made."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from actions import registry
from actions.errors import PermanentFailure
from actions.spec import ActionContext, ActionSpec, Effect, Preview
from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from workflows.definition.programs.instructions import EmitEvent, RunWorkflow
from workflows.definition.scope import NameScope
from workflows.engine import families
from workflows.engine.advance import Walker
from workflows.engine.children import ChildEnd
from workflows.engine.history.entries import Entry, Timing
from workflows.engine.history.results import Results
from workflows.engine.outcomes import FailureCode, Outcome, StepCompleted, StepFailed
from workflows.engine.progress import Job, Progress
from workflows.engine.walker import Arrival
from workflows.runtime.dry_run.context import DryRunContext, SimulatedRun
from workflows.runtime.runs import children
from workflows.runtime.runs.children import Callee
from workflows.runtime.runs.programs import Needed, preview_budget, scope_of
from workflows.runtime.steps.interpreter import Pending, settled
from workflows.runtime.steps.perform import perform
from workflows.runtime.waits import approval_store
from workflows.runtime.waits.approval_store import permitted

NOTES = "rehearsal"  # the key of an entry under which stands what only a dry run knows


class DryRunExecutor:
    """Carries out one run's steps without any effect that stays."""

    def __init__(self, context: DryRunContext, simulated: SimulatedRun) -> None:
        self.context, self.simulated = context, simulated
        self.claim = simulated.claim(context.tenant, context.now())
        self.needed = Needed(simulated.loaded, context.tenant, simulated.around)
        self.results = Results()
        self.last: Progress | None = None  # what was written last
        self.met: Arrival = None  # what a wait finds when it is over
        self.ends: list[ChildEnd] = []  # of the child runs of the step under way
        self.callee: Callee | None = None  # of the workflow that was called
        self._notes: dict[str, dict[str, Json]] = {}  # for the entry of a step that is coming

    def now(self) -> datetime:
        return self.context.now()

    def jitter(self) -> float:
        """Return no number by chance: nothing is waited for."""
        return 0.0

    def walker(self) -> Walker:
        return Walker(
            self.simulated.loaded.program,
            self.results,
            self._scope,
            is_child=self.simulated.is_child,
            entry=self.simulated.entry,
            check_for=lambda _evaluated: self.context.check_time,
        )

    def _walker_on(self, more: Sequence[Entry]) -> Walker:
        walker = self.walker()
        return replace(walker, results=self.results.with_more(more)) if more else walker

    def arrival(self, pending: Pending, now: datetime) -> Arrival:
        found, self.met = self.met, None
        return found

    def is_late(self) -> bool:
        """Whether that moment has passed, the waits counted as if they had been waited."""
        deadline = self.claim.deadline_at
        return deadline is not None and self.now() >= deadline

    def doubt(self, step: int) -> None:
        """Say nothing: no worker can have died in the step."""

    def is_cancelled(self) -> bool:
        """Whether somebody asked to cancel the run: nobody can."""
        return False

    def should_put_down(self) -> bool:
        """Whether the run is left to another worker: there is none."""
        return False

    def put_down(self) -> None:
        """Never asked for."""
        raise AssertionError("a rehearsal is not put down")

    def write(self, progress: Progress) -> Progress:
        """Take note of progress. Raises Halt."""
        progress = permitted(progress, self.context.tenant.id, self._walker_on, self.now())
        if progress.question is not None:
            place = approval_store.place_of(UUID(int=0))
            progress = replace(progress, pending={**(progress.pending or {}), **place})
        self.context.keep(progress.entries)
        for entry in progress.entries:
            self.results.add(self._noted(entry))
        self.last = progress
        return progress

    def carry_out(self, job: Job) -> Progress:
        """Do the step, or show what it would do. Raises Halt."""
        self.context.begin_step()
        if isinstance(job.instruction, RunWorkflow):
            progress = self._call(job, job.instruction)
        else:
            started_at, start = self.now(), monotonic()
            outcome = self._outcome(job)
            timing = Timing(started_at, round((monotonic() - start) * 1000))
            progress = settled(self, job, outcome, timing)
        return self.write(progress)

    def note(self, step_name: str, **facts: Json) -> None:
        """Keep something about a step that only a dry run knows, until its entry is written."""
        self._notes.setdefault(step_name, {}).update(facts)

    def noted(self, step_name: str) -> dict[str, Json]:
        """Return what was noted about a step whose entry was not written."""
        return self._notes.get(step_name, {})

    def waited(self, progress: Progress, time: timedelta) -> None:
        """Note that a run would have waited here."""
        self.context.skipped += time
        seconds = round(time.total_seconds())
        if progress.pending is not None:
            before = self.noted(progress.pending["step_name"]).get("skipped_seconds", 0)
            self.note(progress.pending["step_name"], skipped_seconds=before + seconds)
        elif self.results:
            # The rest between two rounds: its loop has left its entry already.
            self.results[-1].setdefault(NOTES, {})["skipped_seconds"] = seconds

    def _scope(self, results: Results, now: datetime) -> NameScope:
        return scope_of(self.claim, self.needed, results, now, preview_budget())

    def _noted(self, entry: Entry) -> Entry:
        notes = self._notes.pop(entry["step_name"], None)
        return {**entry, NOTES: notes} if notes else entry

    def _outcome(self, job: Job) -> Outcome:
        if isinstance(job.instruction, EmitEvent):
            return self._emitted(job)
        try:
            spec = registry.get(job.instruction.action)
        except registry.UnknownAction:
            return StepFailed(FailureCode.UNKNOWN_ACTION, {"action": job.instruction.action})
        if spec.effect is Effect.DATABASE:
            guard = self.context.rewind.writing()
            return perform(spec, job, self.claim, self.context.tenant, guard=guard)
        if spec.is_local:
            return perform(spec, job, self.claim, self.context.tenant)
        return self._shown(spec, job)

    def _shown(self, spec: ActionSpec, job: Job) -> Outcome:
        """Say what a call would send, and what became of it as far as anybody can know."""
        name = job.instruction.name
        previews: list[Preview] = []

        def shown(params: Json, context: ActionContext) -> Json:
            preview = _preview(spec, params, context)
            previews.append(preview)
            answer = self.context.answer_for(name) or {}
            if "error" in answer:
                error = answer["error"]
                raise PermanentFailure(str(error["code"]), **error.get("params", {}))
            if "output" in answer:
                return answer["output"]
            known = preview.is_guess and f"{name} {spec.name}" in self.context.outputs
            return self.context.outputs[f"{name} {spec.name}"] if known else preview.output

        outcome = perform(replace(spec, run=shown), job, self.claim, self.context.tenant)
        for preview in previews:
            message = {"kind": preview.kind, "to": list(preview.to), "content": preview.content}
            self.context.sent.append({"step_name": name, "action": spec.name, **message})
            self.note(name, would_send=message, is_guess=preview.is_guess)
        return outcome

    def _emitted(self, job: Job) -> Outcome:
        self.note(job.instruction.name, would_emit=job.input["type"])
        return StepCompleted({"event_id": str(uuid7()), "runs": []})

    def _call(self, job: Job, instruction: RunWorkflow) -> Progress:
        """Begin another workflow as a child run, in the version that is published now."""
        handed = job.input["input"]
        found = children.callee_of(
            self.context.tenant, instruction.workflow, handed, self.simulated.around
        )
        if isinstance(found, StepFailed):
            return settled(self, job, found, Timing(self.now(), 0))
        self.callee = found
        return families.spawn(self.walker(), job, {}, self.now())


def _preview(spec: ActionSpec, params: Json, context: ActionContext) -> Preview:
    if spec.preview is not None:
        return spec.preview(params, context)
    # An action of this installation that does not say what it sends: its parameters do.
    return Preview(spec.name, (), params, _example(spec.output), is_guess=True)


def _example(schema: Mapping[str, Json] | None) -> Json:
    """Return something that looks like the output of an action."""
    made: dict[str, Json] = {}
    for name, member in (schema or {}).get("properties", {}).items():
        kind = member.get("type")
        examples: dict[str, Json] = {"integer": 1, "number": 1, "boolean": True, "array": []}
        fallback: Json = {} if kind == "object" else f"«{name}»"
        made[name] = examples.get(str(kind), fallback)
    return made
