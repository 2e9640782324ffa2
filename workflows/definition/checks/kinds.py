"""What the schemas of the kinds of steps cannot say: which of their params fit together."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tenants.core.json.pointers import pointer
from tenants.core.values.paths import parse_path
from workflows.definition.approvers import ROLE, can_be_meant
from workflows.definition.blocks import elements, mapping
from workflows.definition.catalogue import Catalogue
from workflows.definition.checks.parent_scope import ScopeOfParents
from workflows.definition.checks.simple import Params, apart, beside, unlike
from workflows.definition.checks.tracing import default_scope
from workflows.definition.codes import Code
from workflows.definition.errors import Problem, suggestion
from workflows.definition.kinds.waits import USUAL_CHOICES
from workflows.definition.schemas import field_names, lacks
from workflows.definition.templates.compiled import is_template
from workflows.definition.values.json_values import shortened


def check_wait_for_event(params: Params, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    event = around.catalogue.events.get(str(params.get("type")))
    for written in mapping(params.get("match")):
        at, read = pointer(path, "match", written), parse_path(written)
        lacking = lacks(event, read or ())
        if read is None:
            yield Problem(at, Code.BAD_PATH, {"path": shortened(written)})
        elif lacking is not None:
            near = suggestion(lacking[-1], field_names(event, lacking[:-1]))
            params_of = {"path": shortened(written), "field": str(lacking[-1]), **near}
            yield Problem(at, Code.UNKNOWN_TRIGGER_FIELD, params_of)
    yield from beside(params, "on_timeout", "timeout", path)
    yield from _reminders(params, path)


def check_approval(params: Params, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    yield from _approvers(params, path, around.catalogue)
    yield from unlike(params, "choices", "key", path)
    yield from unlike(params, "form", "key", path)
    for index, one in enumerate(elements(params.get("form"))):
        at = pointer(path, "form", index)
        yield from _options(mapping(one), at)
        yield from _needed(mapping(one), at, _choices(params))
    yield from beside(params, "timeout_choice", "timeout", path)
    yield from _offered(
        params.get("timeout_choice"), _choices(params), pointer(path, "timeout_choice")
    )
    yield from _reminders(params, path)


def _choices(params: Params) -> list[str]:
    keys = [mapping(one).get("key") for one in elements(params.get("choices", [*USUAL_CHOICES]))]
    return [key for key in keys if isinstance(key, str)]


def _offered(chosen: object, choices: list[str], path: str) -> Iterator[Problem]:
    if isinstance(chosen, str) and chosen not in choices:
        facts = {"choices": choices, "value": shortened(chosen), **suggestion(chosen, choices)}
        yield Problem(path, Code.NOT_A_CHOICE, facts)


def _needed(field: Params, path: str, choices: list[str]) -> Iterator[Problem]:
    if field.get("required"):
        yield from apart(field, "required", ("required_for",), path)
    for index, one in enumerate(elements(field.get("required_for"))):
        yield from _offered(one, choices, pointer(path, "required_for", index))


def _approvers(params: Params, path: str, known: Catalogue) -> Iterator[Problem]:
    """Yield a problem for each that is written out and can be nobody; the others come with runs."""
    for index, one in enumerate(elements(params.get("approvers"))):
        if not isinstance(one, str) or not one or is_template(one):
            continue
        if can_be_meant(one, known.roles, known.people):
            continue
        shown = ", ".join(f"{ROLE}{role}" for role in sorted(known.roles)) or f"{ROLE}…"
        facts = {"approver": shortened(one), "roles": shown}
        yield Problem(pointer(path, "approvers", index), Code.BAD_APPROVER, facts)


def _options(field: Params, path: str) -> Iterator[Problem]:
    at, options = pointer(path, "options"), field.get("options")
    if field.get("type") == "choice":
        if "options" not in field:
            yield Problem(at, Code.MISSING_PARAM, {"param": "options"})
        elif options == []:
            yield Problem(at, Code.EMPTY)
    elif options:
        yield Problem(at, Code.NOT_FOR_THIS_STEP, {"key": "options", "action": field.get("type")})
    for index, option in enumerate(elements(options)):
        if option in elements(options)[:index]:
            facts = {"value": shortened(option)}
            yield Problem(pointer(at, index), Code.DUPLICATE, facts)


def _reminders(params: Params, path: str) -> Iterator[Problem]:
    for index, reminder in enumerate(elements(params.get("reminders"))):
        at = pointer(path, "reminders", index)
        yield from beside(mapping(reminder), "at_most", "every", at)


def check_kind(name: str, params: Params, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    check = _CHECKS.get(name)
    if check is not None:
        yield from check(params, path, around)


def _branch(params: Params, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    yield from unlike(params, "cases", "label", path)


def _stop(params: Params, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    if params.get("outcome") == "failed" and "message" not in params:
        yield Problem(pointer(path, "message"), Code.MISSING_PARAM, {"param": "message"})
    if params.get("scope") == "item" and default_scope(around.seen) != "item":
        yield Problem(pointer(path, "scope"), Code.NO_ITEM_TO_END)


def _wait(params: Params, path: str, around: ScopeOfParents) -> Iterator[Problem]:
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


def _emit_event(params: Params, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    yield from beside(params, "subject_type", "subject_id", path)
    yield from beside(params, "subject_id", "subject_type", path)


def _parallel(params: Params, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    yield from unlike(params, "branches", "name", path)


def _run_workflow(params: Params, path: str, around: ScopeOfParents) -> Iterator[Problem]:
    own = around.catalogue.own_workflow
    if own and params.get("workflow") == own:
        yield Problem(pointer(path, "workflow"), Code.CALLS_ITSELF, {"key": own})


_CHECKS: Final[Mapping[str, Callable[[Params, str, ScopeOfParents], Iterator[Problem]]]] = {
    "branch": _branch,
    "stop": _stop,
    "wait": _wait,
    "emit_event": _emit_event,
    "parallel": _parallel,
    "run_workflow": _run_workflow,
    "wait_for_event": check_wait_for_event,
    "approval": check_approval,
}
