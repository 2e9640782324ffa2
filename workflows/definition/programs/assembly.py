"""Steps, however deep, to one flat list of instructions that name one another by index.

The main line comes first, so that a plain step keeps its number; then the blocks, each whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workflows.definition.blocks import ends, own_params
from workflows.definition.catalogue import Catalogue
from workflows.definition.kinds import KINDS
from workflows.definition.kinds.children import USUALLY_AT_ONCE
from workflows.definition.kinds.waits import REJECTING, USUAL_CHOICES, USUAL_REMINDERS
from workflows.definition.programs.plans import Plan, make_plan
from workflows.definition.schemas import member, only_edited

Stored = dict[str, Any]
Step = Mapping[str, Any]

# Stands for the index of the `fail` instruction: it comes last, if anything leads to it at all.
_FAIL: Final = -1


def assemble(document: Mapping[str, Any], catalogue: Catalogue) -> tuple[list[Stored], int | None]:
    """Return the instructions of a checked document, and where its `on_failure` block begins."""
    assembler = _Assembler(catalogue)
    assembler.place(document["steps"], None)
    steps = document.get("on_failure")
    on_failure = assembler.place(steps, None) if steps else None
    return _with_fail(assembler.instructions), on_failure


def plan_anything(value: Any) -> Plan | None:
    """Return the plan of a value that no schema describes; None if there is none."""
    return None if value is None else make_plan(value, {}, {})


def _with_fail(instructions: list[Stored]) -> list[Stored]:
    at = len(instructions)
    wired = [{**one, "next": at} if one["next"] == _FAIL else one for one in instructions]
    return [*wired, _fail(at)] if wired != instructions else wired


def _fail(index: int) -> Stored:
    return {
        "op": "fail",
        "index": index,
        "name": "",
        "label": "",
        "action": "",
        "condition": None,
        "on_error": "stop",
        "error_block": None,
        "error_codes": None,
        "next": None,
    }


class _Assembler:
    """Lays instructions one behind the other; a list of steps takes neighbouring places."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.instructions: list[Stored] = []
        self.children: list[str] = []  # kinds of the steps whose child runs are around, outer first
        self.reminders = 0  # how many are around: while their steps are done, a wait stands still

    def place(self, steps: list[Any], after: int | None) -> int:
        """Lay down a list of steps that leads on to `after`; return the index of its first."""
        first = len(self.instructions)
        self.instructions += [{} for _ in steps]
        for index, step in enumerate(steps, first):
            is_last = index == first + len(steps) - 1
            following = after if is_last else index + 1
            # A step from which no path leads on has no follower to reach.
            self.instructions[index] = self._stored(index, step, None if ends(step) else following)
        return first

    def _stored(self, index: int, step: Step, following: int | None) -> Stored:
        common = {
            "op": step["action"] if step["action"] in KINDS else "action",
            "index": index,
            "name": step["name"],
            "label": step.get("label") or "",
            "action": step["action"],
            "condition": step.get("condition") or None,
            "next": following,
        }
        own = self._own(index, step, following)
        return {**common, **own, **self._after_error(step.get("on_error", "stop"), following)}

    def _own(self, index: int, step: Step, following: int | None) -> Stored:
        """Return what only this kind of instruction has."""
        name, params = step["action"], step["params"]
        if name not in KINDS:
            return self._call(step)
        kind = KINDS[name]
        plan = {"params": self._plan(step, kind.rendered)} if kind.rendered else {}
        match name:
            case "branch":
                return self._branch(params, following)
            case "repeat":
                return self._repeat(index, params)
            case "wait_for_event":
                return {**plan, **self._wait_for_event(index, params, following)}
            case "approval":
                return {**plan, **self._approval(index, params)}
            case _:
                return {**plan, **self._with_children(name, params)}

    def _with_children(self, name: str, params: Step) -> Stored:
        match name:
            case "for_each":
                return self._for_each(params)
            case "parallel":
                return self._parallel(params)
            case "run_workflow":
                return {"workflow": params["workflow"]}
            case "stop":
                return self._stop(params)
            case _:
                return {}

    def _call(self, step: Step) -> Stored:
        action = self.catalogue.actions[step["action"]]
        # Stored, so that it stays with this version whatever the action's default becomes. A
        # reminder must not keep the answer waiting that it asks for.
        usual = action.retry if not self.reminders else {}
        retry = {**usual, **(step.get("retry") or {})} or step.get("retry")
        tries = {"retry": retry, "timeout": step.get("timeout")}
        after_crash = step.get("after_crash")
        said = {"after_crash": after_crash} if after_crash is not None else {}
        kept = {
            name: value
            for name, value in step["params"].items()
            if not only_edited(member(action.params, action.params, name))
        }
        plan = make_plan(kept, action.params, action.params)
        return {"params": plan, **tries, **said}

    def _plan(self, step: Step, rendered: tuple[str, ...]) -> Plan:
        schema = KINDS[step["action"]].params
        params = {**own_params(step), **_given_in_full(step)}
        filled_in = {name: params[name] for name in params if name in rendered}
        return make_plan(filled_in, schema, schema)

    def _branch(self, params: Step, following: int | None) -> Stored:
        cases = [
            {
                "label": case.get("label", str(number)),
                "when": case["when"],
                "go_to": self.place(case["steps"], following),
            }
            for number, case in enumerate(params["cases"], 1)
        ]
        otherwise = params.get("otherwise")
        return {
            "cases": cases,
            "otherwise": self.place(otherwise, following) if otherwise else None,
        }

    def _repeat(self, index: int, params: Step) -> Stored:
        return {
            "body": self.place(params["steps"], index),
            "until": params["until"],
            "every": params["every"],
            "at_most": params["at_most"],
        }

    def _stop(self, params: Step) -> Stored:
        usual = "item" if "for_each" in self.children else "run"
        inmost_first = self.children[::-1]
        is_item = params.get("scope", usual) == "item"
        levels = inmost_first.index("for_each") if is_item else len(inmost_first)
        return {
            "outcome": params.get("outcome", "completed"),
            **({"levels": levels} if levels else {}),
        }

    def _for_each(self, params: Step) -> Stored:
        return {
            "body": self._child("for_each", params["steps"]),
            "result": plan_anything(params.get("result")),
            "concurrency": params.get("concurrency", USUALLY_AT_ONCE),
            "if_one_fails": params.get("if_one_fails", "continue"),
        }

    def _parallel(self, params: Step) -> Stored:
        arms = [
            {
                "name": one["name"],
                "label": one.get("label", ""),
                "body": self._child("parallel", one["steps"]),
                "result": plan_anything(one.get("result")),
            }
            for one in params["branches"]
        ]
        return {"arms": arms, "if_one_fails": params.get("if_one_fails", "stop")}

    def _child(self, kind: str, steps: list[Any]) -> int:
        """Lay down the steps of a child run: nothing follows them."""
        self.children.append(kind)
        body = self.place(steps, None)
        self.children.pop()
        return body

    def _wait_for_event(self, index: int, params: Step, following: int | None) -> Stored:
        late = params.get("on_timeout")
        return {
            "event_type": params["type"],
            "look_back": params.get("look_back", "0s"),
            "on_timeout": self.place(late, following) if late else None,
            **self._patience(index, params),
        }

    def _approval(self, index: int, params: Step) -> Stored:
        return {
            "timeout_choice": params.get("timeout_choice"),
            "allow_self": params.get("allow_self", False),
            **self._patience(index, params),
        }

    def _patience(self, index: int, params: Step) -> Stored:
        self.reminders += 1
        reminders = [
            {
                "after": one["after"],
                "every": one.get("every"),
                "at_most": one.get("at_most", USUAL_REMINDERS) if "every" in one else 1,
                "body": self.place(one["steps"], index),
            }
            for one in params.get("reminders", ())
        ]
        self.reminders -= 1
        return {"give_up_after": params.get("timeout"), "reminders": reminders}

    def _after_error(self, on_error: str | Step, following: int | None) -> Stored:
        if isinstance(on_error, str):
            return {"on_error": on_error, "error_block": None, "error_codes": None}
        then = on_error.get("then", "stop")
        block = self.place(on_error["steps"], following if then == "continue" else _FAIL)
        return {"on_error": then, "error_block": block, "error_codes": on_error.get("codes")}


def _given_in_full(step: Step) -> Stored:
    """Return the params that the document may leave out, in whole or in part, but nobody later."""
    if step["action"] != "approval":
        return {}
    params = step["params"]
    choices = params.get("choices", [dict(one) for one in USUAL_CHOICES])
    fields = [
        {"required": False, "options": [], **one, **_needed(one, choices)}
        for one in params.get("form", ())
    ]
    return {"choices": choices, "form": fields}


def _needed(field: Step, choices: list[Step]) -> Stored:
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
