"""Steps that start runs of their own, and wait for all of them."""

from dataclasses import dataclass
from typing import Literal

from tenants.core.json import Json
from tenants.core.values.paths import Sentinel
from workflows.definition.kinds.children import USUALLY_AT_ONCE
from workflows.definition.programs.common import (
    Assembler,
    Common,
    Parts,
    ProgramReader,
    Step,
    Stored,
    WithParams,
)
from workflows.definition.programs.plans import Fill, plan_anything
from workflows.definition.scope import NameScope


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach(WithParams):
    """A child run for each element of a list; the run waits for all of them."""

    op: Literal["for_each"] = "for_each"
    body: int  # where the children begin: a key of Program.blocks
    concurrency: int  # how many children are under way at once
    if_one_fails: Literal["continue", "stop"]

    def render(self, scope: NameScope) -> Json:
        """Return {"items": [...]}. Raises ExpressionError; `items` is a list for sure."""
        return self.rendered(scope)

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        params = step["params"]
        return {
            "body": assembler.place_child("for_each", params["steps"]),
            "result": plan_anything(params.get("result")),
            "concurrency": params.get("concurrency", USUALLY_AT_ONCE),
            "if_one_fails": params.get("if_one_fails", "continue"),
        }

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        said = {key: stored[key] for key in ("body", "concurrency", "if_one_fails")}
        return {**WithParams.own(stored, reader), **said}


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

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        params = step["params"]
        arms = [
            {
                "name": one["name"],
                "label": one.get("label", ""),
                "body": assembler.place_child("parallel", one["steps"]),
                "result": plan_anything(one.get("result")),
            }
            for one in params["branches"]
        ]
        return {"arms": arms, "if_one_fails": params.get("if_one_fails", "stop")}

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        arms = tuple(Arm(arm["name"], arm["label"], arm["body"]) for arm in stored["arms"])
        return {"arms": arms, "if_one_fails": stored["if_one_fails"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWorkflow(WithParams):
    """Another workflow as a child run, in the version published when it starts."""

    op: Literal["run_workflow"] = "run_workflow"
    workflow: str  # its key

    def render(self, scope: NameScope) -> Json:
        """Return {"input": {...}}: the child's `trigger`. Raises ExpressionError."""
        return {"input": {}, **self.rendered(scope)}

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        return {"workflow": step["params"]["workflow"]}

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        return {**WithParams.own(stored, reader), "workflow": stored["workflow"]}


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


def blocks_of(instructions: list[Stored], reader: ProgramReader) -> dict[int, StepBlock]:
    """Return what child runs begin with: `body` and `result` of each step that starts some."""
    found: dict[int, StepBlock] = {}
    for stored in instructions:
        owners = {"parallel": stored.get("arms", ()), "for_each": [stored]}.get(stored["op"], ())
        for one in owners:
            found[one["body"]] = StepBlock(stored["name"], reader.plan_if_any(one["result"]))
    return found
