"""Carry out changes: the proof that a list of changes loses nothing."""

from collections import defaultdict
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

from workflows.definition.changes.change import (
    ChangeCode,
    DocumentChange,
    Outline,
    Path,
    StepList,
    outline,
    put,
    value_at,
)
from workflows.definition.changes.differ import OLD

_VALUES: Final = {ChangeCode.VALUE_ADDED, ChangeCode.VALUE_CHANGED, ChangeCode.VALUE_REMOVED}
_ITEMS: Final = {ChangeCode.ITEM_ADDED, ChangeCode.ITEM_REMOVED, ChangeCode.ITEM_MOVED}


def apply(old: Any, changes: Sequence[DocumentChange]) -> Any:
    """Return the document that `diff` had seen as the new one."""
    taken = outline(deepcopy(old), OLD)
    parts: dict[str | None, list[Any]] = {None: [taken.head]}
    parts |= {step: [content] for step, content in taken.steps.items()}
    # First the values: their paths name the old places.
    for change in changes:
        if change.code in _VALUES:
            _change_value(parts[change.step], change)
    _change_lists(parts, changes)
    taken.head = parts.pop(None)[0]
    taken.steps = {str(step): content for step, [content] in parts.items()}
    _place(taken, changes)
    return assembled(taken)


def _change_value(part: list[Any], change: DocumentChange) -> None:
    # The part stands in a list, so that it can be replaced as a whole.
    path: Path = (0, *change.path)
    if change.code == ChangeCode.VALUE_REMOVED:
        del value_at(part, path[:-1])[path[-1]]
    else:
        put(part, path, deepcopy(change.params["new"]))


def _change_lists(parts: dict[str | None, list[Any]], changes: Sequence[DocumentChange]) -> None:
    grouped: dict[tuple[str | None, Path], list[DocumentChange]] = defaultdict(list)
    for change in changes:
        if change.code in _ITEMS:
            grouped[change.step, change.path].append(change)
    # The inner ones first: their paths go through the old places of the outer ones.
    for (step, path), own in sorted(grouped.items(), key=lambda one: -len(one[0][1])):
        items = value_at(parts[step], (0, *path))
        gone = {change.params["index"] for change in own if "index" in change.params}
        come = {
            change.params["to"]: items[change.params["index"]]
            if change.code == ChangeCode.ITEM_MOVED
            else deepcopy(change.params["new"])
            for change in own
            if "to" in change.params
        }
        items[:] = _arranged(items, gone, come)


def _place(taken: Outline, changes: Sequence[DocumentChange]) -> None:
    gone: dict[str, set[int]] = defaultdict(set)
    come: dict[str, dict[int, str]] = defaultdict(dict)
    for change in changes:
        params, step = change.params, str(change.step)
        match change.code:
            case ChangeCode.STEP_ADDED:
                taken.steps[step] = deepcopy(params["new"])
                come[params["list"]][params["to"]] = step
            case ChangeCode.STEP_REMOVED:
                gone[params["list"]].add(params["index"])
            case ChangeCode.STEP_MOVED:
                gone[params["list"]].add(params["index"])
                come[params["new_list"]][params["to"]] = step
    for token in {*gone, *come}:
        steps = taken.lists.get(token, [])
        taken.lists[token] = _arranged(steps, gone[token], come[token])


def _arranged(items: Sequence[Any], gone: set[int], come: dict[int, Any]) -> list[Any]:
    arranged = [item for index, item in enumerate(items) if index not in gone]
    for to in sorted(come):
        arranged.insert(to, come[to])
    return arranged


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
