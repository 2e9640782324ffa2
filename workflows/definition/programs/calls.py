"""A step that is an action of the library, and what ends a block after an error."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from workflows.definition.programs.common import (
    Assembler,
    Common,
    Parts,
    ProgramReader,
    Step,
    Stored,
    WithParams,
)
from workflows.definition.programs.plans import always_fits, make_plan
from workflows.definition.retry import load_retry
from workflows.definition.schemas import member, only_edited
from workflows.definition.values.windows import parse_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInstruction(WithParams):
    """An action of the library."""

    op: Literal["action"] = "action"
    timeout: timedelta | None = None  # None: the action's own
    # What is done about a step that a worker died in, where its action cannot safely be repeated.
    after_crash: Literal["ask", "repeat"] = "ask"
    # The author said "ask", also of an action that could be repeated: the other side cannot tell.
    must_ask: bool = False

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        action = assembler.catalogue.actions[step["action"]]
        # Stored, so that it stays with this version whatever the action's default becomes. A
        # reminder must not keep the answer waiting that it asks for.
        usual = action.retry if not assembler.reminders else {}
        retry = {**usual, **(step.get("retry") or {})} or step.get("retry")
        after_crash = step.get("after_crash")
        kept = {
            name: value
            for name, value in step["params"].items()
            if not only_edited(member(action.params, action.params, name))
        }
        return {
            "params": make_plan(kept, action.params, action.params),
            "retry": retry,
            "timeout": step.get("timeout"),
            **({"after_crash": after_crash} if after_crash is not None else {}),
        }

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        is_sure = always_fits(stored["params"], reader.schemas[stored["action"]])
        return {
            "retry": load_retry(stored["retry"] or {}),
            "timeout": parse_duration(stored["timeout"]),
            "after_crash": stored.get("after_crash", "ask"),
            "must_ask": stored.get("after_crash") == "ask",
            "fill": reader.plan(stored["params"]),
            "check": None if is_sure else reader.checks[stored["action"]],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(Common):
    """The end of a block after an error: the run fails with that error."""

    op: Literal["fail"] = "fail"
