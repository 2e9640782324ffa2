"""Params that need, or rule out, one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenants.core.json.pointers import pointer
from workflows.definition.blocks import elements, mapping
from workflows.definition.codes import Code
from workflows.definition.problems import Problem
from workflows.definition.values.numbers import shortened

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
