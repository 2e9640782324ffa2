"""What a place of the document knows of the steps before it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final

from workflows.definition.checks.guards import (
    asked_steps,
    guarding_steps,
    vouched_steps,
)

_NONE: frozenset[str] = frozenset()
MOST_WAYS: Final = 64  # branch after branch they multiply


@dataclass(frozen=True, slots=True)
class ChildBlock:
    """A list of steps that child runs carry out."""

    path: str  # its JSON pointer
    owner: str  # name of the step that starts the child runs
    is_item: bool  # one child for each element of a list


@dataclass(frozen=True, slots=True)
class Seen:
    """The steps that come before a place, by name."""

    possible: frozenset[str] = _NONE  # on some path: they may have run
    reached: frozenset[str] = _NONE  # on every path: they ran, failed or were skipped
    certain: frozenset[str] = _NONE  # they have an output
    answered: frozenset[str] = _NONE  # these too, or waits whose time ran out
    reminding: frozenset[str] = _NONE  # waits whose reminder this place is part of
    # For each way here the steps that have an output by it; of ways that include others only these.
    ways: frozenset[frozenset[str]] = frozenset({_NONE})
    # Those that have an output if this condition of their own held.
    alike: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[ChildBlock, ...] = ()  # around the place, the outermost first

    def passing(self, name: str) -> Seen:
        """Return the same behind the step `name`, whatever became of it."""
        return replace(self, possible=self.possible | {name}, reached=self.reached | {name})

    def maybe(self, names: frozenset[str]) -> Seen:
        """Return the same where these may have run too."""
        return replace(self, possible=self.possible | names)

    def sure(self, names: frozenset[str]) -> Seen:
        """Return the same where these have an output, if they can have run at all."""
        names &= self.possible
        return replace(
            self,
            reached=self.reached | names,
            certain=self.certain | names,
            answered=self.answered | names,
            ways=frozenset(way | names for way in self.ways),
        )

    def has_one_of(self, names: Set[str]) -> bool:
        """Say whether by every way here one of these steps has an output."""
        return all(not way.isdisjoint(names) for way in self.ways)

    def late(self, name: str) -> Seen:
        """Return the same behind a wait whose time ran out."""
        return replace(self.passing(name), answered=self.answered | {name})

    def reminding_of(self, name: str) -> Seen:
        """Return the same in a reminder of the wait `name`."""
        return replace(self.maybe(frozenset({name})), reminding=self.reminding | {name})

    def entering(self, block: ChildBlock) -> Seen:
        """Return the same at the beginning of a child run."""
        return replace(self, blocks=(*self.blocks, block))

    def asking(self, condition: object) -> Seen:
        """Return the same inside a condition: its rows guard one another."""
        asked = asked_steps(condition)
        return replace(
            self,
            reached=self.reached | asked,
            certain=self.certain | guarding_steps(condition),
            answered=self.answered | asked,
        )

    def under(self, condition: object) -> Seen:
        """Return the same where a condition has held: it asks about steps, or asks the same."""
        same = {name for name, other in self.alike.items() if condition and other == condition}
        return self.sure(vouched_steps(condition) | same)


def _least(ways: frozenset[frozenset[str]]) -> frozenset[frozenset[str]]:
    """Return the ways that include no other; of too many only what all have in common."""
    least = frozenset(way for way in ways if not any(other < way for other in ways))
    return least if len(least) <= MOST_WAYS else frozenset({frozenset.intersection(*least)})


def meeting(ways: list[Seen]) -> Seen | None:
    """Return what is known where several ways meet; None if there is none."""
    if not ways:
        return None
    return replace(
        ways[0],
        possible=frozenset.union(*(way.possible for way in ways)),
        reached=frozenset.intersection(*(way.reached for way in ways)),
        certain=frozenset.intersection(*(way.certain for way in ways)),
        answered=frozenset.intersection(*(way.answered for way in ways)),
        ways=_least(frozenset[frozenset[str]]().union(*(way.ways for way in ways))),
        alike={
            name: condition
            for way in ways
            for name, condition in way.alike.items()
            if all(name in one.certain or one.alike.get(name) == condition for one in ways)
        },
    )
