"""Steps inside steps. Everything here reads a document that may be wrong in every part.

The order is that of the kinds' schemas, never that of an object's keys.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenants.core.json.pointers import pointer
from workflows.definition.catalogue import Schema
from workflows.definition.kinds import kind_named
from workflows.definition.schemas import member

_APART: Final = ("x-steps", "x-condition", "x-result")  # seen from places of their own


def elements(value: object) -> list[Any]:
    """Return the list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def mapping(value: object) -> Mapping[str, Any]:
    """Return the object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def every_step(steps: object, path: str) -> Iterator[tuple[str, Any]]:
    """Yield each element of a list of steps with its place, and those of the lists inside it."""
    for index, step in enumerate(elements(steps)):
        at = pointer(path, index)
        yield at, step
        for place, inner in lists_in(step, at):
            yield from every_step(inner, place)


def all_steps(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from every_step(document.get("steps"), "/steps")
    yield from every_step(document.get("on_failure"), "/on_failure")


def names_in(steps: object) -> frozenset[str]:
    """Return the names of the steps in a list and inside them, as far as one run does them all.

    What child runs do is not among them.
    """
    found: set[str] = set()
    for step in elements(steps):
        name = mapping(step).get("name")
        found |= {name} if isinstance(name, str) else set()
        children = child_lists(step, "")
        for place, inner in lists_in(step, ""):
            found |= names_in(inner) if place not in children else set()
    return frozenset(found)


def lists_in(step: object, path: str) -> Iterator[tuple[str, list[Any]]]:
    yield from ((at, one) for at, one in held(step, "x-steps", path) if isinstance(one, list))
    after_error = mapping(mapping(step).get("on_error")).get("steps")
    if isinstance(after_error, list):
        yield pointer(path, "on_error", "steps"), after_error


def child_lists(step: object, path: str) -> frozenset[str]:
    """Return the places of those lists of steps right inside a step that child runs carry out."""
    params, at = mapping(mapping(step).get("params")), pointer(path, "params")
    match mapping(step).get("action"):
        case "for_each":
            return frozenset({pointer(at, "steps")})
        case "parallel":
            count = len(elements(params.get("branches")))
            return frozenset(pointer(at, "branches", index, "steps") for index in range(count))
        case _:
            return frozenset()


def held(step: object, hint: str, path: str) -> Iterator[tuple[str, Any]]:
    """Yield what stands in the params of a step where the schema has `hint`, with its place."""
    kind = kind_named(mapping(step).get("action"))
    if kind is not None:
        params = mapping(mapping(step).get("params"))
        yield from _held(params, kind.params, hint, pointer(path, "params"))


def _held(value: Any, schema: Schema, hint: str, path: str) -> Iterator[tuple[str, Any]]:
    if schema.get(hint):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from _held(value[name], inner, hint, pointer(path, name))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _held(element, member(schema, schema, index), hint, pointer(path, index))


def own_params(step: Mapping[str, Any]) -> Any:
    """Return the params of a step without the steps, conditions and results that stand in them."""
    kind = kind_named(step.get("action"))
    return _own(step.get("params"), kind.params) if kind else step.get("params")


def _own(value: Any, schema: Schema) -> Any:
    if isinstance(value, list):
        return [_own(element, member(schema, schema, i)) for i, element in enumerate(value)]
    if not isinstance(value, dict):
        return value
    parts = {name: member(schema, schema, name) for name in value}
    return {
        name: _own(inner, parts[name])
        for name, inner in value.items()
        if not any(parts[name].get(hint) for hint in _APART)
    }


def list_ends(steps: object) -> bool:
    return any(ends(step) for step in elements(steps))


def ends(step: object) -> bool:
    """Say whether no path leads from a step to the one behind it."""
    if not isinstance(step, dict) or step.get("condition") or goes_on(step):
        return False
    params = mapping(step.get("params"))
    match step.get("action"):
        case "stop":
            return True
        case "branch":
            lists = [params.get("otherwise"), *_case_lists(params)]
            return all(list_ends(steps) for steps in lists)
        case "repeat":
            return list_ends(params.get("steps"))
        case "parallel":
            # A stop in a branch ends more than its own child run. (A list may have no items.)
            branches = elements(params.get("branches"))
            return any(list_ends(mapping(one).get("steps")) for one in branches)
        case _:
            return False


def goes_on(step: Mapping[str, Any]) -> bool:
    """Say whether the run goes on behind the step after it has failed."""
    on_error = step.get("on_error")
    if isinstance(on_error, dict):
        return on_error.get("then") == "continue" and not list_ends(on_error.get("steps"))
    return on_error == "continue"


def _case_lists(params: Mapping[str, Any]) -> list[Any]:
    return [mapping(case).get("steps") for case in elements(params.get("cases"))]


def with_quiet_reminders(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with `on_error: continue` at every step of a reminder that says nothing.

    Steps inside such steps count, but not those of child runs: their failing is their block's to
    judge. The document may be wrong in every part; places in it stay the same.
    """
    return {
        **document,
        **{
            key: _with_quiet_steps(document[key])
            for key in ("steps", "on_failure")
            if key in document
        },
    }


def _with_quiet_steps(steps: Any, *, quiet: bool = False) -> Any:
    if not isinstance(steps, list):
        return steps
    return [
        _with_quiet_step(step, quiet=quiet) if isinstance(step, dict) else step for step in steps
    ]


def _with_quiet_step(step: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    children = child_lists(step, "")
    reminding = _reminder_lists(step)
    for place, inner in lists_in(step, ""):
        is_quiet = place in reminding or (quiet and place not in children)
        step = _replaced(step, place.split("/")[1:], _with_quiet_steps(inner, quiet=is_quiet))
    return {"on_error": "continue", **step} if quiet else step


def _reminder_lists(step: dict[str, Any]) -> frozenset[str]:
    reminders = elements(mapping(step.get("params")).get("reminders"))
    return frozenset(
        pointer("", "params", "reminders", index, "steps") for index in range(len(reminders))
    )


def _replaced(value: Any, keys: list[str], by: Any) -> Any:
    """Return a copy of `value` with `by` at the place that `keys` lead to."""
    if not keys:
        return by
    key, rest = keys[0], keys[1:]
    if isinstance(value, list):
        index = int(key)
        return [*value[:index], _replaced(value[index], rest, by), *value[index + 1 :]]
    return {**value, key: _replaced(value[key], rest, by)}
