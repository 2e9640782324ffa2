"""What the instructions of a program have in common: how they are stored, loaded, filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal, Protocol, Self

from jsonschema import Draft202012Validator

from tenants.core.json import Json
from tenants.core.json.pointers import pointer
from workflows.definition.catalogue import Catalogue
from workflows.definition.codes import Code
from workflows.definition.conditions import Condition, compile_condition
from workflows.definition.errors import ExpressionError, InvalidProgram
from workflows.definition.kinds import KINDS
from workflows.definition.programs.plans import Fill, load_plan
from workflows.definition.retry import RetryPolicy
from workflows.definition.scope import NameScope
from workflows.definition.values.json_values import shortened

Stored = Mapping[str, Any]  # an instruction as JSON
Step = Mapping[str, Any]  # as the document has it
Parts = dict[str, Any]  # of an instruction: what only its kind has
_ONCE: Final = RetryPolicy(attempts=1)


class Assembler(Protocol):
    """Lays instructions one behind the other."""

    catalogue: Catalogue
    children: list[str]  # kinds of the steps whose child runs are around, outer first
    reminders: int  # how many are around: while their steps are done, a wait stands still

    def place(self, steps: list[Any], after: int | None) -> int:
        """Lay down a list of steps that leads on to `after`; return the index of its first."""

    def place_child(self, kind: str, steps: list[Any]) -> int:
        """Lay down the steps of a child run: nothing follows them."""


@dataclass(frozen=True, slots=True)
class ProgramReader:
    """Compiles the parts of one stored program."""

    schemas: Mapping[str, Any]  # of rendered params, by action
    checks: Mapping[str, Draft202012Validator]
    language: int
    values: Mapping[str, Json] = field(default_factory=dict)

    def plan(self, stored: Stored) -> Fill:
        return load_plan(stored, language=self.language)

    def plan_if_any(self, stored: Stored | None) -> Fill | None:
        return None if stored is None else self.plan(stored)

    def condition(self, stored: Stored) -> Condition:
        return compile_condition(stored, self.language)


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

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        """Return what only this kind has stored, beside its params; lay down the steps in it.

        `after` is the index of what follows it.
        """
        return {}

    @classmethod
    def in_full(cls, step: Step) -> Parts:
        """Return the params that the document may leave out, in whole or in part."""
        return {}

    @classmethod
    def load(cls, stored: Stored, reader: ProgramReader) -> Self:
        """Return the instruction, compiled. Raises KeyError for what is not there."""
        condition, codes = stored["condition"], stored["error_codes"]
        return cls(
            index=stored["index"],
            name=stored["name"],
            label=stored["label"],
            action=stored["action"],
            condition=reader.condition(condition) if condition else None,
            next=stored["next"],
            on_error=stored["on_error"],
            error_block=stored["error_block"],
            error_codes=None if codes is None else frozenset(codes),
            **cls.own(stored, reader),
        )

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        """Return what only this kind has, compiled."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class WithParams(Common):
    """Params that are filled in."""

    fill: Fill
    check: Draft202012Validator | None = None  # None: nothing is left to check

    def render(self, scope: NameScope) -> Json:
        """Return the params filled in from `scope`.

        Raises ExpressionError: a value is missing or of the wrong kind (`place` says in which
        param), or the result is not what the action takes (`bad_param`).
        """
        return self.rendered(scope)

    def rendered(self, scope: NameScope) -> dict[str, Json]:
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

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        is_checked = KINDS[stored["op"]].is_checked
        check = reader.checks[stored["op"]] if is_checked else None
        return {"fill": reader.plan(stored["params"]), "check": check}
