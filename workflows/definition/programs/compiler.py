"""From a document to the program that runs it.

The program is JSON and whole in itself: what the catalogue said at publish is decided here and
stored, so that a later catalogue never changes what a published workflow does. Its steps become one
flat list of instructions that name one another by index: the main line first, so that a plain step
keeps its number; then the blocks, each whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from workflows.definition.blocks import all_steps, ends, held, own_params
from workflows.definition.catalogue import Catalogue
from workflows.definition.conditions import compile_condition
from workflows.definition.kinds import KINDS
from workflows.definition.language import LANGUAGE_VERSION
from workflows.definition.programs.common import Step
from workflows.definition.programs.instructions import BY_OP, Instruction
from workflows.definition.programs.plans import make_plan, plan_anything
from workflows.definition.schemas import bare
from workflows.definition.templates import paths_in
from workflows.definition.validate import ValidDocument

Assembled = dict[str, Any]

# Stands for the index of the `fail` instruction: it comes last, if anything leads to it at all.
_FAIL: Final = -1


def assemble(
    document: Mapping[str, Any], catalogue: Catalogue
) -> tuple[list[Assembled], int | None]:
    """Return the instructions of a checked document, and where its `on_failure` block begins."""
    assembler = ProgramAssembler(catalogue)
    assembler.place(document["steps"], None)
    steps = document.get("on_failure")
    on_failure = assembler.place(steps, None) if steps else None
    return _with_fail(assembler.instructions), on_failure


def _with_fail(instructions: list[Assembled]) -> list[Assembled]:
    at = len(instructions)
    wired = [{**one, "next": at} if one["next"] == _FAIL else one for one in instructions]
    return [*wired, _fail(at)] if wired != instructions else wired


def _fail(index: int) -> Assembled:
    nothing = dict.fromkeys(("condition", "error_block", "error_codes", "next"))
    unnamed = dict.fromkeys(("name", "label", "action"), "")
    return {"op": "fail", "index": index, **unnamed, "on_error": "stop", **nothing}


class ProgramAssembler:
    """Lays instructions one behind the other; a list of steps takes neighbouring places."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.instructions: list[Assembled] = []
        self.children: list[str] = []
        self.reminders = 0

    def place(self, steps: list[Any], after: int | None) -> int:
        first = len(self.instructions)
        self.instructions += [{} for _ in steps]
        for index, step in enumerate(steps, first):
            is_last = index == first + len(steps) - 1
            following = after if is_last else index + 1
            # A step from which no path leads on has no follower to reach.
            self.instructions[index] = self._stored(index, step, None if ends(step) else following)
        return first

    def place_child(self, kind: str, steps: list[Any]) -> int:
        self.children.append(kind)
        body = self.place(steps, None)
        self.children.pop()
        return body

    def _stored(self, index: int, step: Step, following: int | None) -> Assembled:
        op = step["action"] if step["action"] in KINDS else "action"
        return {
            "op": op,
            "index": index,
            "name": step["name"],
            "label": step.get("label") or "",
            "action": step["action"],
            "condition": step.get("condition") or None,
            "next": following,
            **_params(step, BY_OP[op]),
            **BY_OP[op].assembled(self, index, step, following),
            **self._after_error(step.get("on_error", "stop"), following),
        }

    def _after_error(self, on_error: str | Step, following: int | None) -> Assembled:
        if isinstance(on_error, str):
            return {"on_error": on_error, "error_block": None, "error_codes": None}
        then = on_error.get("then", "stop")
        block = self.place(on_error["steps"], following if then == "continue" else _FAIL)
        return {"on_error": then, "error_block": block, "error_codes": on_error.get("codes")}


def _params(step: Step, kind: type[Instruction]) -> Assembled:
    """Return the plan of the params of a kind that are filled in, if it has any."""
    known = KINDS.get(step["action"])
    if known is None or not known.rendered:
        return {}
    params = {**own_params(step), **kind.in_full(step)}
    filled_in = {name: params[name] for name in params if name in known.rendered}
    return {"params": make_plan(filled_in, known.params, known.params)}


_TEXT = {"type": "string"}


def compile_document(valid: ValidDocument) -> dict[str, Any]:
    document, catalogue = valid.complete, valid.catalogue
    instructions, on_failure = assemble(document, catalogue)
    output = plan_anything(document.get("output"))
    return {
        "language_version": LANGUAGE_VERSION,
        "name": document["name"],
        "trigger_types": [document["trigger_type"], *(document.get("also_on") or [])],
        "trigger_filter": document.get("trigger_filter") or None,
        "settings": _settings(document.get("settings") or {}),
        "values": document.get("values") or {},
        "uses_previous": _uses_previous(document),
        "schemas": _schemas(document, catalogue),
        "instructions": instructions,
        "on_failure": on_failure,
        **({} if output is None else {"output": output}),
    }


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    key = settings.get("concurrency_key")
    lane = {} if key is None else {"concurrency_key": make_plan(key, _TEXT, _TEXT)}
    return {**settings, **lane}


def _schemas(document: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    known = {name: action.params for name, action in catalogue.actions.items()}
    known |= {kind.name: kind.rendered_schema for kind in KINDS.values() if kind.is_checked}
    names = {step["action"] for _, step in all_steps(document)}
    return {name: bare(known[name]) for name in sorted(names & set(known))}


def _uses_previous(document: Mapping[str, Any]) -> bool:
    """Say whether anything reads the before-values of the record change."""
    if any(compile_condition(one).reads_previous for one in _conditions(document)):
        return True
    read = (path for value in _filled_in(document) for path in paths_in(value))
    return any(path[0] == "previous" for path in read)


def _filled_in(document: Mapping[str, Any]) -> Iterator[Any]:
    yield document.get("output")
    yield (document.get("settings") or {}).get("concurrency_key")
    for path, step in all_steps(document):
        yield own_params(step)
        yield from (result for _, result in held(step, "x-result", path))


def _conditions(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if document.get("trigger_filter"):
        yield document["trigger_filter"]
    for path, step in all_steps(document):
        if step.get("condition"):
            yield step["condition"]
        yield from (condition for _, condition in held(step, "x-condition", path))
