"""A stored program, loaded: everything compiled once, nothing looked up while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from jsonschema import Draft202012Validator

from workflows.definition.codes import Code
from workflows.definition.conditions import Condition, Filter, compile_condition, load_filter
from workflows.definition.durations import parse_duration
from workflows.definition.errors import ExpressionError, InvalidProgram
from workflows.definition.numbers import shortened
from workflows.definition.plans import Fill, load_plan
from workflows.definition.problems import pointer
from workflows.definition.retry import RetryPolicy
from workflows.definition.schemas import validator
from workflows.definition.scope import Scope
from workflows.definition.values import Json

LANGUAGE_VERSIONS = frozenset({1})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step, ready to run."""

    op: Literal["action"]  # control flow will have others
    index: int
    name: str
    label: str  # for people; "" if the step has none
    action: str
    on_error: Literal["stop", "continue"]  # after the last try
    retry: RetryPolicy
    timeout: timedelta | None  # None: the action's own
    condition: Condition | None
    fill: Fill
    check: Draft202012Validator | None  # None: all params are literal, checked at publish

    def should_run(self, scope: Scope) -> bool:
        """Say whether the step's condition holds. Raises ExpressionError naming the path."""
        return self.condition is None or self.condition.decide(scope).holds

    def render(self, scope: Scope) -> Json:
        """Return the params filled in from `scope`.

        Raises ExpressionError: a value is missing or of the wrong kind (`place` says in which
        param), or the result is not what the action takes (`bad_param`).
        """
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


@dataclass(frozen=True, slots=True)
class Program:
    """What a version of a workflow does."""

    name: str
    instructions: tuple[Instruction, ...]
    values: Mapping[str, Json]  # the document's named constants: Scope(values=program.values)
    trigger_filter: Filter
    trigger_types: tuple[str, ...]
    # True if it reads the before-values of a record change. What stored message templates read
    # is not known here.
    uses_previous: bool
    starts_on_own_changes: bool  # True if what its own runs write may start it again


def load_program(program: Mapping[str, Any]) -> Program:
    """Return the program, compiled. Raises InvalidProgram if this is none we can run."""
    if program.get("language_version") not in LANGUAGE_VERSIONS:
        raise InvalidProgram(f"language version {program.get('language_version')!r}")
    try:
        schemas = {name: validator(schema) for name, schema in program["schemas"].items()}
        return Program(
            name=program["name"],
            instructions=tuple(_instruction(one, schemas) for one in program["instructions"]),
            values=program["values"],
            trigger_filter=load_filter(program["trigger_filter"]),
            trigger_types=tuple(program["trigger_types"]),
            uses_previous=program["uses_previous"],
            starts_on_own_changes=program["settings"].get("start_on_own_changes", False),
        )
    except KeyError as error:
        raise InvalidProgram(f"no {error.args[0]!r}") from error


def _instruction(
    stored: Mapping[str, Any], schemas: Mapping[str, Draft202012Validator]
) -> Instruction:
    if stored["op"] != "action":
        raise InvalidProgram(f"op {stored['op']!r}")
    condition = stored["condition"]
    return Instruction(
        op=stored["op"],
        index=stored["index"],
        name=stored["name"],
        label=stored["label"],
        action=stored["action"],
        on_error=stored["on_error"],
        retry=load_retry(stored["retry"] or {}),
        timeout=parse_duration(stored["timeout"]),
        condition=compile_condition(condition) if condition else None,
        fill=load_plan(stored["params"]),
        check=None if "literal" in stored["params"] else schemas[stored["action"]],
    )


def load_retry(retry: Mapping[str, Any]) -> RetryPolicy:
    """Return the policy that a document's `retry` writes; what it leaves out is the default."""
    usual = RetryPolicy()
    delay = parse_duration(retry.get("delay")) or usual.delay
    return RetryPolicy(
        attempts=retry.get("attempts", usual.attempts),
        delay=delay,
        backoff=retry.get("backoff", usual.backoff),
        # A longer delay than the usual cap is meant: only a cap in the document holds it back.
        max_delay=parse_duration(retry.get("max_delay")) or max(delay, usual.max_delay),
    )
