"""Steps as forms and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from django.utils.translation import get_language

from tenants.core.json import Json
from workflows.admin.editor.endpoints.known import params_of
from workflows.admin.editor.form import conditions, params
from workflows.admin.editor.form.nodes import Node, params_node
from workflows.admin.editor.form.params import OWN_FORMS, BadScalar, plain
from workflows.admin.editor.form.scalars import (
    ABSENT,
    Absence,
    number_of,
    packed,
    shown,
    text_in,
    unpacked,
)
from workflows.definition.blocks import all_steps, mapping
from workflows.definition.kinds import KINDS
from workflows.definition.values.json_values import same_json

Form = dict[str, Any]

NO_NODE: Final = Node("object")  # an action that does not exist: all its parameters are "others"
RETRY_KEYS: Final = ("attempts", "delay", "backoff", "max_delay")
TEXT_KEYS: Final = ("name", "label", "note", "action", "timeout", "after_crash")
OTHER_KEYS: Final = ("params", "condition", "retry", "on_error")
BLOCK_KEYS: Final = frozenset({"steps", "then", "codes"})


def node_of(action: object) -> Node:
    """Return the node of the parameters; one without members if there is no such action."""
    if isinstance(action, str) and action in KINDS:
        return _node_of_kind(action, get_language())
    schema = params_of(action)
    return NO_NODE if schema is None else params_node(schema)


@cache
def _node_of_kind(name: str, language: str | None) -> Node:
    """Return it once for each language: the titles are translated."""
    return params_node(params_of(name) or {})


def show_steps(steps: Json | Absence) -> list[Form]:
    if steps is ABSENT:
        return []
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise BadScalar("steps")
    return [show_step(step) for step in steps]


def read_steps(forms: Any) -> Json:
    """Return the steps. Raises BadForm."""
    if not isinstance(forms, list):
        raise BadScalar("steps")
    return [read_step(form) for form in forms]


def step_parts(document: Json) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield each step of a document, or of a form, as the part of the page that it is: “steps/0”.

    Whatever is no step is passed over.
    """
    for path, step in all_steps(mapping(document)):
        if isinstance(step, dict) and isinstance(step.get("action"), str) and "params" in step:
            yield path.removeprefix("/"), step


def show_step(step: Mapping[str, Json]) -> Form:
    kept: params.Kept = {}
    form: Form = {key: shown(step.get(key)) for key in TEXT_KEYS}
    form["params"] = params.show(step.get("params", ABSENT), node_of(step.get("action")), kept)
    form["condition"] = conditions.show(step.get("condition", ABSENT))
    form["retry"] = _show_retry(step.get("retry"))
    form["on_error"] = show_on_error(step.get("on_error"))
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
        raise BadScalar("step")
    step: dict[str, Json] = {key: text_in(form, key) for key in ("name", "action")}
    step["params"] = _read_params(form)
    optional = {key: text_in(form, key) for key in ("label", "note", "timeout", "after_crash")}
    step |= {key: text for key, text in optional.items() if text}
    on_error = read_on_error(form.get("on_error", ""))
    if on_error:
        step["on_error"] = on_error
    condition = conditions.read(form.get("condition"))
    if condition is not ABSENT:
        step["condition"] = condition
    retry = _read_retry(form.get("retry"))
    if retry:
        step["retry"] = retry
    others = unpacked(form["others"]) if form.get("others") else {}
    return _as_it_was({**step, **others}, form)


def _as_it_was(step: dict[str, Json], form: Form) -> dict[str, Json]:
    """Put back what a field that nobody touched could not show."""
    for key, was in form.get("was", {}).items():
        value = unpacked(was)
        if _untouched(key, value, form):
            step[key] = value
    return {
        key: value
        for key, value in step.items()
        if key not in form.get("without", ()) or value not in ("", {})
    }


def show_on_error(on_error: Json) -> Form | str:
    """Return the form: a text, or {"steps", "then", "codes"} where steps run first."""
    if not isinstance(on_error, dict) or not set(on_error) <= BLOCK_KEYS:
        return shown(on_error)
    codes, then = on_error.get("codes", []), on_error.get("then", "")
    if not isinstance(then, str) or not _are_texts(codes):
        return shown(on_error)
    try:
        steps = show_steps(on_error.get("steps", ABSENT))
    except BadScalar:
        return shown(on_error)
    return {"steps": steps, "then": then, "codes": list(codes)}


def read_on_error(form: Any) -> Json:
    """Return what `on_error` says; "" for nothing. Raises BadForm."""
    if isinstance(form, str):
        return form
    if not isinstance(form, dict) or not _are_texts(form.get("codes")):
        raise BadScalar("on_error")
    block: dict[str, Json] = {"steps": read_steps(form.get("steps"))}
    then = text_in(form, "then")
    codes = [code for code in form["codes"] if code]
    return {**block, **({"then": then} if then else {}), **({"codes": codes} if codes else {})}


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _untouched(key: str, was: Json, form: Form) -> bool:
    if key == "on_error":
        return bool(show_on_error(was) == plain(form.get("on_error")))
    if key == "retry":
        return bool(_show_retry(was) == form.get("retry"))
    if key == "params":
        return bool(params.show(was, node_of(form.get("action")), {}) == plain(form.get("params")))
    return key in TEXT_KEYS and shown(was) == form.get(key)


def _read_params(form: Form) -> Json:
    kept = form.get("kept", {})
    if not isinstance(kept, dict):
        raise BadScalar("kept")
    value = params.read(form.get("params"), node_of(form.get("action")), kept)
    return {} if value is ABSENT else value


def _show_retry(retry: Json) -> dict[str, str]:
    given = retry if isinstance(retry, dict) else {}
    return {key: shown(given.get(key)) for key in RETRY_KEYS}


def _read_retry(form: Any) -> dict[str, Json]:
    if not isinstance(form, dict):
        raise BadScalar("retry")
    given = {key: text_in(form, key) for key in RETRY_KEYS}
    numbers = {"attempts", "backoff"}
    return {k: number_of(text) if k in numbers else text for k, text in given.items() if text}


OWN_FORMS["steps"] = (show_steps, read_steps)
