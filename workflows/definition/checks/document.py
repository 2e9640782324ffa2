"""The top of the document: what starts it, and its named constants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenants.core.json.pointers import pointer
from tenants.core.text.names import MAX_CHARACTERS, MAX_EVENT_TYPE
from workflows.definition.checks.conditions import check_condition
from workflows.definition.checks.parent_scope import Surroundings
from workflows.definition.checks.settings import check_settings
from workflows.definition.checks.simple import check_keys, check_text, wrong_type
from workflows.definition.codes import Code
from workflows.definition.problems import Problem
from workflows.definition.templates.compiled import is_template
from workflows.definition.values.numbers import shortened

_REQUIRED = ("name", "trigger_type", "steps")
_OPTIONAL = (
    *("language", "trigger", "trigger_filter", "also_on", "settings", "values"),
    *("on_failure", "output"),
)


def check_head(document: dict[str, Any], around: Surroundings) -> Iterator[Problem]:
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
