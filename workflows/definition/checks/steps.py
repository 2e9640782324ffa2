"""Steps: name, condition, action or kind, params, what is done about an error, the steps inside."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Final

from tenants.core.json.pointers import pointer
from tenants.core.values.paths import IDENTIFIER
from workflows.definition.blocks import ends, held, lists_in, own_params
from workflows.definition.catalogue import Catalogue, Schema
from workflows.definition.checks.conditions import check_condition
from workflows.definition.checks.fitting import check_fitting
from workflows.definition.checks.kinds import check_kind
from workflows.definition.checks.params import check_params
from workflows.definition.checks.parent_scope import ScopeOfParents
from workflows.definition.checks.simple import (
    check_choice,
    check_duration,
    check_keys,
    check_number,
    check_text,
    wrong_type,
)
from workflows.definition.checks.templates import check_templates
from workflows.definition.codes import Code
from workflows.definition.errors import Problem, suggestion
from workflows.definition.kinds import KINDS, kind_named
from workflows.definition.values.json_values import shortened

MAX_ATTEMPTS: Final = 20
MAX_DELAY: Final = timedelta(days=30)
MAX_TIMEOUT: Final = timedelta(hours=1)
_ENDINGS: Final = ("stop", "continue")
_AFTER_CRASH: Final = ("ask", "repeat")


def check_failure(step: dict[str, Any], path: str, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield the problems of what a step says of its failing, but not of the steps in there."""
    on_error, at = step.get("on_error", "stop"), pointer(path, "on_error")
    if isinstance(on_error, dict):
        yield from _check_block(on_error, at, _errors_of(step.get("action"), catalogue))
    else:
        yield from check_choice(on_error, at, _ENDINGS)
    kind = kind_named(step.get("action"))
    for key, check in _OF_ACTIONS:
        place = pointer(path, key)
        if step.get(key) is not None and kind is not None:
            yield Problem(place, Code.NOT_FOR_THIS_STEP, {"key": key, "action": kind.name})
        elif step.get(key) is not None:
            yield from check(step[key], place)


def _errors_of(action: object, catalogue: Catalogue) -> frozenset[str]:
    """Return the codes that the step can fail with; none if they are not known."""
    known = catalogue.actions.get(action) if isinstance(action, str) else None
    return frozenset() if known is not None and known.own_errors else catalogue.errors


def _check_block(on_error: dict[str, Any], path: str, errors: frozenset[str]) -> Iterator[Problem]:
    yield from check_keys(on_error, path, required=("steps",), optional=("then", "codes"))
    yield from check_choice(on_error.get("then", "stop"), pointer(path, "then"), _ENDINGS)
    if "steps" in on_error and not isinstance(on_error["steps"], list):
        yield wrong_type(on_error["steps"], pointer(path, "steps"), "list")
    if on_error.get("codes") is not None:
        yield from _check_codes(on_error["codes"], pointer(path, "codes"), errors)


def _check_codes(codes: object, path: str, errors: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(codes, list):
        yield wrong_type(codes, path, "list")
        return
    if not codes:
        yield Problem(path, Code.EMPTY)
    for index, code in enumerate(codes):
        at = pointer(path, index)
        yield from check_text(code, at)
        if code in codes[:index]:
            yield Problem(at, Code.DUPLICATE, {"value": shortened(code)})
        elif isinstance(code, str) and code.strip() and errors and code not in errors:
            near = suggestion(code, errors)
            yield Problem(at, Code.UNKNOWN_ERROR_CODE, {"error": shortened(code), **near})


def _check_retry(retry: object, path: str) -> Iterator[Problem]:
    if not isinstance(retry, dict):
        yield wrong_type(retry, path, "object")
        return
    keys = ("attempts", "delay", "backoff", "max_delay")
    yield from check_keys(retry, path, required=(), optional=keys)
    if "attempts" in retry:
        at = pointer(path, "attempts")
        yield from check_number(retry["attempts"], at, least=1, most=MAX_ATTEMPTS, whole=True)
    if "backoff" in retry:
        at = pointer(path, "backoff")
        yield from check_number(retry["backoff"], at, least=1, most=10, whole=False)
    for key in ("delay", "max_delay"):
        if key in retry:
            yield from check_duration(retry[key], pointer(path, key), most=MAX_DELAY)


_OF_ACTIONS: Final = (
    ("retry", _check_retry),
    ("timeout", partial(check_duration, most=MAX_TIMEOUT)),
    ("after_crash", partial(check_choice, choices=_AFTER_CRASH)),
)

MAX_STEPS: Final = 200  # of a whole document
MAX_NESTED: Final = 5  # lists of steps inside one another, the outermost not counted
MAX_NOTE: Final = 2_000  # characters, of what people write for one another
_OPTIONAL = ("label", "note", "condition", "on_error", "retry", "timeout", "after_crash")


def check_steps(steps: object, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    if not isinstance(steps, list):
        yield wrong_type(steps, path, "list")
        return
    if not steps:
        yield Problem(path, Code.EMPTY)
    if around.depth > MAX_NESTED:
        yield Problem(path, Code.TOO_DEEP, {"most": MAX_NESTED})
        return
    for index, step in enumerate(steps):
        at = pointer(path, index)
        if isinstance(step, dict):
            yield from _check_step(step, at, around.at_step(at))
        else:
            yield wrong_type(step, at, "step")
    yield from _check_reach(steps, path)


def _check_reach(steps: list[Any], path: str) -> Iterator[Problem]:
    last = next((index for index, step in enumerate(steps[:-1]) if ends(step)), None)
    if last is not None:
        params = {"step": shortened(steps[last].get("name"))}
        yield Problem(pointer(path, last + 1), Code.UNREACHABLE_STEP, params)


def _check_step(step: dict[str, Any], path: str, around: ScopeOfParents) -> Iterator[Problem]:
    yield from check_keys(step, path, required=("name", "action", "params"), optional=_OPTIONAL)
    if "name" in step:
        yield from _check_name(step["name"], pointer(path, "name"), around)
    if step.get("label") not in (None, ""):
        yield from check_text(step["label"], pointer(path, "label"))
    if step.get("note") is not None:
        yield from _check_note(step["note"], pointer(path, "note"))
    condition = step.get("condition")
    if condition is not None:
        # It decides before the step runs: its rows guard nothing outside it.
        yield from check_condition(condition, pointer(path, "condition"), around)
    yield from check_failure(step, path, around.catalogue)
    yield from _check_action(step, path, around.under(condition))
    yield from _check_inside(step, path, around)


def _check_note(note: object, path: str) -> Iterator[Problem]:
    if not isinstance(note, str):
        yield wrong_type(note, path, "text")
    elif len(note) > MAX_NOTE:
        yield Problem(path, Code.TOO_LONG, {"most": MAX_NOTE})


def _check_name(name: object, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    if not isinstance(name, str):
        yield wrong_type(name, path, "text")
    elif not IDENTIFIER.fullmatch(name):
        yield Problem(path, Code.BAD_STEP_NAME, {"name": shortened(name)})
    elif around.steps[name].path != around.step:
        yield Problem(path, Code.DUPLICATE_STEP_NAME, {"name": name})


def _check_action(step: dict[str, Any], path: str, around: ScopeOfParents) -> Iterator[Problem]:
    name, params, at = step.get("action"), step.get("params"), pointer(path, "params")
    schema = _schema(name, around)
    if "action" in step and schema is None:
        near = suggestion(name, [*around.catalogue.actions, *KINDS])
        yield Problem(
            pointer(path, "action"), Code.UNKNOWN_ACTION, {"action": shortened(name), **near}
        )
    if "params" in step and not isinstance(params, dict):
        yield wrong_type(params, at, "object")
    elif isinstance(params, dict):
        if schema is not None:
            yield from check_params(params, at, schema, around.catalogue)
        if kind_named(name):
            yield from check_kind(str(name), params, at, around)
        yield from check_templates(own_params(step), at, around)
        if schema is not None:
            yield from check_fitting(own_params(step), at, schema, around)


def _schema(name: object, around: ScopeOfParents) -> Schema | None:
    kind = kind_named(name)
    if kind is not None:
        return kind.params
    known = around.catalogue.actions
    return known[name].params if isinstance(name, str) and name in known else None


def _check_inside(step: dict[str, Any], path: str, around: ScopeOfParents) -> Iterator[Problem]:
    """Yield the problems of what has a place of its own in the params, and of steps after an error.

    That a list must not be empty, and what has to be one, is the schema's to say.
    """
    for place, condition in held(step, "x-condition", path):
        if condition and isinstance(condition, dict):
            yield from check_condition(condition, place, around.at_place(place))
    for place, result in held(step, "x-result", path):
        yield from check_templates(result, place, around.at_place(place))
    error_steps = pointer(path, "on_error", "steps")
    for place, steps in lists_in(step, path):
        inner = around.inside()
        if place == error_steps:
            yield from check_steps(steps, place, inner.behind_error())
        elif steps:
            yield from check_steps(steps, place, inner)
