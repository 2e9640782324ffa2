"""Where in the form a problem of the document shows.

The validator names places by JSON pointers into the document. The form has parts (the trigger, a
step, the settings), a part has areas, and an area has fields: `FormPlace("steps/1", "params", …)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tenants.core.json.pointers import keys_of
from workflows.admin.editor.form.conditions import GROUPS
from workflows.admin.editor.form.nodes import Node
from workflows.admin.editor.form.params import OWN_FORMS
from workflows.admin.editor.form.steps import node_of

Form = Any
Keys = Sequence[str]
At = tuple[str | int, ...]

TRIGGER: Final = "trigger"
SETTINGS: Final = "settings"
_OF_TRIGGER: Final = {"name", "trigger_type", "also_on"}
_OF_STEP: Final = {"name", "label", "note", "action", "timeout", "after_crash"}
_IN_HEAD: Final = {"start_on_own_changes": "own_changes"}  # setting: its field in the form
_LISTS: Final = ("steps", "on_failure")


@dataclass(frozen=True, slots=True)
class FormPlace:
    """A field of the form; `at` is empty for a whole area."""

    part: str  # trigger, settings, or the path of a step's form: "steps/1"
    area: str
    at: At = ()


def place_of(path: str, form: Mapping[str, Form]) -> FormPlace:
    keys = keys_of(path)
    if not keys:
        return FormPlace(TRIGGER, "whole")
    if keys[0] in _LISTS:
        return _of_steps(keys[1:], form.get(keys[0]), keys[0])
    if keys[0] == "trigger_filter":
        return FormPlace(TRIGGER, "filter", _of_condition(keys[1:]))
    if keys[0] in _OF_TRIGGER:
        return FormPlace(TRIGGER, "head", _numbered(keys))
    return FormPlace(SETTINGS, "settings", _of_settings(keys, form.get("head", {})))


def _of_steps(keys: Keys, steps: Form, path: str) -> FormPlace:
    if not keys:
        return _above(path)
    index, rest = keys[0], keys[1:]
    part = f"{path}/{index}"
    step = _at(steps, index)
    if not rest or not isinstance(step, Mapping):
        return FormPlace(part, "whole")
    match rest[0]:
        case "params":
            return _of_params(rest[1:], step, part)
        case "on_error":
            return _of_failure(rest[1:], step, part)
    return _of_step(rest, part)


def _of_step(keys: Keys, part: str) -> FormPlace:
    match keys[0]:
        case "condition":
            return FormPlace(part, "condition", _of_condition(keys[1:]))
        case "retry":
            return FormPlace(part, "retry", tuple(keys[1:2]))
    return FormPlace(part, keys[0] if keys[0] in _OF_STEP else "whole")


def _above(path: str) -> FormPlace:
    """Return the place of a list of steps as a whole: it has no page of its own."""
    if "/" not in path:
        return FormPlace(TRIGGER if path == "steps" else SETTINGS, "whole")
    part, _slash, name = path.rpartition("/")
    return FormPlace(part.removesuffix("/params"), "params", (name,))


def _of_failure(keys: Keys, step: Mapping[str, Form], part: str) -> FormPlace:
    block = step.get("on_error")
    if keys[:1] != ["steps"] or not isinstance(block, Mapping):
        return FormPlace(part, "on_error", tuple(keys[:1]))
    if len(keys) == 1:
        return FormPlace(part, "on_error", ("steps",))
    return _of_steps(keys[1:], block.get("steps"), f"{part}/on_error/steps")


def _of_params(keys: Keys, step: Mapping[str, Form], part: str) -> FormPlace:
    node: Node | None = node_of(step.get("action"))
    form, at, inside = step.get("params"), list[str | int](), f"{part}/params"
    for index, key in enumerate(keys):
        if node is None or isinstance(form, str):
            break
        if node.kind == "steps":
            return _of_steps(keys[index:], form, "/".join(map(str, [inside, *at])))
        if node.kind in OWN_FORMS:
            return FormPlace(part, "params", (*at, *_of_condition(keys[index:])))
        step_in, form, node = _member(key, form, node)
        at += step_in
        if node is not None and at and any(m.kind in OWN_FORMS for m in node.members.values()):
            # An item that holds steps or conditions has a page of its own.
            part = inside = "/".join(map(str, [inside, *at]))
            at = []
    return FormPlace(part, "params", tuple(at))


def _member(key: str, form: Form, node: Node) -> tuple[At, Form, Node | None]:
    if isinstance(form, list) and node.kind == "list":
        index = _nth_given(form, int(key)) if key.isdecimal() else 0
        return (index,), _at(form, str(index)), node.items
    if isinstance(form, list):
        rows = [i for i, row in enumerate(form) if row.get("k") == key]
        return ((rows[-1], "v"), None, None) if rows else ((), None, None)
    inner = node.members.get(key, node.items)
    return (key,), form.get(key) if isinstance(form, Mapping) else None, inner


def _nth_given(form: Sequence[Form], wanted: int) -> int:
    """Return the index in the form of a list's element: rows left empty are not in the document."""
    given = [index for index, item in enumerate(form) if item not in ("", [], {})]
    return given[wanted] if wanted < len(given) else min(wanted, max(len(form) - 1, 0))


def _of_condition(keys: Keys) -> At:
    """Return the row's number on each level, then the cell: `all/1/any/0/field` is 1, 0, field."""
    return _numbered([key for key in keys if key not in GROUPS])


def _of_settings(keys: Keys, head: Mapping[str, Form]) -> At:
    if keys[0] == "settings" and len(keys) > 1:
        return (_IN_HEAD.get(keys[1], keys[1]),)
    if keys[0] not in {"values", "output"} or len(keys) == 1:
        return tuple(keys[:2])
    rows = head.get(keys[0]) or []
    found = [i for i, row in enumerate(rows) if isinstance(row, dict) and row.get("k") == keys[1]]
    return (keys[0], found[-1], "v") if found else (keys[0],)


def _numbered(keys: Keys) -> At:
    return tuple(int(key) if key.isdecimal() else key for key in keys)


def _at(forms: Form, index: str) -> Form:
    if not isinstance(forms, list) or not index.isdecimal() or int(index) >= len(forms):
        return None
    return forms[int(index)]
