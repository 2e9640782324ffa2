"""Steps that wait for somebody else: an event, or a person's decision."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from tenants.core.json import Json
from workflows.definition.approvers import named_by_author
from workflows.definition.kinds.waits import REJECTING, USUAL_CHOICES, USUAL_REMINDERS
from workflows.definition.programs.common import (
    Assembler,
    Parts,
    ProgramReader,
    Step,
    Stored,
    WithParams,
)
from workflows.definition.scope import NameScope
from workflows.definition.values.windows import parse_duration


@dataclass(frozen=True, slots=True)
class Reminder:
    """Steps that run while the run waits on; their last one leads back to the wait."""

    after: timedelta  # since the wait began
    every: timedelta | None  # and then again; None: once
    at_most: int  # times in all; 1 without `every`
    body: int  # index of its first instruction


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientInstruction(WithParams):
    """A wait for somebody else, with an end and with reminders."""

    give_up_after: timedelta | None  # None: it waits for ever
    reminders: tuple[Reminder, ...] = ()

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        params = step["params"]
        assembler.reminders += 1
        reminders = [
            {
                "after": one["after"],
                "every": one.get("every"),
                "at_most": one.get("at_most", USUAL_REMINDERS) if "every" in one else 1,
                "body": assembler.place(one["steps"], index),
            }
            for one in params.get("reminders", ())
        ]
        assembler.reminders -= 1
        return {"give_up_after": params.get("timeout"), "reminders": reminders}

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        reminders = tuple(
            Reminder(
                after=parse_duration(one["after"]) or timedelta(0),
                every=parse_duration(one["every"]),
                at_most=one["at_most"],
                body=one["body"],
            )
            for one in stored["reminders"]
        )
        give_up_after = parse_duration(stored["give_up_after"])
        patience = {"give_up_after": give_up_after, "reminders": reminders}
        return {**WithParams.own(stored, reader), **patience}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForEvent(PatientInstruction):
    """Nothing, until an event of a type comes whose payload matches."""

    op: Literal["wait_for_event"] = "wait_for_event"
    event_type: str
    look_back: timedelta  # how far before the run's start an event may have come
    on_timeout: int | None  # index of the block that runs then; None: it fails, `not_in_time`

    def render(self, scope: NameScope) -> Json:
        """Return {"match": {path in the payload: value}}. Raises ExpressionError."""
        return {"match": {}, **self.rendered(scope)}

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        params, late = step["params"], step["params"].get("on_timeout")
        return {
            "event_type": params["type"],
            "look_back": params.get("look_back", "0s"),
            "on_timeout": assembler.place(late, after) if late else None,
            **PatientInstruction.assembled(assembler, index, step, after),
        }

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        return {
            **PatientInstruction.own(stored, reader),
            "event_type": stored["event_type"],
            "look_back": parse_duration(stored["look_back"]) or timedelta(0),
            "on_timeout": stored["on_timeout"],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(PatientInstruction):
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
        return {**nothing, **self.rendered(scope)}

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        params = step["params"]
        return {
            "timeout_choice": params.get("timeout_choice"),
            "allow_self": params.get("allow_self", False),
            **PatientInstruction.assembled(assembler, index, step, after),
        }

    @classmethod
    def in_full(cls, step: Step) -> Parts:
        params = step["params"]
        choices = params.get("choices", [dict(one) for one in USUAL_CHOICES])
        fields = [
            {"required": False, "options": [], **one, **_needed(one, choices)}
            for one in params.get("form", ())
        ]
        return {"choices": choices, "form": fields}

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        return {
            **PatientInstruction.own(stored, reader),
            "timeout_choice": stored["timeout_choice"],
            "allow_self": stored["allow_self"],
            "named": _named_approvers(stored["params"], reader),
        }


def _needed(field: Step, choices: list[Step]) -> dict[str, Any]:
    """Return for which choices a question has to be answered, where it has to be for any."""
    keys = [choice["key"] for choice in choices]
    if "required_for" in field:
        needed = [key for key in keys if key in field["required_for"]]
    elif field.get("required"):
        needed = [key for key in keys if key != REJECTING]
    else:
        return {}
    if needed == keys:
        return {"required": True}
    return {"required": False, "required_for": needed}


def _named_approvers(plan: Stored, reader: ProgramReader) -> frozenset[str]:
    own = plan["object"]["approvers"] if "object" in plan else plan["literal"]["approvers"]
    if "object" not in plan:
        return frozenset(own)
    fills = [reader.plan(one) for one in own.get("list", [own])]
    named = (named_by_author(fill, reader.values, reader.language) for fill in fills)
    return frozenset().union(*named)
