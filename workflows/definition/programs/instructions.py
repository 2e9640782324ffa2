"""The instructions of a program: one class for each `op`, in the modules beside this one.

`Instruction` is any of them. All have what `Common` has, so that the engine can skip, fail and
record them alike; `op` tells them apart.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from workflows.definition.programs.calls import CallInstruction, Fail
from workflows.definition.programs.children import Arm, ForEach, Parallel, RunWorkflow, StepBlock
from workflows.definition.programs.control_flow import Branch, Case, EmitEvent, Repeat, Stop, Wait
from workflows.definition.programs.waits import Approval, Reminder, WaitForEvent

__all__ = [
    "BY_OP",
    "Approval",
    "Arm",
    "Branch",
    "CallInstruction",
    "Case",
    "EmitEvent",
    "Fail",
    "ForEach",
    "Instruction",
    "Parallel",
    "Reminder",
    "Repeat",
    "RunWorkflow",
    "StepBlock",
    "Stop",
    "Wait",
    "WaitForEvent",
]

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

BY_OP: Final[Mapping[str, type[Instruction]]] = {
    "action": CallInstruction,
    "branch": Branch,
    "stop": Stop,
    "wait": Wait,
    "repeat": Repeat,
    "emit_event": EmitEvent,
    "for_each": ForEach,
    "parallel": Parallel,
    "run_workflow": RunWorkflow,
    "wait_for_event": WaitForEvent,
    "approval": Approval,
    "fail": Fail,
}
