"""What a step does when it fails or its worker dies: try again, go on, run other steps first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from tenants.core.json.pointers import pointer
from workflows.definition.catalogue import Catalogue
from workflows.definition.checks.simple import (
    check_choice,
    check_duration,
    check_keys,
    check_number,
    check_text,
    wrong_type,
)
from workflows.definition.codes import Code
from workflows.definition.kinds import kind_named
from workflows.definition.problems import Problem, suggestion
from workflows.definition.values.numbers import shortened

MOST_ATTEMPTS: Final = 20
LONGEST_DELAY: Final = timedelta(days=30)
LONGEST_TIMEOUT: Final = timedelta(hours=1)
_ENDINGS: Final = ("stop", "continue")
_AFTER_CRASH: Final = ("ask", "repeat")


def check_failure(step: dict[str, Any], path: str, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield the problems of what a step says of its failing, but not of the steps in there."""
    on_error, at = step.get("on_error", "stop"), pointer(path, "on_error")
    if isinstance(on_error, dict):
        yield from _check_block(on_error, at, _errors_of(step.get("action"), catalogue))
    else:
        yield from _check_ending(on_error, at)
    kind = kind_named(step.get("action"))
    for key, check in _OF_ACTIONS:
        place = pointer(path, key)
        if step.get(key) is not None and kind is not None:
            yield Problem(place, Code.NOT_FOR_THIS_STEP, {"key": key, "action": kind.name})
        elif step.get(key) is not None:
            yield from check(step[key], place)


def _check_ending(ending: object, path: str) -> Iterator[Problem]:
    yield from check_choice(ending, path, _ENDINGS)


def _check_after_crash(wanted: object, path: str) -> Iterator[Problem]:
    yield from check_choice(wanted, path, _AFTER_CRASH)


def _errors_of(action: object, catalogue: Catalogue) -> frozenset[str]:
    """Return the codes that the step can fail with; none if they are not known."""
    known = catalogue.actions.get(action) if isinstance(action, str) else None
    return frozenset() if known is not None and known.own_errors else catalogue.errors


def _check_block(on_error: dict[str, Any], path: str, errors: frozenset[str]) -> Iterator[Problem]:
    yield from check_keys(on_error, path, required=("steps",), optional=("then", "codes"))
    yield from _check_ending(on_error.get("then", "stop"), pointer(path, "then"))
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


def _check_timeout(timeout: object, path: str) -> Iterator[Problem]:
    yield from check_duration(timeout, path, most=LONGEST_TIMEOUT)


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


_OF_ACTIONS: Final = (
    ("retry", _check_retry),
    ("timeout", _check_timeout),
    ("after_crash", _check_after_crash),
)
