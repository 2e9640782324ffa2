"""One difference between two documents, and a document taken apart: what list holds what steps."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from tenants.core.json.pointers import keys_of
from workflows.definition.blocks import lists_in
from workflows.definition.values.json_values import canonical

Key = str | int
Path = tuple[Key, ...]


class ChangeCode(StrEnum):
    """What happened. `params` of a change hold what is named here."""

    STEP_ADDED = "step_added"  # list, to, new
    STEP_REMOVED = "step_removed"  # list, index, old
    STEP_MOVED = "step_moved"  # list, index, new_list, to
    VALUE_ADDED = "value_added"  # new
    VALUE_REMOVED = "value_removed"  # old
    VALUE_CHANGED = "value_changed"  # old, new
    ITEM_ADDED = "item_added"  # to, new
    ITEM_REMOVED = "item_removed"  # index, old
    ITEM_MOVED = "item_moved"  # index, to, old


@dataclass(frozen=True, slots=True)
class StepList:
    """Stands in a value where a list of steps stands: the steps are told one by one."""

    token: str  # "old…" of the old document, "new…" of a list that only the new one has


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """One difference. `index` counts in the old list, `to` in the new one."""

    code: ChangeCode
    step: str | None  # id in the old outline, or of an added step; None: the document's own
    path: Path = ()  # inside the step or document; its indexes are those of the old lists
    params: Mapping[str, Any] = field(default_factory=dict)


def same(left: Any, right: Any) -> bool:
    """Say whether two values are the same JSON: 1 is not true, and not "1"."""
    return text_of(left) == text_of(right)


def text_of(value: Any) -> str:
    """Return one text for all writings of a value in which lists of steps may be marked."""
    try:
        return canonical(value)
    except TypeError:
        # A list of steps is nothing that JSON knows.
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)


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
