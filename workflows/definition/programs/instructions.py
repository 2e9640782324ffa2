"""The instructions of a loaded program: one class for each `op`, with what only it has.

`Instruction` is any of them. All have what `Common` has, so that the engine can skip, fail and
record them alike; `op` tells them apart.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from jsonschema import Draft202012Validator

from tenants.core.json import Json
from tenants.core.json.pointers import pointer
from tenants.core.values.paths import Sentinel
from workflows.definition import waits
from workflows.definition.codes import Code
from workflows.definition.conditions import Condition
from workflows.definition.errors import ExpressionError, InvalidProgram
from workflows.definition.programs.plans import Fill
from workflows.definition.retry import RetryPolicy
from workflows.definition.scope import NameScope
from workflows.definition.values.numbers import shortened

_ONCE: Final = RetryPolicy(attempts=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every instruction has."""

    index: int
    name: str  # of the step; "" where nobody wrote one
    label: str  # for people; "" if the step has none
    action: str  # what the step names as its action: for control flow, its kind
    condition: Condition | None
    next: int | None  # index of what follows; None: the run ends here
    on_error: Literal["stop", "continue"]  # after the last try, and after the block if there is one
    error_block: int | None  # index of what runs first after an error
    # Only these errors lead into the block, any other stops the run; None: every error does.
    error_codes: frozenset[str] | None

    # Only actions are tried again, or cut short.
    retry: RetryPolicy = _ONCE
    timeout: timedelta | None = None

    def should_run(self, scope: NameScope) -> bool:
        """Say whether the step's condition holds. Raises ExpressionError naming the path."""
        return self.condition is None or self.condition.decide(scope).holds

    def render(self, scope: NameScope) -> Json:
        """Return the params filled in from `scope`; {} where there are none to fill in."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _WithParams(Common):
    """Params that are filled in."""

    fill: Fill
    check: Draft202012Validator | None = None  # None: nothing is left to check

    def render(self, scope: NameScope) -> Json:
        """Return the params filled in from `scope`.

        Raises ExpressionError: a value is missing or of the wrong kind (`place` says in which
        param), or the result is not what the action takes (`bad_param`).
        """
        return self._rendered(scope)

    def _rendered(self, scope: NameScope) -> dict[str, Json]:
        params = self.fill(scope)
        if not isinstance(params, dict):
            raise InvalidProgram(f"step {self.name} has no params")
        error = next(self.check.iter_errors(params), None) if self.check else None
        if error is not None:
            raise ExpressionError(
                Code.BAD_PARAM,
                place=pointer("", *error.absolute_path),
                rule=str(error.validator),
                wanted=shortened(error.validator_value),
                value=shortened(error.instance),
            )
        return params


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInstruction(_WithParams):
    """An action of the library."""

    op: Literal["action"] = "action"
    timeout: timedelta | None = None  # None: the action's own
    # What is done about a step that a worker died in, where its action cannot safely be repeated.
    after_crash: Literal["ask", "repeat"] = "ask"
    # The author said "ask", also of an action that could be repeated: the other side cannot tell.
    must_ask: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One way of a branch."""

    label: str
    when: Condition
    go_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Common):
    """The first case whose condition holds; each leads on to the branch's own `next`."""

    op: Literal["branch"] = "branch"
    cases: tuple[Case, ...]
    otherwise: int | None

    def choose(self, scope: NameScope) -> tuple[str, int | None]:
        """Return the label of the case and the index to go to; None: `next`.

        Where no case holds the label is "otherwise". Raises ExpressionError naming the path.
        """
        for case in self.cases:
            if case.when.decide(scope).holds:
                return case.label, case.go_to
        return "otherwise", self.otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(_WithParams):
    """The end of the whole run, or of one item of a list."""

    op: Literal["stop"] = "stop"
    outcome: Literal["completed", "failed"]
    levels: int = 0  # how many runs above this one, its parents, end with it

    def render(self, scope: NameScope) -> Json:
        """Return {"message": text}, "" if there is none. Raises ExpressionError."""
        return {"message": self._rendered(scope).get("message", "")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(_WithParams):
    """Nothing, until a moment. `render` gives the params, for people to read."""

    op: Literal["wait"] = "wait"

    def wake_at(self, scope: NameScope) -> datetime:
        """Return when the wait ends, in UTC; `scope.now` is when it began.

        A moment not after `scope.now` does not wait. Raises ExpressionError: no time, too far.
        """
        return waits.wake_at(self._rendered(scope), scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Common):
    """Steps again and again: first the body, which leads back here, then the test."""

    op: Literal["repeat"] = "repeat"
    body: int
    every: timedelta  # between two rounds
    at_most: int  # rounds; then it fails with `not_in_time`
    until: Condition

    def is_done(self, scope: NameScope) -> bool:
        """Say whether no further round is needed. Raises ExpressionError naming the path."""
        return self.until.decide(scope).holds


@dataclass(frozen=True, slots=True, kw_only=True)
class EmitEvent(_WithParams):
    """An event for other workflows."""

    op: Literal["emit_event"] = "emit_event"

    def render(self, scope: NameScope) -> Json:
        """Return type, payload, subject_type and subject_id; the last two may be None."""
        nothing: dict[str, Json] = {"payload": {}, "subject_type": None, "subject_id": None}
        return {**nothing, **self._rendered(scope)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach(_WithParams):
    """A child run for each element of a list; the run waits for all of them."""

    op: Literal["for_each"] = "for_each"
    body: int  # where the children begin: a key of Program.blocks
    concurrency: int  # how many children are under way at once
    if_one_fails: Literal["continue", "stop"]

    def render(self, scope: NameScope) -> Json:
        """Return {"items": [...]}. Raises ExpressionError; `items` is a list for sure."""
        return self._rendered(scope)


@dataclass(frozen=True, slots=True)
class Arm:
    """One branch of a `parallel`."""

    name: str
    label: str
    body: int  # where its child begins: a key of Program.blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Common):
    """A child run for each branch, at once; the run waits for all of them."""

    op: Literal["parallel"] = "parallel"
    arms: tuple[Arm, ...]
    if_one_fails: Literal["continue", "stop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWorkflow(_WithParams):
    """Another workflow as a child run, in the version published when it starts."""

    op: Literal["run_workflow"] = "run_workflow"
    workflow: str  # its key

    def render(self, scope: NameScope) -> Json:
        """Return {"input": {...}}: the child's `trigger`. Raises ExpressionError."""
        return {"input": {}, **self._rendered(scope)}


@dataclass(frozen=True, slots=True)
class Reminder:
    """Steps that run while the run waits on; their last one leads back to the wait."""

    after: timedelta  # since the wait began
    every: timedelta | None  # and then again; None: once
    at_most: int  # times in all; 1 without `every`
    body: int  # index of its first instruction


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patient(_WithParams):
    """A wait for somebody else, with an end and with reminders."""

    give_up_after: timedelta | None  # None: it waits for ever
    reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForEvent(_Patient):
    """Nothing, until an event of a type comes whose payload matches."""

    op: Literal["wait_for_event"] = "wait_for_event"
    event_type: str
    look_back: timedelta  # how far before the run's start an event may have come
    on_timeout: int | None  # index of the block that runs then; None: it fails, `not_in_time`

    def render(self, scope: NameScope) -> Json:
        """Return {"match": {path in the payload: value}}. Raises ExpressionError."""
        return {"match": {}, **self._rendered(scope)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(_Patient):
    """Nothing, until a person decides."""

    op: Literal["approval"] = "approval"
    timeout_choice: str | None  # what counts as chosen then; None: it fails, `not_in_time`
    allow_self: bool
    named: frozenset[str] = frozenset()  # the approvers that its author named, not the run

    def render(self, scope: NameScope) -> Json:
        """Return title, message, approvers, choices and form. Raises ExpressionError.

        approvers: ["sara", "head@company.example", "role:operator"]; choices: [{"key", "label"}];
        form: [{"key", "label", "type", "required", "options"}].
        """
        nothing: dict[str, Json] = {"message": "", "form": []}
        return {**nothing, **self._rendered(scope)}


@dataclass(frozen=True, slots=True)
class StepBlock:
    """Steps that child runs carry out: where they begin is its key in Program.blocks."""

    step_name: str  # of the step that starts them
    result: Fill | None  # what a child hands back; None: nothing

    def result_in(self, scope: NameScope) -> Json:
        """Return what a child hands back. Raises ExpressionError."""
        if self.result is None:
            return None
        value = self.result(scope)
        return None if isinstance(value, Sentinel) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(Common):
    """The end of a block after an error: the run fails with that error."""

    op: Literal["fail"] = "fail"


Instruction: TypeAlias = (
    CallInstruction
    | Branch
    | Stop
    | Wait
    | Repeat
    | EmitEvent
    | ForEach
    | Parallel
    | RunWorkflow
    | WaitForEvent
    | Approval
    | Fail
)
