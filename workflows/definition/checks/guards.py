"""Which steps a condition vouches for: asking about a step copes with its absence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tenants.core.values.paths import Path, parse_path
from workflows.definition.operators import OPERATORS
from workflows.definition.templates import template_paths, template_problems

_GROUPS: Final = ("all", "any")
_TIMED_OUT: Final = ("output", "timed_out")
# They hold where nothing is.
_ABSENCE: Final = ("not_exists", "is_empty")
# A row that does not hold says by these that the part is there, or that the step did not fail.
_DENIALS: Final = {"output": _ABSENCE, "error": ("exists", "is_not_empty")}


def rows(condition: object) -> Iterator[dict[str, Any]]:
    """Yield every row of a condition, which may be wrong in every part."""
    if not isinstance(condition, dict):
        return
    members = [condition[word] for word in _GROUPS if isinstance(condition.get(word), list)]
    if not members:
        yield condition
    for member in (one for group in members for one in group):
        yield from rows(member)


def guarding_steps(condition: object) -> frozenset[str]:
    """Return the steps that a condition asks about in a way that copes with their absence."""
    return frozenset(
        str(path[1])
        for row in rows(condition)
        for path in _steps_read(row)
        if path[2] == "status" or _says_in_time(row, path, held=True) or _asks(row, path)
    )


def vouched_steps(condition: object) -> frozenset[str]:
    """Return the steps that have a result where the condition held, as far as it asks about them.

    Rows that hold just because nothing is there vouch for nothing.
    """
    hopeful = [row for row in rows(condition) if row.get("operator") not in _ABSENCE]
    return guarding_steps({"all": hopeful})


def asked_steps(condition: object) -> frozenset[str]:
    """Return the steps whose presence a condition asks about: whatever is there, it can tell."""
    return frozenset(
        str(path[1]) for row in rows(condition) if _copes(row) for path in _steps_read(row)
    )


def vouched_otherwise(condition: object) -> frozenset[str]:
    """Return the steps that have a result where the condition did not hold."""
    if not isinstance(condition, dict):
        return frozenset()
    for word in _GROUPS:
        if isinstance(condition.get(word), list):
            found = [vouched_otherwise(member) for member in condition[word]]
            return _joined(found, word)
    return frozenset(str(path[1]) for path in _steps_read(condition) if _denies(condition, path))


def _joined(found: list[frozenset[str]], word: str) -> frozenset[str]:
    if not found:
        return frozenset()
    # Of `any` no member held; of `all` it is unknown which one did not.
    return frozenset.union(*found) if word == "any" else frozenset.intersection(*found)


def _asks(row: dict[str, Any], path: Path) -> bool:
    # Of a wait that took too long it is known that it did, and nothing else.
    return _copes(row) and path[2:] != _TIMED_OUT


def _says_in_time(row: dict[str, Any], path: Path, *, held: bool) -> bool:
    """Say whether a wait came to its end in time, where the row has held, or has not."""
    if path[2:] != _TIMED_OUT:
        return False
    name, value = row.get("operator"), row.get("value")
    opposite = not value if isinstance(value, bool) else None
    says = {"is_true": True, "is_false": False, "equals": value, "not_equals": opposite}
    return isinstance(name, str) and says.get(name) is (not held)


def _denies(row: dict[str, Any], path: Path) -> bool:
    part, name, value = path[2], row.get("operator"), row.get("value")
    if path[2:] == _TIMED_OUT:
        return _says_in_time(row, path, held=False)
    if part == "status":
        is_done = value == "completed"
        return (name == "not_equals" and is_done) or (name == "equals" and not is_done)
    return name in _DENIALS.get(str(part), ()) if isinstance(name, str) else False


def _copes(row: dict[str, Any]) -> bool:
    name = row.get("operator")
    operator = OPERATORS.get(name) if isinstance(name, str) else None
    return operator is not None and operator.missing is not None


def _steps_read(row: dict[str, Any]) -> list[Path]:
    """Return the paths into a part of a step that the row's field reads."""
    return [path for path in _reads(row.get("field")) if path[0] == "steps" and len(path) > 2]


def _reads(field: object) -> list[Path]:
    if not isinstance(field, str):
        return []
    path = parse_path(field)
    if path is not None:
        return [path]
    return [] if template_problems(field) else template_paths(field)
