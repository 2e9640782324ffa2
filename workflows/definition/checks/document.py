"""The top of the document: what starts it, its settings, and its named constants."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenants.core.json.pointers import pointer
from tenants.core.text.names import MAX_CHARACTERS, MAX_EVENT_TYPE
from tenants.core.values.paths import show_path
from workflows.definition.checks.conditions import check_condition
from workflows.definition.checks.parent_scope import ScopeOfParents
from workflows.definition.checks.simple import (
    beside,
    check_choice,
    check_duration,
    check_keys,
    check_number,
    check_text,
    wrong_type,
)
from workflows.definition.checks.templates import check_template
from workflows.definition.codes import Code
from workflows.definition.errors import Problem
from workflows.definition.scope import LOOP_ROOTS, ROOTS
from workflows.definition.templates import template_paths, template_problems
from workflows.definition.templates.compiled import is_template
from workflows.definition.values.json_values import shortened
from workflows.definition.values.windows import MAX_DURATION

_REQUIRED = ("name", "trigger_type", "steps")
_OPTIONAL = (
    *("language", "trigger", "trigger_filter", "also_on", "settings", "values"),
    *("on_failure", "output"),
)


def check_head(document: dict[str, Any], around: ScopeOfParents) -> Iterator[Problem]:
    """Yield the problems of everything but the steps."""
    yield from check_keys(document, "", required=_REQUIRED, optional=_OPTIONAL)
    for key, most in (("name", MAX_CHARACTERS), ("trigger_type", MAX_EVENT_TYPE)):
        if key in document:
            yield from check_text(document[key], f"/{key}", most=most)
    language = document.get("language", 1)
    if isinstance(language, bool) or language != 1:
        yield Problem("/language", Code.UNKNOWN_LANGUAGE, {"language": shortened(language)})
    if document.get("trigger") is not None and not isinstance(document["trigger"], dict):
        yield wrong_type(document["trigger"], "/trigger", "object")
    yield from _check_also_on(document)
    if document.get("trigger_filter") is not None:
        condition = document["trigger_filter"]
        yield from check_condition(condition, "/trigger_filter", around, is_filter=True)
    yield from check_settings(document.get("settings"), around)
    yield from _check_values(document.get("values"))


def _check_also_on(document: dict[str, Any]) -> Iterator[Problem]:
    types = document.get("also_on")
    if types is None:
        return
    if not isinstance(types, list):
        yield wrong_type(types, "/also_on", "list")
        return
    seen = [document.get("trigger_type")]
    for index, name in enumerate(types):
        at = pointer("/also_on", index)
        yield from check_text(name, at, most=MAX_EVENT_TYPE)
        if isinstance(name, str) and name in seen:
            yield Problem(at, Code.DUPLICATE, {"value": shortened(name)})
        seen.append(name)


def _check_values(values: object) -> Iterator[Problem]:
    if values is None:
        return
    if not isinstance(values, dict):
        yield wrong_type(values, "/values", "object")
        return
    yield from _refuse_templates(values, "/values")


def _refuse_templates(value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _refuse_templates(inner, pointer(path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _refuse_templates(inner, pointer(path, index))
    elif is_template(value):
        yield Problem(path, Code.TEMPLATE_NOT_ALLOWED)


MAX_RUNNING: Final = 100_000
_KEYS: Final = ("start_on_own_changes", "concurrency_key", "when_busy", "max_running", "deadline")
# The key is rendered when the run starts.
_ROOTS_AT_START: Final = ("trigger", "previous", "tenant", "values")


def check_settings(settings: object, around: ScopeOfParents) -> Iterator[Problem]:
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
        yield from check_number(settings["max_running"], at, least=1, most=MAX_RUNNING, whole=True)
    if "deadline" in settings:
        yield from check_duration(settings["deadline"], "/settings/deadline", most=MAX_DURATION)


def _check_lane(settings: Mapping[str, Any], around: ScopeOfParents) -> Iterator[Problem]:
    if "concurrency_key" in settings:
        yield from _check_key(settings["concurrency_key"], "/settings/concurrency_key", around)
    if "when_busy" in settings:
        at = pointer("/settings", "when_busy")
        yield from check_choice(settings["when_busy"], at, ("wait", "replace"))
    if settings.get("when_busy") == "replace":
        yield from beside(settings, "when_busy", "concurrency_key", "/settings")


def _check_key(key: object, path: str, around: ScopeOfParents) -> Iterator[Problem]:
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
