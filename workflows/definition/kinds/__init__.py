"""The steps that steer a run: the engine handles them, no action of the library does.

Hints in their schemas, beside those of actions: `x-steps` where a list of steps stands,
`x-condition`, `x-result` (what a child run hands back), `x-duration` ("2h"), `x-clock` ("09:00"),
`x-moment` (an ISO time), `x-identifier`. What people read about them stands in the wording.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from workflows.definition.kinds import children, control_flow, waits
from workflows.definition.kinds.parts import MAX_ROUNDS, StepKind

__all__ = ["KINDS", "MAX_ROUNDS", "StepKind", "kind_named", "reminder_parts_of"]

_ALL: Final = (*control_flow.KINDS, *children.KINDS, *waits.KINDS)
KINDS: Final[Mapping[str, StepKind]] = MappingProxyType({kind.name: kind for kind in _ALL})


def kind_named(name: object) -> StepKind | None:
    """Return the kind of step that `name` names, or None: an action, or nothing at all."""
    return KINDS.get(name) if isinstance(name, str) else None


def reminder_parts_of(name: object) -> tuple[str, ...]:
    """Return the members of a step's output that its reminders can read."""
    kind = kind_named(name)
    return kind.reminder_parts if kind else ()
