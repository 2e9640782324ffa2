"""Steps as forms and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from actions import registry
from workflows.admin.editor import conditions, params
from workflows.admin.editor.leaves import ABSENT, Absence, number_of, packed, shown
from workflows.admin.editor.nodes import Node, params_node
from workflows.admin.editor.params import OWN_FORMS, BadForm
from workflows.definition.values import same_json

Json = Any
Form = dict[str, Any]

NO_NODE: Final = Node("object")  # an action that does not exist: all its parameters are "others"
RETRY_KEYS: Final = ("attempts", "delay", "backoff", "max_delay")
TEXT_KEYS: Final = ("name", "label", "action", "on_error", "timeout")
OTHER_KEYS: Final = ("params", "condition", "retry")


def node_of(action: object) -> Node:
    """Return the node of an action's parameters; one without members if there is no such action."""
    try:
        return params_node(registry.get(str(action)).params)
    except registry.UnknownAction:
        return NO_NODE


def show_steps(steps: Json | Absence) -> list[Form]:
    """Return the forms of a list of steps."""
    if steps is ABSENT:
        return []
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise BadForm("steps")
    return [show_step(step) for step in steps]


def read_steps(forms: Any) -> Json:
    """Return the steps. Raises BadForm."""
    if not isinstance(forms, list):
        raise BadForm("steps")
    return [read_step(form) for form in forms]


def all_steps(value: Json, path: str = "") -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield every step of a document with its path, the outer before the inner."""
    if isinstance(value, list):
        members: Iterable[tuple[Any, Json]] = enumerate(value)
    elif isinstance(value, dict):
        if isinstance(value.get("action"), str) and "params" in value:
            yield path, value
        members = value.items()
    else:
        return
    for key, inner in members:
        yield from all_steps(inner, f"{path}/{key}" if path else str(key))


def show_step(step: Mapping[str, Json]) -> Form:
    """Return the form of one step."""
    kept: params.Kept = {}
    form: Form = {key: _text(step.get(key)) for key in TEXT_KEYS}
    form["params"] = params.show(step.get("params", ABSENT), node_of(step.get("action")), kept)
    form["condition"] = conditions.show(step.get("condition", ABSENT))
    form["retry"] = _show_retry(step.get("retry"))
    form["kept"] = kept
    others = {key: v for key, v in step.items() if key not in {*TEXT_KEYS, *OTHER_KEYS}}
    if others:
        form["others"] = packed(others)
    # A key that says what its absence says too, or what no field can show.
    back = read_step(form)
    form["was"] = {
        key: packed(step[key])
        for key in step
        if key not in others and not (key in back and same_json(back[key], step[key]))
    }
    form["without"] = sorted(key for key in back if key not in step)
    return form


def read_step(form: Any) -> dict[str, Json]:
    """Return the step. Raises BadForm."""
    if not isinstance(form, dict):
        raise BadForm("step")
    step: dict[str, Json] = {key: _given(form, key) for key in ("name", "action")}
    step["params"] = _read_params(form)
    optional = {key: _given(form, key) for key in ("label", "on_error", "timeout")}
    step |= {key: text for key, text in optional.items() if text}
    condition = conditions.read(form.get("condition"))
    if condition is not ABSENT:
        step["condition"] = condition
    retry = _read_retry(form.get("retry"))
    if retry:
        step["retry"] = retry
    others = json.loads(form["others"]) if form.get("others") else {}
    return _as_it_was({**step, **others}, form)


def _as_it_was(step: dict[str, Json], form: Form) -> dict[str, Json]:
    """Put back what a field that nobody touched could not show."""
    for key, was in form.get("was", {}).items():
        value = json.loads(was)
        if _untouched(key, value, form):
            step[key] = value
    return {
        key: value
        for key, value in step.items()
        if key not in form.get("without", ()) or value not in ("", {})
    }


def _untouched(key: str, was: Json, form: Form) -> bool:
    if key == "retry":
        return bool(_show_retry(was) == form.get("retry"))
    if key == "params":
        return bool(params.show(was, node_of(form.get("action")), {}) == form.get("params"))
    return key in TEXT_KEYS and _text(was) == form.get(key)


def _text(value: Json) -> str:
    return shown(value)


def _given(form: Mapping[str, Any], key: str) -> str:
    text = form.get(key, "")
    if not isinstance(text, str):
        raise BadForm(key)
    return text


def _read_params(form: Form) -> Json:
    kept = form.get("kept", {})
    if not isinstance(kept, dict):
        raise BadForm("kept")
    value = params.read(form.get("params"), node_of(form.get("action")), kept)
    return {} if value is ABSENT else value


def _show_retry(retry: Json) -> dict[str, str]:
    given = retry if isinstance(retry, dict) else {}
    return {key: shown(given.get(key)) for key in RETRY_KEYS}


def _read_retry(form: Any) -> dict[str, Json]:
    if not isinstance(form, dict):
        raise BadForm("retry")
    given = {key: _given(form, key) for key in RETRY_KEYS}
    numbers = {"attempts", "backoff"}
    return {k: number_of(text) if k in numbers else text for k, text in given.items() if text}


OWN_FORMS["steps"] = (show_steps, read_steps)
