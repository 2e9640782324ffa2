"""A stored program, loaded: everything compiled once, nothing looked up while it runs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from jsonschema import Draft202012Validator

from tenants.core.json import Json
from workflows.definition.approvers import named_by_author
from workflows.definition.conditions import (
    Condition,
    TriggerFilter,
    compile_condition,
    load_filter,
    may_read_clock,
)
from workflows.definition.errors import InvalidProgram
from workflows.definition.language import LANGUAGE_VERSION, LANGUAGE_VERSIONS
from workflows.definition.programs.instructions import (
    Approval,
    Arm,
    Branch,
    CallInstruction,
    Case,
    EmitEvent,
    Fail,
    ForEach,
    Instruction,
    Parallel,
    Reminder,
    Repeat,
    RunWorkflow,
    StepBlock,
    Stop,
    Wait,
    WaitForEvent,
)
from workflows.definition.programs.plans import Fill, always_fits, load_plan
from workflows.definition.retry import RetryPolicy
from workflows.definition.schemas import validator
from workflows.definition.values.durations import parse_duration

__all__ = ["LANGUAGE_VERSIONS", "Instruction", "Program", "load_program", "load_retry"]

Stored = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How many runs at once, and for how long."""

    concurrency_key: Fill | None = None  # renders to text; runs with the same one take turns
    when_busy: Literal["wait", "replace"] = "wait"  # replace: the newest ends the older ones
    max_running: int | None = None  # runs of the workflow at once
    deadline: timedelta | None = None  # since the run was started


@dataclass(frozen=True, slots=True)
class Program:
    """What a version of a workflow does."""

    name: str
    instructions: tuple[Instruction, ...]
    values: Mapping[str, Json]  # the document's named constants: Scope(values=program.values)
    trigger_filter: TriggerFilter
    trigger_types: tuple[str, ...]
    # True if it reads the before-values of a record change. What stored message templates read
    # is not known here.
    uses_previous: bool
    starts_on_own_changes: bool  # True if what its own runs write may start it again
    on_failure: int | None  # index of the first instruction for a run that has failed
    blocks: Mapping[int, StepBlock] = field(default_factory=dict)  # of child runs, by first index
    output: Fill | None = None  # what a run hands back to the workflow that called it
    settings: RunSettings = RunSettings()
    # True if its filter or its concurrency key may look at the clock.
    reads_clock: bool = True
    language: int = LANGUAGE_VERSION  # by whose rules it is read


@dataclass(frozen=True, slots=True)
class _ProgramReader:
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


def load_program(program: Stored) -> Program:
    """Return the program, compiled. Raises InvalidProgram if this is none we can run."""
    language = program.get("language_version")
    if language not in LANGUAGE_VERSIONS:
        raise InvalidProgram(f"language version {language!r}")
    try:
        checks = {name: validator(schema) for name, schema in program["schemas"].items()}
        reader = _ProgramReader(program["schemas"], checks, language, program["values"])
        return Program(
            name=program["name"],
            instructions=tuple(_instruction(one, reader) for one in program["instructions"]),
            values=program["values"],
            trigger_filter=load_filter(program["trigger_filter"], language),
            trigger_types=tuple(program["trigger_types"]),
            uses_previous=program["uses_previous"],
            starts_on_own_changes=program["settings"].get("start_on_own_changes", False),
            on_failure=program["on_failure"],
            blocks=_blocks(program["instructions"], reader),
            output=reader.plan_if_any(program.get("output")),
            settings=_settings(program["settings"], reader),
            reads_clock=may_read_clock(
                [program["trigger_filter"], program["settings"].get("concurrency_key")]
            ),
            language=language,
        )
    except KeyError as error:
        raise InvalidProgram(f"no {error.args[0]!r}") from error


def _instruction(stored: Stored, reader: _ProgramReader) -> Instruction:
    load = _LOADERS.get(stored["op"])
    if load is None:
        raise InvalidProgram(f"op {stored['op']!r}")
    return load(stored, _common(stored, reader), reader)


def _common(stored: Stored, reader: _ProgramReader) -> dict[str, Any]:
    condition, codes = stored["condition"], stored["error_codes"]
    return {
        "index": stored["index"],
        "name": stored["name"],
        "label": stored["label"],
        "action": stored["action"],
        "condition": reader.condition(condition) if condition else None,
        "next": stored["next"],
        "on_error": stored["on_error"],
        "error_block": stored["error_block"],
        "error_codes": None if codes is None else frozenset(codes),
    }


def _call(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> CallInstruction:
    is_sure = always_fits(stored["params"], reader.schemas[stored["action"]])
    return CallInstruction(
        **common,
        retry=load_retry(stored["retry"] or {}),
        timeout=parse_duration(stored["timeout"]),
        after_crash=stored.get("after_crash", "ask"),
        must_ask=stored.get("after_crash") == "ask",
        fill=reader.plan(stored["params"]),
        check=None if is_sure else reader.checks[stored["action"]],
    )


def _branch(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> Branch:
    cases = tuple(
        Case(label=case["label"], when=reader.condition(case["when"]), go_to=case["go_to"])
        for case in stored["cases"]
    )
    return Branch(**common, cases=cases, otherwise=stored["otherwise"])


def _stop(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> Stop:
    return Stop(
        **common,
        fill=reader.plan(stored["params"]),
        outcome=stored["outcome"],
        levels=stored.get("levels", 0),
    )


def _wait(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> Wait:
    return Wait(**common, fill=reader.plan(stored["params"]))


def _repeat(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> Repeat:
    return Repeat(
        **common,
        body=stored["body"],
        every=parse_duration(stored["every"]) or timedelta(0),
        at_most=stored["at_most"],
        until=reader.condition(stored["until"]),
    )


def _emit_event(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> EmitEvent:
    fill = reader.plan(stored["params"])
    return EmitEvent(**common, fill=fill, check=reader.checks["emit_event"])


def _for_each(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> ForEach:
    return ForEach(
        **common,
        fill=reader.plan(stored["params"]),
        check=reader.checks["for_each"],
        body=stored["body"],
        concurrency=stored["concurrency"],
        if_one_fails=stored["if_one_fails"],
    )


def _parallel(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> Parallel:
    arms = tuple(
        Arm(name=arm["name"], label=arm["label"], body=arm["body"]) for arm in stored["arms"]
    )
    return Parallel(**common, arms=arms, if_one_fails=stored["if_one_fails"])


def _run_workflow(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> RunWorkflow:
    return RunWorkflow(
        **common,
        fill=reader.plan(stored["params"]),
        check=reader.checks["run_workflow"],
        workflow=stored["workflow"],
    )


def _wait_for_event(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> WaitForEvent:
    return WaitForEvent(
        **common,
        **_patience(stored),
        fill=reader.plan(stored["params"]),
        check=reader.checks["wait_for_event"],
        event_type=stored["event_type"],
        look_back=parse_duration(stored["look_back"]) or timedelta(0),
        on_timeout=stored["on_timeout"],
    )


def _approval(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> Approval:
    return Approval(
        **common,
        **_patience(stored),
        fill=reader.plan(stored["params"]),
        check=reader.checks["approval"],
        timeout_choice=stored["timeout_choice"],
        allow_self=stored["allow_self"],
        named=_named_approvers(stored["params"], reader),
    )


def _named_approvers(plan: Stored, reader: _ProgramReader) -> frozenset[str]:
    own = plan["object"]["approvers"] if "object" in plan else plan["literal"]["approvers"]
    if "object" not in plan:
        return frozenset(own)
    fills = [reader.plan(one) for one in own.get("list", [own])]
    named = (named_by_author(fill, reader.values, reader.language) for fill in fills)
    return frozenset().union(*named)


def _patience(stored: Stored) -> dict[str, Any]:
    reminders = tuple(
        Reminder(
            after=parse_duration(one["after"]) or timedelta(0),
            every=parse_duration(one["every"]),
            at_most=one["at_most"],
            body=one["body"],
        )
        for one in stored["reminders"]
    )
    return {"give_up_after": parse_duration(stored["give_up_after"]), "reminders": reminders}


def _blocks(instructions: Iterable[Stored], reader: _ProgramReader) -> dict[int, StepBlock]:
    """Return what child runs begin with: `body` and `result` of each step that starts some."""
    found: dict[int, StepBlock] = {}
    for stored in instructions:
        owners = stored["arms"] if stored["op"] == "parallel" else [stored]
        if stored["op"] in {"parallel", "for_each"}:
            found |= {
                one["body"]: StepBlock(stored["name"], reader.plan_if_any(one["result"]))
                for one in owners
            }
    return found


def _settings(settings: Stored, reader: _ProgramReader) -> RunSettings:
    return RunSettings(
        concurrency_key=reader.plan_if_any(settings.get("concurrency_key")),
        when_busy=settings.get("when_busy", "wait"),
        max_running=settings.get("max_running"),
        deadline=parse_duration(settings.get("deadline")),
    )


def _fail(stored: Stored, common: dict[str, Any], reader: _ProgramReader) -> Fail:
    return Fail(**common)


_LOADERS: Final[Mapping[str, Callable[[Stored, dict[str, Any], _ProgramReader], Instruction]]] = {
    "action": _call,
    "branch": _branch,
    "stop": _stop,
    "wait": _wait,
    "repeat": _repeat,
    "emit_event": _emit_event,
    "for_each": _for_each,
    "parallel": _parallel,
    "run_workflow": _run_workflow,
    "wait_for_event": _wait_for_event,
    "approval": _approval,
    "fail": _fail,
}


def load_retry(retry: Stored) -> RetryPolicy:
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
