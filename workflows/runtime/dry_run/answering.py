"""What comes to a run that waits for somebody: what the caller gave, or what is most likely."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from tenants.core.database.ids import uuid7
from tenants.core.json import Json
from tenants.core.values.paths import parse_path
from workflows.definition.programs.instructions import Approval
from workflows.definition.programs.program import Program
from workflows.engine.progress import Progress, WaitType
from workflows.runtime.dry_run.context import Answer, DryRunContext, Halt

NOBODY: Final = "rehearsal"
_EXAMPLES: Final[Mapping[str, Json]] = {"number": 1, "yes_no": True}


def arrival(
    context: DryRunContext, program: Program, progress: Progress
) -> Mapping[str, Json] | None:
    """Return the event or the decision that ends a wait; None: the time passes.

    Raises Halt if the dry run asks for answers and has none: `asks`.
    """
    pending = progress.pending or {}
    answer = context.answer_for(pending["step_name"])
    if answer is None and context.asks:
        raise Halt("asks", step=pending["step_name"])
    if answer is not None and answer.get("timed_out"):
        return None
    if progress.wait_type is WaitType.EVENT:
        return _event(context, progress, answer)
    instruction = program.instructions[progress.next_step]
    if not isinstance(instruction, Approval):
        raise TypeError(f"{instruction.op} asks nobody")
    return _decision(context, pending["input"], answer)


def _event(context: DryRunContext, progress: Progress, answer: Answer | None) -> Mapping[str, Json]:
    awaited = progress.awaited
    if awaited is None:
        raise TypeError("a wait for an event says for which")
    if answer is not None and "payload" in answer:
        payload = answer["payload"]
    else:
        payload = _fitting(context.sample_event(awaited.type), awaited.match)
    return {"payload": payload, "event_id": str(uuid7())}


def _fitting(payload: Json, match: Mapping[str, Json]) -> Json:
    made = dict(payload)
    for written, value in match.items():
        path = parse_path(written)
        place = made
        for name in (path or ())[:-1]:
            inner = place.get(name)
            place[str(name)] = dict(inner) if isinstance(inner, dict) else {}
            place = place[str(name)]
        if path:
            place[str(path[-1])] = value
    return made


def _decision(context: DryRunContext, asked: Json, answer: Answer | None) -> Mapping[str, Json]:
    keys = [_key(choice) for choice in asked["choices"]]
    choice = str(answer["choice"]) if answer and "choice" in answer else keys[0]
    if choice not in keys:
        raise Halt("unknown_choice", choice=choice, choices=keys)
    given = (answer or {}).get("answers") or {}
    fill = _empty if answer else partial(_likely, choice)
    return {
        "choice": choice,
        "answers": {**{field["key"]: fill(field) for field in asked["form"]}, **given},
        "decided_by": str((answer or {}).get("decided_by") or NOBODY),
        "decided_at": context.now().isoformat(),
        "decided_via": NOBODY,
    }


def _empty(field: Mapping[str, Json]) -> Json:
    return "" if field.get("type", "text") in {"text", "long_text"} else None


def _likely(choice: str, field: Mapping[str, Json]) -> Json:
    if not field.get("required") and choice not in field.get("required_for", ()):
        return _empty(field)
    if field.get("options"):
        return _key(field["options"][0])
    return _EXAMPLES.get(str(field.get("type")), f"«{field.get('label') or field['key']}»")


def _key(choice: Json) -> str:
    return str(choice.get("key", choice.get("value", ""))) if isinstance(choice, dict) else choice
