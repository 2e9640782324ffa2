"""The document as text: written in one order of keys, read with the place of a mistake."""

import json
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from actions import registry
from tenants.core.json import Json, strict_json
from tenants.core.json.faults import BadJson, JsonFault
from workflows.presentation import json_faults

# Of the editor's form, in which every value has a place of its own and some are kept twice. What
# a document may be is the check's to say.
MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 100

# The database keeps no order of keys. This is the one in which documents are written out.
ORDER: Final = (
    "language", "name", "key", "label", "trigger_type", "also_on", "trigger", "trigger_filter",
    "settings", "concurrency_key", "when_busy", "max_running", "deadline", "values",
    # Before the steps that stand in the params of a step.
    "items", "type", "match", "look_back", "title", "message", "approvers", "choices", "form",
    "required", "required_for", "options", "when", "after", "every", "at_most", "steps", "until",
    "otherwise", "result", "output", "on_failure", "action", "params", "condition", "all", "any",
    "field", "operator", "value", "on_error", "retry", "attempts", "delay", "backoff", "max_delay",
    "timeout", "timeout_choice", "on_timeout", "reminders", "after_crash",
)  # fmt: skip
_RANK: Final = {key: rank for rank, key in enumerate(ORDER)}


class UnreadableDocument(ValueError):
    """The text is not JSON. The message says where, in the reader's language."""


def write(document: Json) -> str:
    return json.dumps(_ordered(document), ensure_ascii=False, indent=2)


def read(text: str | bytes, max_bytes: int = MAX_BYTES) -> Json:
    """Return the document. Raises Unreadable."""
    try:
        return strict_json.loads(
            text, max_bytes=max_bytes, max_depth=MAX_DEPTH, long_integers=True, floats=True
        )
    except BadJson as mistake:
        raise UnreadableDocument(_said(mistake)) from mistake


def _said(mistake: BadJson) -> str:
    match mistake.fault:
        case JsonFault.SYNTAX | JsonFault.EMPTY:
            at = {"line": mistake.line or 1, "column": mistake.column or 1}
            said = _("This is not JSON: line %(line)s, column %(column)s (%(reason)s).")
            return said % {"reason": "Expecting value", **at, **mistake.params}
        case JsonFault.DUPLICATE_KEY:
            return _("“%(key)s” stands twice in one object.") % mistake.params
        case JsonFault.NUMBER_TOO_LONG:
            return _("A number in this text is too long.")
        case JsonFault.TOO_DEEP:
            return _("This is nested too deeply.")
    return json_faults.said_of(mistake)


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
