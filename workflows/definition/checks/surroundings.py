"""What stands around a place in the document: what can be read there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workflows.definition.blocks import all_steps
from workflows.definition.catalogue import Catalogue, Schema
from workflows.definition.checks.tracing import Seen, trace


@dataclass(frozen=True, slots=True)
class KnownStep:
    """A step as far as others read it."""

    path: str  # its JSON pointer
    action: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The document and the catalogue, seen from one place."""

    catalogue: Catalogue
    events: tuple[Schema | None, ...]  # of each event type that starts the workflow
    steps: Mapping[str, KnownStep]  # by name
    order: Mapping[str, int]  # JSON pointer of a step -> how many come before it in the text
    values: frozenset[str]
    everywhere: Mapping[str, Seen]  # by JSON pointer
    seen: Seen = field(default_factory=Seen)
    step: str = ""  # the JSON pointer of the step around the place
    depth: int = 0  # how many lists of steps lie around the one of this place
    after_error: bool = False  # whether `run.error` can be read

    def at_step(self, path: str) -> Surroundings:
        """Return the same, seen from the step at `path`."""
        return replace(self, step=path, seen=self.everywhere.get(path, Seen()))

    def at_condition(self, path: str) -> Surroundings:
        """Return the same, seen from a condition inside the step."""
        return replace(self, seen=self.everywhere.get(path, Seen()))

    def under(self, condition: object) -> Surroundings:
        """Return the same, where the condition has held."""
        return replace(self, seen=self.seen.under(condition))

    def asking(self, condition: object) -> Surroundings:
        """Return the same, inside the condition."""
        return replace(self, seen=self.seen.asking(condition))

    def inside(self) -> Surroundings:
        """Return the same for a list of steps inside the step."""
        return replace(self, depth=self.depth + 1)

    def behind_error(self) -> Surroundings:
        """Return the same for steps that follow an error."""
        return replace(self, after_error=True)


def look_around(document: Mapping[str, Any], catalogue: Catalogue) -> Surroundings:
    """Return the surroundings of a document that may be wrong in every part."""
    also = document.get("also_on")
    types = [document.get("trigger_type"), *(also if isinstance(also, list) else [])]
    values = document.get("values")
    return Surroundings(
        catalogue=catalogue,
        events=tuple(catalogue.events.get(name) for name in types if isinstance(name, str)),
        steps=_steps(document),
        order={path: order for order, (path, _) in enumerate(all_steps(document))},
        values=frozenset(values) if isinstance(values, dict) else frozenset(),
        everywhere=trace(document),
    )


def _steps(document: Mapping[str, Any]) -> dict[str, KnownStep]:
    found: dict[str, KnownStep] = {}
    for path, step in all_steps(document):
        if isinstance(step, dict) and isinstance(step.get("name"), str):
            found.setdefault(step["name"], KnownStep(path, str(step.get("action"))))
    return found
