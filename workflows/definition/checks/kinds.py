"""What the schemas of the kinds of steps cannot say: which of their params fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tenants.core.json.pointers import pointer
from workflows.definition.blocks import mapping
from workflows.definition.checks.parent_scope import Surroundings
from workflows.definition.checks.together import Params, apart, beside, unlike
from workflows.definition.checks.tracing import default_scope
from workflows.definition.checks.waits import check_approval, check_wait_for_event
from workflows.definition.codes import Code
from workflows.definition.problems import Problem


def check_kind(name: str, params: Params, path: str, around: Surroundings) -> Iterator[Problem]:
    """Yield the problems of one step's params that lie between them."""
    check = _CHECKS.get(name)
    if check is not None:
        yield from check(params, path, around)


def _branch(params: Params, path: str, around: Surroundings) -> Iterator[Problem]:
    yield from unlike(params, "cases", "label", path)


def _stop(params: Params, path: str, around: Surroundings) -> Iterator[Problem]:
    if params.get("outcome") == "failed" and "message" not in params:
        yield Problem(pointer(path, "message"), Code.MISSING_PARAM, {"param": "message"})
    if params.get("scope") == "item" and default_scope(around.seen) != "item":
        yield Problem(pointer(path, "scope"), Code.NO_ITEM_TO_END)


def _wait(params: Params, path: str, around: Surroundings) -> Iterator[Problem]:
    ways = ("for", "until", "window")
    if not any(way in params for way in ways):
        yield Problem(path, Code.CHOOSE_ONE, {"choices": list(ways)})
    if "until" in params:
        yield from apart(params, "until", ("for", "window"), path)
    yield from apart(params, "before", ("after",), path)
    for key in ("before", "after"):
        yield from beside(params, key, "until", path)
    window = mapping(params.get("window"))
    if "from" in window and window["from"] == window.get("to"):
        yield Problem(pointer(path, "window", "to"), Code.EMPTY_WINDOW)


def _emit_event(params: Params, path: str, around: Surroundings) -> Iterator[Problem]:
    yield from beside(params, "subject_type", "subject_id", path)
    yield from beside(params, "subject_id", "subject_type", path)


def _parallel(params: Params, path: str, around: Surroundings) -> Iterator[Problem]:
    yield from unlike(params, "branches", "name", path)


def _run_workflow(params: Params, path: str, around: Surroundings) -> Iterator[Problem]:
    own = around.catalogue.own_workflow
    if own and params.get("workflow") == own:
        yield Problem(pointer(path, "workflow"), Code.CALLS_ITSELF, {"key": own})


_CHECKS: Final[Mapping[str, Callable[[Params, str, Surroundings], Iterator[Problem]]]] = {
    "branch": _branch,
    "stop": _stop,
    "wait": _wait,
    "emit_event": _emit_event,
    "parallel": _parallel,
    "run_workflow": _run_workflow,
    "wait_for_event": check_wait_for_event,
    "approval": check_approval,
}
