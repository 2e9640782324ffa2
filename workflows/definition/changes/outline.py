"""A document taken apart: its own part, each step alone, and which list holds which steps."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from tenants.core.json.pointers import keys_of
from workflows.definition.blocks import lists_in
from workflows.definition.changes.change import Key, Path, StepList

TOP_LISTS: Final = ("steps", "on_failure")


@dataclass(slots=True)
class Outline:
    """A document without its nesting: `StepList` stands where steps stood."""

    head: Any = None
    steps: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    # The step (None: the document) in which a list stands, and where there.
    places: dict[str, tuple[str | None, Path]] = field(default_factory=dict)


def outline(document: Any, side: str) -> Outline:
    """Take a document apart; `side` begins the names of its lists. Never raises for JSON."""
    taken = Outline(head=document)
    if isinstance(document, dict):
        taken.head = dict(document)
        for key in TOP_LISTS:
            if isinstance(document.get(key), list):
                taken.head[key] = _take(taken, document[key], side, (None, (key,)))
    return taken


def _take(taken: Outline, steps: list[Any], side: str, place: tuple[str | None, Path]) -> StepList:
    marker = StepList(f"{side}{len(taken.lists)}")
    taken.places[marker.token] = place
    ids: list[str] = []
    taken.lists[marker.token] = ids
    for step in steps:
        name = _id_for(step, taken.steps)
        ids.append(name)
        taken.steps[name] = content = deepcopy(step)
        for pointer, inner in list(lists_in(step, "")):
            path = _keys(pointer, content)
            put(content, path, _take(taken, inner, side, (name, path)))
    return marker


def _id_for(step: Any, known: Mapping[str, Any]) -> str:
    """Return the step's name; a document that is not finished may have it twice, or not at all."""
    name = step.get("name") if isinstance(step, dict) else None
    given = name if isinstance(name, str) else ""
    found, number = given or "#1", 1
    while found in known:
        number += 1
        found = f"{given}#{number}"
    return found


def _keys(pointer: str, content: Any) -> Path:
    path: list[Key] = []
    for part in keys_of(pointer):
        key: Key = int(part) if isinstance(content, list) else part
        content = content[key]
        path.append(key)
    return tuple(path)


def value_at(content: Any, path: Path) -> Any:
    for key in path:
        content = content[key]
    return content


def put(content: Any, path: Path, value: Any) -> None:
    value_at(content, path[:-1])[path[-1]] = value


def assembled(taken: Outline) -> Any:
    return _with_steps(taken.head, taken)


def _with_steps(value: Any, taken: Outline) -> Any:
    if isinstance(value, StepList):
        return [_with_steps(taken.steps[name], taken) for name in taken.lists.get(value.token, ())]
    if isinstance(value, dict):
        return {key: _with_steps(inner, taken) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_steps(inner, taken) for inner in value]
    return value
