"""The settings of the document: how many runs at once, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenants.core.json.pointers import pointer
from tenants.core.values.paths import show_path
from workflows.definition.checks.parent_scope import Surroundings
from workflows.definition.checks.simple import (
    check_choice,
    check_duration,
    check_keys,
    check_number,
    check_text,
    wrong_type,
)
from workflows.definition.checks.templates import check_template
from workflows.definition.checks.together import beside
from workflows.definition.codes import Code
from workflows.definition.problems import Problem
from workflows.definition.scope import LOOP_ROOTS, ROOTS
from workflows.definition.templates import template_paths, template_problems
from workflows.definition.templates.compiled import is_template
from workflows.definition.values.durations import LONGEST

MOST_RUNNING: Final = 100_000
_KEYS: Final = ("start_on_own_changes", "concurrency_key", "when_busy", "max_running", "deadline")
# The key is rendered when the run starts.
_ROOTS_AT_START: Final = ("trigger", "previous", "tenant", "values")


def check_settings(settings: object, around: Surroundings) -> Iterator[Problem]:
    """Yield the problems of the settings."""
    if settings is None:
        return
    if not isinstance(settings, dict):
        yield wrong_type(settings, "/settings", "object")
        return
    yield from check_keys(settings, "/settings", required=(), optional=_KEYS)
    own = settings.get("start_on_own_changes", False)
    if not isinstance(own, bool):
        yield wrong_type(own, "/settings/start_on_own_changes", "boolean")
    yield from _check_lane(settings, around)
    if "max_running" in settings:
        at = "/settings/max_running"
        yield from check_number(settings["max_running"], at, least=1, most=MOST_RUNNING, whole=True)
    if "deadline" in settings:
        yield from check_duration(settings["deadline"], "/settings/deadline", most=LONGEST)


def _check_lane(settings: Mapping[str, Any], around: Surroundings) -> Iterator[Problem]:
    if "concurrency_key" in settings:
        yield from _check_key(settings["concurrency_key"], "/settings/concurrency_key", around)
    if "when_busy" in settings:
        at = pointer("/settings", "when_busy")
        yield from check_choice(settings["when_busy"], at, ("wait", "replace"))
    if settings.get("when_busy") == "replace":
        yield from beside(settings, "when_busy", "concurrency_key", "/settings")


def _check_key(key: object, path: str, around: Surroundings) -> Iterator[Problem]:
    yield from check_text(key, path, most=500)
    if not isinstance(key, str) or not is_template(key):
        return
    read = [] if template_problems(key) else template_paths(key)
    too_late = {*ROOTS, *LOOP_ROOTS} - {*_ROOTS_AT_START}
    late = [one for one in read if one[0] in too_late]
    for one in late:
        yield Problem(path, Code.NOT_KNOWN_AT_START, {"path": show_path(one)})
    if not late:
        yield from check_template(key, path, around)
