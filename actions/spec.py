"""The contract of an action: what it takes, what it gives, and what may be done after a crash."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from tenants.core.json import Json
from tenants.facts import TenantFacts


class Effect(StrEnum):
    """What a crash in the middle of the action leaves behind."""

    # Writes to this database only: runs inside the checkpoint's transaction, exactly once.
    DATABASE = "database"
    # Calls out, and the same call twice does no harm (an idempotency key, a stable message id).
    REPEATABLE = "repeatable"
    # Calls out, and a second call would be noticed: after a crash nobody knows whether it was made.
    NOT_REPEATABLE = "not_repeatable"


class RenderText(Protocol):
    """Fills a stored text (a message template) with the run's values."""

    def __call__(self, source: str, *, html: bool = False) -> str:
        """Return the text. Raises PermanentFailure naming the path that is missing."""


class EvaluationBudget(Protocol):
    """What the step may still work out, its params included."""

    def charge(self, operations: int) -> None:
        """Count work that is about to be done. It raises what ends the step: let it through."""

    def charge_for(self, *values: Any, times: int = 1) -> None:
        """Count what it takes to read all of the values, however deep, so many times."""


class Unlimited:
    """The budget of an action that no run carries out."""

    def charge(self, operations: int) -> None:
        """Count nothing."""

    def charge_for(self, *values: Any, times: int = 1) -> None:
        """Count nothing."""


@dataclass(frozen=True, slots=True)
class ActionContext:
    """What an action may know of the step it works for."""

    tenant: TenantFacts
    run_id: UUID
    step_name: str
    idempotency_key: str  # "<run>-<step index>": the same on every retry and after a crash
    timeout_seconds: float  # for everything the action does, connecting and reading included
    render_text: RenderText
    # Which try this is since the step began, or since a person last asked for one; 1-based.
    attempt: int = 1
    so_far: Json = None  # what an earlier attempt got done: `Part.so_far` of its failure
    # For work that grows with the size of what the action is given.
    budget: EvaluationBudget = field(default_factory=Unlimited, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Preview:
    """What an action would send, for people who try a workflow out. It holds no secrets."""

    kind: str  # whatsapp, email, slack, teams, http
    to: tuple[str, ...]  # whom or what it would reach, as people read it
    content: Mapping[str, Json]  # as it would arrive
    output: Json  # what the step would keep if all went well
    is_guess: bool = False  # the other side decides what the output holds


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action of the library."""

    name: str
    label: str  # shown to staff; a lazy translation
    description: str  # one sentence for staff; a lazy translation
    effect: Effect
    params: Mapping[str, Json]  # JSON Schema (2020-12) with x- hints: form, checks, API, run time
    output: Mapping[str, Json] | None  # JSON Schema of what the step's output holds
    run: Callable[[Json, ActionContext], Json]
    icon: str = "bolt"  # a name in the icon set
    default_timeout_seconds: float = 30.0
    # What stands for a step that says nothing of it, as a document writes `retry`; what this leaves
    # out is the language's default. It is part of a workflow from its publication on.
    retry: Mapping[str, Json] = field(default_factory=dict)
    ui: Mapping[str, Json] = field(default_factory=dict)  # hints for the editor only
    # What `run` would send. It reads the tenant's rows, never calls out, and fails as `run` would
    # before the first byte leaves.
    preview: Callable[[Json, ActionContext], Preview] | None = None
    # It only works out its output: a dry run carries it out as it is.
    is_local: bool = False


def not_to_be_repeated(spec: ActionSpec) -> ActionSpec:
    """Return the action of a step whose author knows that a second call would be noticed.

    One that writes to this database only is rolled back by a crash, and done again in any case.
    """
    is_call = spec.effect is Effect.REPEATABLE
    return replace(spec, effect=Effect.NOT_REPEATABLE) if is_call else spec
