"""Reminders: what happens beside a wait never ends it, unless it is said to."""

from __future__ import annotations

from typing import Any

from tenants.core.json.pointers import pointer
from workflows.definition.blocks import child_lists, elements, lists_in, mapping

Document = dict[str, Any]


def with_quiet_reminders(document: Document) -> Document:
    """Return the document with `on_error: continue` at every step of a reminder that says nothing.

    Steps inside such steps count, but not those of child runs: their failing is their block's to
    judge. The document may be wrong in every part; places in it stay the same.
    """
    return {
        **document,
        **{key: _steps(document[key]) for key in ("steps", "on_failure") if key in document},
    }


def _steps(steps: Any, *, quiet: bool = False) -> Any:
    if not isinstance(steps, list):
        return steps
    return [_step(step, quiet=quiet) if isinstance(step, dict) else step for step in steps]


def _step(step: Document, *, quiet: bool) -> Document:
    children = child_lists(step, "")
    reminding = _reminder_lists(step)
    for place, inner in lists_in(step, ""):
        is_quiet = place in reminding or (quiet and place not in children)
        step = _replaced(step, place.split("/")[1:], _steps(inner, quiet=is_quiet))
    return {"on_error": "continue", **step} if quiet else step


def _reminder_lists(step: Document) -> frozenset[str]:
    reminders = elements(mapping(step.get("params")).get("reminders"))
    return frozenset(
        pointer("", "params", "reminders", index, "steps") for index in range(len(reminders))
    )


def _replaced(value: Any, keys: list[str], by: Any) -> Any:
    """Return a copy of `value` with `by` at the place that `keys` lead to."""
    if not keys:
        return by
    key, rest = keys[0], keys[1:]
    if isinstance(value, list):
        index = int(key)
        return [*value[:index], _replaced(value[index], rest, by), *value[index + 1 :]]
    return {**value, key: _replaced(value[key], rest, by)}
