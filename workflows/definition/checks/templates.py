"""Templates: whether they can be read, and whether what they read can be there."""

from collections.abc import Iterator
from typing import Any

from tenants.core.json.pointers import pointer
from tenants.core.values.paths import Path, show_path
from workflows.definition.checks.parent_scope import KnownStep, ScopeOfParents
from workflows.definition.codes import Code
from workflows.definition.errors import Problem, suggestion
from workflows.definition.schemas import field_names, lacks
from workflows.definition.scope import LOOP_ROOTS, ROOTS, TENANT_FIELDS
from workflows.definition.templates import compile_template, template_problems
from workflows.definition.templates.compiled import is_template

_STEP_PARTS = ("output", "status", "error")
_ERROR_PARTS = ("code", "step", "http_status")  # of the run's
_STEP_ERROR_PARTS = ("code", "http_status")
_OF_LISTS = ("first", "last")
_RUN_PARTS = ("id", "workflow", "version", "started_at", "actor")


def check_templates(value: Any, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    """Yield the problems of every template in `value`, however deep."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from check_templates(member, pointer(path, key), around)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from check_templates(element, pointer(path, index), around)
    elif isinstance(value, str) and is_template(value):
        yield from check_template(value, path, around)


def check_template(source: str, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    problems = template_problems(source, path=path)
    yield from problems
    if problems:
        return
    template = compile_template(source)
    for read in template.paths:
        others = {str(one[1]) for one in template.fallbacks.get(read, ()) if _is_output(one)}
        is_guarded = read in template.guarded or (bool(others) and around.seen.has_one_of(others))
        yield from check_path(read, path, around, guarded=is_guarded)


def _is_output(read: Path) -> bool:
    return len(read) > 2 and (read[0], read[2]) == ("steps", "output")


def check_path(
    read: Path, path: str, around: ScopeOfParents, *, guarded: bool = False
) -> Iterator[Problem]:
    """Yield a problem if nothing can ever lie at `read`.

    `guarded` says that the place copes with a missing value.
    """
    root, *below = read
    shown = show_path(read)
    if root in LOOP_ROOTS:
        yield from _item(read, shown, path, around)
    elif root not in ROOTS:
        near = suggestion(root, ROOTS)
        yield Problem(path, Code.UNKNOWN_ROOT, {"path": shown, "root": str(root), **near})
    elif root in {"trigger", "previous"}:
        yield from _trigger(tuple(below), shown, path, around)
    elif root == "steps" and below and isinstance(below[0], str):
        yield from _step(below, shown, path, around, guarded=guarded)
    elif root == "run":
        yield from _run(tuple(below), shown, path, around)
    elif below:
        yield from _constant(str(root), tuple(below), shown, path, around)


def _ends(below: Path) -> bool:
    """Say whether a path goes on behind a text or a number, which have a size and nothing else."""
    return below not in ((), ("size",))


def _constant(
    root: str, below: Path, shown: str, path: str, around: ScopeOfParents
) -> Iterator[Problem]:
    """Yield the problem of a name that `values`, `tenant` or `now` does not have."""
    name = below[0]
    if root == "now" and name != "size":
        yield Problem(path, Code.NOW_HAS_NO_PARTS, {"path": shown})
    elif root == "values" and name not in around.values:
        near = suggestion(name, around.values)
        yield Problem(path, Code.UNKNOWN_VALUE, {"path": shown, "name": str(name), **near})
    elif root == "values" and _is_missing(around.values[str(name)], below[1:]):
        yield Problem(path, Code.UNKNOWN_VALUE_PART, {"path": shown, "name": str(name)})
    elif root == "tenant" and (name not in TENANT_FIELDS or _ends(below[1:])):
        near = suggestion(name, TENANT_FIELDS)
        yield Problem(path, Code.UNKNOWN_TENANT_FIELD, {"path": shown, **near})


def _is_missing(value: Any, below: Path) -> bool:
    for key in below:
        if key == "size":
            return False
        if isinstance(value, dict) and key in value:
            value = value[key]
        else:
            # Of a list nothing is known: it may be written longer tomorrow.
            return not (isinstance(value, list) and (isinstance(key, int) or key in _OF_LISTS))
    return False


def _trigger(below: Path, shown: str, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    # With several event types a field has to exist in one of them.
    missing = [lacks(event, below) for event in around.events]
    lacking = missing[0] if missing and None not in missing else None
    if lacking is not None:
        known = field_names(around.events[0], lacking[:-1])
        yield Problem(
            path,
            Code.UNKNOWN_TRIGGER_FIELD,
            {"path": shown, "field": str(lacking[-1]), **suggestion(lacking[-1], known)},
        )


def _item(read: Path, shown: str, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    levels = next((index for index, key in enumerate(read) if key != "outer"), len(read))
    part = read[levels] if levels < len(read) else None
    if part is not None and part not in LOOP_ROOTS:
        near = suggestion(part, LOOP_ROOTS)
        yield Problem(path, Code.UNKNOWN_ITEM_PART, {"path": shown, **near})
    elif part == "item_index" and _ends(tuple(read[levels + 1 :])):
        yield Problem(path, Code.UNKNOWN_ITEM_PART, {"path": shown})
    # `outer` alone is what is around the one list more that this needs.
    needed = levels + 1
    if needed > sum(block.is_item for block in around.seen.blocks):
        yield Problem(path, Code.NO_ITEM_HERE, {"path": shown})


def _run(below: Path, shown: str, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    if below[:1] == ("error",):
        yield from _run_error(below, shown, path, around)
    elif below and (below[0] not in _RUN_PARTS or _ends(below[1:])):
        near = suggestion(below[0], (*_RUN_PARTS, "error"))
        yield Problem(path, Code.UNKNOWN_RUN_PART, {"path": shown, **near})


def _run_error(below: Path, shown: str, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    if not around.after_error:
        yield Problem(path, Code.NO_ERROR_HERE, {"path": shown})
    elif _ends(below[1:]) and (below[1] not in _ERROR_PARTS or _ends(below[2:])):
        near = suggestion(below[1], _ERROR_PARTS)
        yield Problem(path, Code.UNKNOWN_ERROR_PART, {"path": shown, **near})


def _step(
    below: list[str | int], shown: str, path: str, around: ScopeOfParents, *, guarded: bool
) -> Iterator[Problem]:
    name, part = str(below[0]), below[1] if len(below) > 1 else None
    step, seen, facts = around.steps.get(name), around.seen, {"path": shown, "step": name}
    if step is None:
        yield Problem(path, Code.UNKNOWN_STEP, {**facts, **suggestion(name, seen.possible)})
    elif name not in seen.possible:
        yield _not_seen(step, around, facts, path)
    elif part is not None:
        yield from _part(step, tuple(below[1:]), facts, path, around)
        if part in _STEP_PARTS and not guarded and not _is_sure(name, tuple(below[1:]), around):
            yield Problem(path, Code.MAY_BE_MISSING, facts)


def _part(
    step: KnownStep, read: Path, facts: dict[str, str], path: str, around: ScopeOfParents
) -> Iterator[Problem]:
    part, *below = read
    if part == "output":
        yield from _output(step, tuple(below), facts, path, around)
    elif part not in _STEP_PARTS or (part == "status" and _ends(tuple(below))):
        near = suggestion(part, _STEP_PARTS)
        yield Problem(path, Code.UNKNOWN_STEP_PART, {**facts, "parts": list(_STEP_PARTS), **near})
    elif part == "error" and _is_no_error_part(tuple(below)):
        near = suggestion(below[0], _STEP_ERROR_PARTS)
        yield Problem(path, Code.UNKNOWN_STEP_ERROR_PART, {**facts, **near})


def _is_no_error_part(below: Path) -> bool:
    return _ends(below) and (below[0] not in _STEP_ERROR_PARTS or _ends(below[1:]))


def _is_sure(name: str, read: Path, around: ScopeOfParents) -> bool:
    """Say whether the part of a step that is read is there on every path."""
    seen = around.seen
    if read[0] != "output":
        return name in seen.reached
    if read[1:2] == ("timed_out",):
        return name in seen.answered
    return name in seen.certain or _tells_reminder(name, read[1:], around)


def _tells_reminder(name: str, below: Path, around: ScopeOfParents) -> bool:
    is_inside = name in around.seen.reminding
    return is_inside and bool(below) and below[0] in around.steps[name].in_reminders


def _not_seen(step: KnownStep, around: ScopeOfParents, facts: dict[str, str], path: str) -> Problem:
    here = around.seen.blocks
    strange = next((block for block in step.blocks if block not in here), None)
    if strange is not None:
        return Problem(path, Code.INSIDE_BLOCK, {**facts, "block": strange.owner})
    is_before = around.order[step.path] < around.order.get(around.step, 0)
    is_apart = is_before or _on_other_branches(step.path, around.step)
    return Problem(path, Code.OTHER_BRANCH if is_apart else Code.LATER_STEP, facts)


def _on_other_branches(left: str, right: str) -> bool:
    """Say whether two places lie in different cases of the same branch."""
    ways = list(zip(left.split("/"), right.split("/"), strict=False))
    split = next((index for index, (one, other) in enumerate(ways) if one != other), 0)
    return ways[split - 1][0] == "cases" or set(ways[split]) == {"cases", "otherwise"}


def _output(
    step: KnownStep, below: Path, params: dict[str, str], path: str, around: ScopeOfParents
) -> Iterator[Problem]:
    if _tells_reminder(params["step"], below, around):
        return
    lacking = lacks(step.output, below)
    if lacking is not None:
        near = suggestion(lacking[-1], field_names(step.output, lacking[:-1]))
        params = {**params, "field": str(lacking[-1]), **near}
        yield Problem(path, Code.UNKNOWN_OUTPUT_FIELD, params)
