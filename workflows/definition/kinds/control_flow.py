"""Kinds that lead a run on by themselves: ways, ends, time, rounds, and events for others."""

from typing import Final

from workflows.definition.catalogue import Schema
from workflows.definition.kinds.parts import (
    AS_WRITTEN,
    CLOCK,
    CONDITION,
    DURATION,
    EVENT_TYPE,
    LABEL,
    LIST,
    MAX_ROUNDS,
    NUMBER,
    SOME_STEPS,
    STEPS,
    TEXT,
    TRUTH,
    StepKind,
    always,
    an_object,
    choice,
    whole_number,
)
from workflows.definition.values.windows import DAYS

_CASE: Schema = {
    **an_object(["when", "steps"], label=LABEL, when=CONDITION, steps=SOME_STEPS),
    **AS_WRITTEN,
}
_WINDOW: Schema = {
    **an_object(
        ["from", "to"],
        # Without days: every day.
        days={
            "type": "array",
            "minItems": 1,
            "items": {"enum": list(DAYS), **AS_WRITTEN},
            **AS_WRITTEN,
        },
        **{"from": CLOCK, "to": CLOCK},
    ),
    **AS_WRITTEN,
}
KINDS: Final = (
    StepKind(
        "branch",
        an_object(
            ["cases"],
            cases={"type": "array", "minItems": 1, "items": _CASE, **AS_WRITTEN},
            otherwise=STEPS,
        ),
        output=always(case=TEXT),
    ),
    StepKind(
        "stop",
        an_object(
            [],
            outcome=choice("completed", "failed", default="completed"),
            message={"type": "string", "minLength": 1, "x-text": "plain"},
            # Inside a for_each the usual one is "item", elsewhere "run".
            scope={"enum": ["item", "run"], **AS_WRITTEN},
        ),
        rendered=("outcome", "message"),
    ),
    StepKind(
        "wait",
        an_object(
            [],
            **{"for": DURATION},
            # A whole number counts the seconds since 1970.
            until={"type": ["string", "integer"], "x-moment": True},
            before=DURATION,
            after=DURATION,
            window=_WINDOW,
        ),
        rendered=("for", "until", "before", "after", "window"),
        output=always(until=TEXT),
    ),
    StepKind(
        "repeat",
        an_object(
            ["steps", "until", "every", "at_most"],
            steps=SOME_STEPS,
            until=CONDITION,
            every=DURATION,
            at_most=whole_number(1, MAX_ROUNDS),
        ),
        output=always(round=NUMBER, done=TRUTH),
    ),
    StepKind(
        "emit_event",
        an_object(
            ["type"],
            type=EVENT_TYPE,
            payload={"type": "object"},
            subject_type={"type": "string", "minLength": 1, "maxLength": 100, **AS_WRITTEN},
            subject_id={
                "type": "string",
                "minLength": 1,
                "maxLength": 100,
                "x-text": "plain",
                "x-record-of": "subject_type",
            },
        ),
        rendered=("type", "payload", "subject_type", "subject_id"),
        is_checked=True,
        output=always(event_id=TEXT, runs=LIST),
    ),
)
