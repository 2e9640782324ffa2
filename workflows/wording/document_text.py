"""The document as text: written in one order of keys, read with the place of a mistake."""

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from django.utils.translation import gettext as _

from actions import registry

Json = Any

# The database keeps no order of keys. This is the one in which documents are written out.
ORDER: Final = (
    "language", "name", "key", "label", "trigger_type", "also_on", "trigger", "trigger_filter",
    "settings", "concurrency_key", "when_busy", "max_running", "deadline", "values",
    # Before the steps that stand in the params of a step.
    "items", "type", "match", "look_back", "title", "message", "approvers", "choices", "form",
    "required", "options", "when", "after", "every", "at_most", "steps", "until", "otherwise",
    "result", "output", "on_failure", "action", "params", "condition", "all", "any", "field",
    "operator", "value", "on_error", "retry", "attempts", "delay", "backoff", "max_delay",
    "timeout", "timeout_choice", "on_timeout", "reminders", "after_crash",
)  # fmt: skip
_RANK: Final = {key: rank for rank, key in enumerate(ORDER)}


class Unreadable(ValueError):
    """The text is not JSON. The message says where, in the reader's language."""


def write(document: Json) -> str:
    """Return the document as text that people can edit."""
    return json.dumps(_ordered(document), ensure_ascii=False, indent=2)


def read(text: str) -> Json:
    """Return the document. Raises Unreadable."""
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
        holds_nul = "\\u0000" in text and _holds_nul(document)
    except Unreadable:
        raise
    except json.JSONDecodeError as mistake:
        raise Unreadable(
            _("This is not JSON: line %(line)s, column %(column)s (%(reason)s).")
            % {"line": mistake.lineno, "column": mistake.colno, "reason": mistake.msg}
        ) from mistake
    except ValueError as mistake:
        # Python reads no number of more than some thousand digits.
        raise Unreadable(_("A number in this text is too long.")) from mistake
    except RecursionError as mistake:
        raise Unreadable(_("This is nested too deeply.")) from mistake
    if holds_nul:
        raise Unreadable(_("The sign \\u0000 cannot be stored. Remove it."))
    return document


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise Unreadable(_("“%(key)s” stands twice in one object.") % {"key": key})
        found[key] = value
    return found


def _holds_nul(value: Json) -> bool:
    if isinstance(value, dict):
        return any("\0" in key or _holds_nul(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(_holds_nul(item) for item in value)
    return isinstance(value, str) and "\0" in value


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(_("%(name)s is not a value that JSON knows.") % {"name": name})


def _ordered(value: Json, order: Mapping[str, int] = _RANK) -> Json:
    if isinstance(value, list):
        return [_ordered(item, order) for item in value]
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda key: (order.get(key, len(order)), key))
    return {key: _ordered(value[key], _order_inside(key, value, order)) for key in keys}


def _order_inside(
    key: str, step: Mapping[str, Json], order: Mapping[str, int]
) -> Mapping[str, int]:
    """Params stand in the order in which the action declares them."""
    if key != "params" or "action" not in step:
        return order
    try:
        declared = registry.get(step["action"]).params.get("properties", {})
    except registry.UnknownAction:
        return order
    return {name: rank for rank, name in enumerate(declared)}
