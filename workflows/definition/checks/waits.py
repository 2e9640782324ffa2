"""What the schemas of waits for others cannot say: which of their params fit together."""

from __future__ import annotations

from collections.abc import Iterator

from tenants.core.json.pointers import pointer
from tenants.core.values.paths import parse_path
from workflows.definition.approvers import ROLE, can_be_meant
from workflows.definition.blocks import elements, mapping
from workflows.definition.catalogue import Catalogue
from workflows.definition.checks.parent_scope import Surroundings
from workflows.definition.checks.together import Params, apart, beside, unlike
from workflows.definition.codes import Code
from workflows.definition.kinds.waits import USUAL_CHOICES
from workflows.definition.problems import Problem, suggestion
from workflows.definition.schemas import field_names, lacks
from workflows.definition.templates.compiled import is_template
from workflows.definition.values.numbers import shortened


def check_wait_for_event(params: Params, path: str, around: Surroundings) -> Iterator[Problem]:
    """Yield the problems of a wait for an event."""
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


def check_approval(params: Params, path: str, around: Surroundings) -> Iterator[Problem]:
    """Yield the problems of an approval."""
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
    """Yield a problem if it is the key of a choice that there is not."""
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
