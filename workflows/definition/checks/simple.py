"""Checks that many places share: keys, text, numbers, durations, and keys beside one another."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from tenants.core.json.pointers import pointer
from tenants.core.text.names import name_fault
from tenants.core.values.comparison import kind_of
from workflows.definition.blocks import elements, mapping
from workflows.definition.codes import Code
from workflows.definition.errors import Problem, suggestion
from workflows.definition.values.json_values import shortened
from workflows.definition.values.windows import parse_duration


def wrong_type(value: object, path: str, expected: str) -> Problem:
    return Problem(path, Code.WRONG_TYPE, {"expected": expected, "found": kind_of(value)})


def check_keys(
    value: Mapping[str, Any], path: str, *, required: Collection[str], optional: Collection[str]
) -> Iterator[Problem]:
    known = {*required, *optional}
    for key in value:
        if key not in known:
            near = suggestion(key, known)
            yield Problem(pointer(path, key), Code.UNKNOWN_KEY, {"key": shortened(key), **near})
    for key in required:
        if key not in value:
            yield Problem(pointer(path, key), Code.REQUIRED, {"key": key})


def check_text(value: object, path: str, *, most: int = 200) -> Iterator[Problem]:
    """Yield a problem unless it is text with something in it, at most `most` characters."""
    if not isinstance(value, str):
        yield wrong_type(value, path, "text")
    elif not value.strip():
        yield Problem(path, Code.EMPTY)
    elif len(value) > most:
        yield Problem(path, Code.TOO_LONG, {"most": most})
    elif name_fault(value, most):
        yield Problem(path, Code.CONTROL_CHARACTERS)


def check_duration(
    value: object, path: str, *, most: timedelta, none_too: bool = False
) -> Iterator[Problem]:
    """Yield a problem unless it is a duration above zero (`none_too`: or zero) up to `most`."""
    span = parse_duration(value)
    if span is None:
        yield Problem(path, Code.BAD_DURATION, {"value": shortened(value)})
    elif span > most or not (span or none_too):
        least = "0s" if none_too else "1s"
        params = {"least": least, "most": f"{most.days * 24 or 1}h"}
        yield Problem(path, Code.OUT_OF_RANGE, params)


def check_number(value: Any, path: str, *, least: int, most: int, whole: bool) -> Iterator[Problem]:
    """Yield a problem unless it is a number from `least` to `most`."""
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        yield wrong_type(value, path, "whole number" if whole else "number")
    elif not least <= value <= most:
        yield Problem(path, Code.OUT_OF_RANGE, {"least": least, "most": most})


def check_choice(value: object, path: str, choices: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem unless it is one of the words."""
    if value not in choices:
        params = {"choices": list(choices), "value": shortened(value)}
        yield Problem(path, Code.NOT_A_CHOICE, {**params, **suggestion(value, choices)})


Params = Mapping[str, Any]


def unlike(params: Params, key: str, member: str, path: str) -> Iterator[Problem]:
    """Yield a problem for each object of a list that is called like one before it."""
    known: list[str] = []
    for index, one in enumerate(elements(params.get(key))):
        name = mapping(one).get(member)
        if isinstance(name, str) and name in known:
            at = pointer(path, key, index, member)
            yield Problem(at, Code.DUPLICATE, {"value": shortened(name)})
        known += [name] if isinstance(name, str) else []


def apart(params: Params, key: str, others: tuple[str, ...], path: str) -> Iterator[Problem]:
    """Yield a problem for each of the others that stands beside `key`."""
    for other in others:
        if key in params and other in params:
            yield Problem(pointer(path, other), Code.NOT_TOGETHER, {"key": key, "other": other})


def beside(params: Params, key: str, other: str, path: str) -> Iterator[Problem]:
    """Yield a problem if `key` stands without `other`."""
    if key in params and other not in params:
        yield Problem(pointer(path, key), Code.NEEDS_OTHER, {"key": key, "other": other})
