"""Steps: name, action, params, and what to do when they fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from workflows.definition.checks.conditions import check_condition, guarding_steps
from workflows.definition.checks.params import check_params
from workflows.definition.checks.simple import (
    check_duration,
    check_keys,
    check_number,
    check_text,
    wrong_type,
)
from workflows.definition.checks.surroundings import Surroundings
from workflows.definition.checks.templates import check_templates
from workflows.definition.codes import Code
from workflows.definition.numbers import shortened
from workflows.definition.problems import Problem, pointer, suggestion

MOST_STEPS: Final = 200
MOST_ATTEMPTS: Final = 20
LONGEST_DELAY: Final = timedelta(days=30)
LONGEST_TIMEOUT: Final = timedelta(hours=1)
# Control flow: the names are taken, the engine handles them in a later release.
RESERVED_ACTIONS: Final = frozenset(
    {"branch", "for_each", "parallel", "repeat", "wait", "wait_for_event", "approval"}
    | {"run_workflow", "emit_event", "stop"}
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_OPTIONAL = ("label", "condition", "on_error", "retry", "timeout")


def check_steps(steps: object, path: str, around: Surroundings) -> Iterator[Problem]:
    """Yield the problems of all steps."""
    if not isinstance(steps, list):
        yield wrong_type(steps, path, "list")
        return
    if not steps:
        yield Problem(path, Code.EMPTY)
    if len(steps) > MOST_STEPS:
        yield Problem(path, Code.TOO_MANY, {"most": MOST_STEPS})
        return
    for index, step in enumerate(steps):
        at = pointer(path, index)
        if isinstance(step, dict):
            yield from _check_step(step, at, around.at(index, _guarded(step, around)))
        else:
            yield wrong_type(step, at, "step")


def _guarded(step: dict[str, Any], around: Surroundings) -> frozenset[str]:
    """Return the steps that have run if this one does: it asks about them, or asks the same."""
    condition = step.get("condition")
    same = {
        name
        for name, other in around.steps.items()
        if condition and not other.may_fail and other.condition == condition
    }
    return guarding_steps(condition) | same


def _check_step(step: dict[str, Any], path: str, around: Surroundings) -> Iterator[Problem]:
    yield from check_keys(step, path, required=("name", "action", "params"), optional=_OPTIONAL)
    if "name" in step:
        yield from _check_name(step["name"], pointer(path, "name"), around)
    if step.get("label") not in (None, ""):
        yield from check_text(step["label"], pointer(path, "label"))
    if step.get("condition") is not None:
        # The condition decides before the step runs: its rows guard nothing outside it.
        before = around.at(around.index, frozenset())
        yield from check_condition(step["condition"], pointer(path, "condition"), before)
    yield from _check_failure(step, path)
    yield from _check_action(step, path, around)


def _check_name(name: object, path: str, around: Surroundings) -> Iterator[Problem]:
    if not isinstance(name, str):
        yield wrong_type(name, path, "text")
    elif not _NAME.fullmatch(name):
        yield Problem(path, Code.BAD_STEP_NAME, {"name": shortened(name)})
    elif around.steps[name].index != around.index:
        yield Problem(path, Code.DUPLICATE_STEP_NAME, {"name": name})


def _check_action(step: dict[str, Any], path: str, around: Surroundings) -> Iterator[Problem]:
    name, params, at = step.get("action"), step.get("params"), pointer(path, "params")
    known = around.catalogue.actions
    if isinstance(name, str) and name in RESERVED_ACTIONS:
        yield Problem(pointer(path, "action"), Code.NOT_AVAILABLE_YET, {"feature": name})
        return
    if "action" in step and (not isinstance(name, str) or name not in known):
        params_of = {"action": shortened(name), **suggestion(name, known)}
        yield Problem(pointer(path, "action"), Code.UNKNOWN_ACTION, params_of)
    if "params" in step and not isinstance(params, dict):
        yield wrong_type(params, at, "object")
    elif isinstance(params, dict):
        if isinstance(name, str) and name in known:
            yield from check_params(params, at, known[name].params, around.catalogue)
        yield from check_templates(params, at, around)


def _check_failure(step: dict[str, Any], path: str) -> Iterator[Problem]:
    on_error, at = step.get("on_error", "stop"), pointer(path, "on_error")
    if isinstance(on_error, dict):
        yield Problem(at, Code.NOT_AVAILABLE_YET, {"feature": "on_error"})
    elif on_error not in ("stop", "continue"):
        params = {"choices": ["stop", "continue"], "value": shortened(on_error)}
        yield Problem(at, Code.NOT_A_CHOICE, {**params, **suggestion(on_error, params["choices"])})
    if step.get("retry") is not None:
        yield from _check_retry(step["retry"], pointer(path, "retry"))
    if step.get("timeout") is not None:
        yield from check_duration(step["timeout"], pointer(path, "timeout"), most=LONGEST_TIMEOUT)


def _check_retry(retry: object, path: str) -> Iterator[Problem]:
    if not isinstance(retry, dict):
        yield wrong_type(retry, path, "object")
        return
    keys = ("attempts", "delay", "backoff", "max_delay")
    yield from check_keys(retry, path, required=(), optional=keys)
    if "attempts" in retry:
        at = pointer(path, "attempts")
        yield from check_number(retry["attempts"], at, least=1, most=MOST_ATTEMPTS, whole=True)
    if "backoff" in retry:
        at = pointer(path, "backoff")
        yield from check_number(retry["backoff"], at, least=1, most=10, whole=False)
    for key in ("delay", "max_delay"):
        if key in retry:
            yield from check_duration(retry[key], pointer(path, key), most=LONGEST_DELAY)
