"""What the schemas of the kinds of steps cannot say: which of their params fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from workflows.definition.blocks import elements, mapping
from workflows.definition.codes import Code
from workflows.definition.numbers import shortened
from workflows.definition.problems import Problem, pointer

Params = Mapping[str, Any]


def check_kind(name: str, params: Params, path: str) -> Iterator[Problem]:
    """Yield the problems of one step's params that lie between them."""
    check = _CHECKS.get(name)
    if check is not None:
        yield from check(params, path)


def _branch(params: Params, path: str) -> Iterator[Problem]:
    labels: list[str] = []
    for index, case in enumerate(elements(params.get("cases"))):
        label = mapping(case).get("label")
        if isinstance(label, str) and label in labels:
            at = pointer(path, "cases", index, "label")
            yield Problem(at, Code.DUPLICATE, {"value": shortened(label)})
        labels += [label] if isinstance(label, str) else []


def _stop(params: Params, path: str) -> Iterator[Problem]:
    if params.get("outcome") == "failed" and "message" not in params:
        yield Problem(pointer(path, "message"), Code.MISSING_PARAM, {"param": "message"})


def _wait(params: Params, path: str) -> Iterator[Problem]:
    ways = ("for", "until", "window")
    if not any(way in params for way in ways):
        yield Problem(path, Code.CHOOSE_ONE, {"choices": list(ways)})
    if "until" in params:
        yield from _apart(params, "until", ("for", "window"), path)
    yield from _apart(params, "before", ("after",), path)
    for key in ("before", "after"):
        yield from _beside(params, key, "until", path)
    window = mapping(params.get("window"))
    if "from" in window and window["from"] == window.get("to"):
        yield Problem(pointer(path, "window", "to"), Code.EMPTY_WINDOW)


def _emit_event(params: Params, path: str) -> Iterator[Problem]:
    yield from _beside(params, "subject_type", "subject_id", path)
    yield from _beside(params, "subject_id", "subject_type", path)


def _apart(params: Params, key: str, others: tuple[str, ...], path: str) -> Iterator[Problem]:
    for other in others:
        if key in params and other in params:
            yield Problem(pointer(path, other), Code.NOT_TOGETHER, {"key": key, "other": other})


def _beside(params: Params, key: str, other: str, path: str) -> Iterator[Problem]:
    if key in params and other not in params:
        yield Problem(pointer(path, key), Code.NEEDS_OTHER, {"key": key, "other": other})


_CHECKS: Final[Mapping[str, Callable[[Params, str], Iterator[Problem]]]] = {
    "branch": _branch,
    "stop": _stop,
    "wait": _wait,
    "emit_event": _emit_event,
}
