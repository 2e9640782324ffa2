"""The steps that steer a run: the engine handles them, no action of the library does.

Hints in their schemas, beside those of actions: `x-steps` where a list of steps stands,
`x-condition`, `x-duration` ("2h"), `x-clock` ("09:00"), `x-moment` (an ISO time). What people
read about them stands in the wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from workflows.definition.catalogue import Schema
from workflows.definition.windows import DAYS

# What to look at again and again, without asking for ever.
MOST_ROUNDS: Final = 1000

_AS_WRITTEN: Schema = {"x-no-template": True}
_STEPS: Schema = {"type": "array", "x-steps": True, **_AS_WRITTEN}
_SOME_STEPS: Schema = {**_STEPS, "minItems": 1}
_CONDITION: Schema = {"type": "object", "minProperties": 1, "x-condition": True, **_AS_WRITTEN}
_DURATION: Schema = {"type": "string", "x-duration": True, **_AS_WRITTEN}
_CLOCK: Schema = {"type": "string", "x-clock": True, **_AS_WRITTEN}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of step that the engine handles."""

    name: str  # stands where a step names its action
    params: Schema


def _object(required: list[str], **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


_CASE: Schema = {
    **_object(
        ["when", "steps"],
        label={"type": "string", "minLength": 1, "maxLength": 200, **_AS_WRITTEN},
        when=_CONDITION,
        steps=_SOME_STEPS,
    ),
    **_AS_WRITTEN,
}
_WINDOW: Schema = {
    **_object(
        ["from", "to"],
        # Without days: every day.
        days={
            "type": "array",
            "minItems": 1,
            "items": {"enum": list(DAYS), **_AS_WRITTEN},
            **_AS_WRITTEN,
        },
        **{"from": _CLOCK, "to": _CLOCK},
    ),
    **_AS_WRITTEN,
}
_ALL: Final = (
    Kind(
        "branch",
        _object(
            ["cases"],
            cases={"type": "array", "minItems": 1, "items": _CASE, **_AS_WRITTEN},
            otherwise=_STEPS,
        ),
    ),
    Kind(
        "stop",
        _object(
            [],
            outcome={"enum": ["completed", "failed"], "default": "completed", **_AS_WRITTEN},
            message={"type": "string", "minLength": 1, "x-text": "plain"},
        ),
    ),
    Kind(
        "wait",
        _object(
            [],
            **{"for": _DURATION},
            # A whole number counts the seconds since 1970.
            until={"type": ["string", "integer"], "x-moment": True},
            before=_DURATION,
            after=_DURATION,
            window=_WINDOW,
        ),
    ),
    Kind(
        "repeat",
        _object(
            ["steps", "until", "every", "at_most"],
            steps=_SOME_STEPS,
            until=_CONDITION,
            every=_DURATION,
            at_most={"type": "integer", "minimum": 1, "maximum": MOST_ROUNDS, **_AS_WRITTEN},
        ),
    ),
    Kind(
        "emit_event",
        _object(
            ["type"],
            type={"type": "string", "minLength": 1, "maxLength": 100, **_AS_WRITTEN},
            payload={"type": "object"},
            subject_type={"type": "string", "minLength": 1, "maxLength": 100, **_AS_WRITTEN},
            subject_id={"type": "string", "minLength": 1, "maxLength": 100, "x-text": "plain"},
        ),
    ),
)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in _ALL})

# Their names are taken; a later release handles them.
LATER_KINDS: Final = frozenset(
    {"for_each", "parallel", "run_workflow", "wait_for_event", "approval"}
)
RESERVED_ACTIONS: Final = frozenset(KINDS) | LATER_KINDS


def kind_named(name: object) -> Kind | None:
    """Return the kind of step that `name` names, or None: an action, or nothing at all."""
    return KINDS.get(name) if isinstance(name, str) else None
