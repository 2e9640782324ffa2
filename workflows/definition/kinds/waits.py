"""Kinds that wait for somebody else: an event, or a person's decision."""

from collections.abc import Mapping
from typing import Any, Final

from workflows.definition.catalogue import Catalogue, Schema
from workflows.definition.kinds.parts import (
    ANYTHING,
    AS_WRITTEN,
    DURATION,
    EVENT_TYPE,
    IDENTIFIER,
    LABEL,
    SOME_STEPS,
    TEXT,
    TRUTH,
    YES_NO,
    StepKind,
    an_object,
    an_output,
    objects,
    texts_in,
    whole_number,
)

MAX_MATCHES: Final = 5
USUAL_REMINDERS: Final = 10  # times, of one that comes again and again
# Where a document names no choices. The labels are message ids, translated where they are shown.
USUAL_CHOICES: Final = (
    {"key": "approve", "label": "Approve"},
    {"key": "reject", "label": "Reject"},
)
# The choice that needs no answers unless a question names it: who rejects has none to give.
REJECTING: Final = "reject"
FIELD_TYPES: Final = ("text", "long_text", "number", "yes_no", "choice")

_PATIENCE: Final[dict[str, Schema]] = {
    "timeout": DURATION,
    "reminders": objects(
        ["after", "steps"],
        most=5,
        least=0,
        after=DURATION,
        every=DURATION,
        at_most=whole_number(1, 100, default=USUAL_REMINDERS),
        steps=SOME_STEPS,
    ),
}
_FIELDS: Schema = objects(
    ["key", "label", "type"],
    most=20,
    least=0,
    key=IDENTIFIER,
    label=LABEL,
    type={"enum": list(FIELD_TYPES), **AS_WRITTEN},
    required=YES_NO,
    required_for={
        "type": "array",
        "minItems": 1,
        "maxItems": 10,
        "items": {"type": "string", **AS_WRITTEN},
        **AS_WRITTEN,
    },
    options={"type": "array", "maxItems": 100, "items": LABEL, **AS_WRITTEN},
)


def _event_awaited(params: Mapping[str, Any], catalogue: Catalogue) -> Schema:
    event = catalogue.events.get(str(params.get("type"))) or ANYTHING
    return an_output(event_id=TEXT, timed_out=TRUTH, payload=event)


def _decision(params: Mapping[str, Any], _catalogue: Catalogue) -> Schema:
    answers = an_output(*texts_in(params.get("form"), "key"))
    decided = {"choice": TEXT, "decided_by": TEXT, "decided_at": TEXT}
    return an_output(**decided, timed_out=TRUTH, answers=answers)


KINDS: Final = (
    StepKind(
        "wait_for_event",
        an_object(
            ["type", "match"],
            type=EVENT_TYPE,
            match={
                "type": "object",
                "minProperties": 1,
                "maxProperties": MAX_MATCHES,
                "additionalProperties": {"type": ["string", "number", "boolean"]},
            },
            on_timeout=SOME_STEPS,
            look_back={**DURATION, "x-duration": "none too", "default": "0s"},
            **_PATIENCE,
        ),
        rendered=("match",),
        is_checked=True,
        output=_event_awaited,
        reminder_parts=("reminder",),
    ),
    StepKind(
        "approval",
        an_object(
            ["title", "approvers"],
            title={"type": "string", "minLength": 1, "maxLength": 500, "x-text": "plain"},
            message={"type": "string", "x-text": "plain", "x-widget": "textarea"},
            approvers={
                "type": "array",
                "minItems": 1,
                "maxItems": 20,
                "items": {"type": "string", "minLength": 1, "maxLength": 254, "x-text": "plain"},
            },
            choices=objects(["key", "label"], most=10, key=IDENTIFIER, label=LABEL),
            form=_FIELDS,
            timeout_choice={"type": "string", **AS_WRITTEN},
            allow_self=YES_NO,
            **_PATIENCE,
        ),
        rendered=("title", "message", "approvers", "choices", "form"),
        is_checked=True,
        output=_decision,
        reminder_parts=("reminder", "link"),
    ),
)
