"""Steps, however deep, to one flat list of instructions that name one another by index.

The main line comes first, so that a plain step keeps its number; then the blocks, each whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workflows.definition.blocks import ends, own_params
from workflows.definition.catalogue import Catalogue
from workflows.definition.kinds import KINDS
from workflows.definition.plans import make_plan

Stored = dict[str, Any]

# Stands for the index of the `fail` instruction: it comes last, if anything leads to it at all.
_FAIL: Final = -1


def assemble(document: Mapping[str, Any], catalogue: Catalogue) -> tuple[list[Stored], int | None]:
    """Return the instructions of a checked document, and where its `on_failure` block begins."""
    assembler = _Assembler(catalogue)
    assembler.place(document["steps"], None)
    steps = document.get("on_failure")
    on_failure = assembler.place(steps, None) if steps else None
    return _with_fail(assembler.instructions), on_failure


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

    def _stored(self, index: int, step: Mapping[str, Any], following: int | None) -> Stored:
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

    def _own(self, index: int, step: Mapping[str, Any], following: int | None) -> Stored:
        match step["action"]:
            case "branch":
                return self._branch(step["params"], following)
            case "repeat":
                return self._repeat(index, step["params"])
            case "stop":
                outcome = step["params"].get("outcome", "completed")
                return {"params": self._plan(step), "outcome": outcome}
            case "wait" | "emit_event":
                return {"params": self._plan(step)}
            case _:
                tries = {"retry": step.get("retry"), "timeout": step.get("timeout")}
                return {"params": self._plan(step), **tries}

    def _plan(self, step: Mapping[str, Any]) -> Stored:
        name = step["action"]
        schema = KINDS[name].params if name in KINDS else self.catalogue.actions[name].params
        return make_plan(own_params(step), schema, schema)

    def _branch(self, params: Mapping[str, Any], following: int | None) -> Stored:
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

    def _repeat(self, index: int, params: Mapping[str, Any]) -> Stored:
        return {
            "body": self.place(params["steps"], index),
            "until": params["until"],
            "every": params["every"],
            "at_most": params["at_most"],
        }

    def _after_error(self, on_error: str | Mapping[str, Any], following: int | None) -> Stored:
        if isinstance(on_error, str):
            return {"on_error": on_error, "error_block": None, "error_codes": None}
        then = on_error.get("then", "stop")
        block = self.place(on_error["steps"], following if then == "continue" else _FAIL)
        return {"on_error": then, "error_block": block, "error_codes": on_error.get("codes")}
