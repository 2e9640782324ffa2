"""What stands around a place in the document: what can be read there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workflows.definition.catalogue import Catalogue, Schema


@dataclass(frozen=True, slots=True)
class EarlierStep:
    """A step as far as others read it."""

    index: int
    action: str
    condition: Any
    may_fail: bool  # on_error says to go on


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The document and the catalogue, seen from one step."""

    catalogue: Catalogue
    events: tuple[Schema | None, ...]  # of each event type that starts the workflow
    steps: Mapping[str, EarlierStep]
    values: frozenset[str]
    index: int = -1  # of the step; -1: no step has run yet
    # Steps that the step's condition asks about, so that it runs only if they did.
    guarded: frozenset[str] = field(default_factory=frozenset)

    def at(self, index: int, guarded: frozenset[str]) -> Surroundings:
        """Return the same, seen from the step at `index`."""
        return replace(self, index=index, guarded=guarded)


def look_around(document: Mapping[str, Any], catalogue: Catalogue) -> Surroundings:
    """Return the surroundings of a document that may be wrong in every part."""
    also = document.get("also_on")
    types = [document.get("trigger_type"), *(also if isinstance(also, list) else [])]
    values = document.get("values")
    return Surroundings(
        catalogue=catalogue,
        events=tuple(catalogue.events.get(name) for name in types if isinstance(name, str)),
        steps=_steps(document.get("steps")),
        values=frozenset(values) if isinstance(values, dict) else frozenset(),
    )


def _steps(steps: object) -> dict[str, EarlierStep]:
    found: dict[str, EarlierStep] = {}
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        if not isinstance(step, dict) or not isinstance(step.get("name"), str):
            continue
        found.setdefault(
            step["name"],
            EarlierStep(
                index=index,
                action=str(step.get("action")),
                condition=step.get("condition"),
                may_fail=step.get("on_error", "stop") != "stop",
            ),
        )
    return found
