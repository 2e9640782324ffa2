"""What has run when a place of the document is reached, by whatever path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workflows.definition.blocks import elements, goes_on, mapping, names_in
from workflows.definition.checks.guards import (
    asked_steps,
    guarding_steps,
    vouched_otherwise,
    vouched_steps,
)
from workflows.definition.problems import pointer

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """The steps that come before a place, by name."""

    possible: frozenset[str] = _NONE  # on some path: they may have run
    reached: frozenset[str] = _NONE  # on every path: they ran, failed or were skipped
    certain: frozenset[str] = _NONE  # they have an output
    # Those that have an output if this condition of their own held.
    alike: Mapping[str, Any] = field(default_factory=dict)

    def passing(self, name: str) -> Seen:
        """Return the same behind the step `name`, whatever became of it."""
        return replace(self, possible=self.possible | {name}, reached=self.reached | {name})

    def maybe(self, names: frozenset[str]) -> Seen:
        """Return the same where these may have run too."""
        return replace(self, possible=self.possible | names)

    def sure(self, names: frozenset[str]) -> Seen:
        """Return the same where these have an output, if they can have run at all."""
        names &= self.possible
        return replace(self, reached=self.reached | names, certain=self.certain | names)

    def asking(self, condition: object) -> Seen:
        """Return the same inside a condition: its rows guard one another."""
        certain = self.certain | guarding_steps(condition)
        return replace(self, reached=self.reached | asked_steps(condition), certain=certain)

    def under(self, condition: object) -> Seen:
        """Return the same where a condition has held: it asks about steps, or asks the same."""
        same = {name for name, other in self.alike.items() if condition and other == condition}
        return self.sure(vouched_steps(condition) | same)


def _behind(ways: list[Seen]) -> Seen | None:
    """Return what is known where several ways meet; None if there is none."""
    if not ways:
        return None
    return Seen(
        possible=frozenset.union(*(way.possible for way in ways)),
        reached=frozenset.intersection(*(way.reached for way in ways)),
        certain=frozenset.intersection(*(way.certain for way in ways)),
        alike={
            name: condition
            for way in ways
            for name, condition in way.alike.items()
            if all(name in one.certain or one.alike.get(name) == condition for one in ways)
        },
    )


def trace(document: Mapping[str, Any]) -> dict[str, Seen]:
    """Return what each step, and each condition inside one, can see: by its JSON pointer."""
    tracer = _Tracer()
    tracer.steps(document.get("steps"), "/steps", Seen())
    # A run can fail anywhere.
    anywhere = Seen(possible=names_in(document.get("steps")))
    tracer.steps(document.get("on_failure"), "/on_failure", anywhere)
    return tracer.seen


class _Tracer:
    """Follows every path through a document that may be wrong in every part."""

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}

    def steps(self, steps: object, path: str, seen: Seen) -> Seen | None:
        """Return what has run behind a list of steps; None if no path leads there."""
        is_reached = True
        for index, step in enumerate(elements(steps)):
            if not isinstance(step, dict):
                continue
            at = pointer(path, index)
            self.seen[at] = seen
            behind = self._step(step, at, seen)
            is_reached = is_reached and behind is not None
            # What can never run is looked at as if it could: one mistake, one problem.
            seen = behind or seen.passing(str(step.get("name")))
        return seen if is_reached else None

    def _step(self, step: Mapping[str, Any], path: str, seen: Seen) -> Seen | None:
        name, condition = str(step.get("name")), step.get("condition")
        done = [way.passing(name).sure(frozenset({name})) for way in self._ways(step, path, seen)]
        failed = self._after_error(step, path, seen.passing(name))
        skipped = []
        if condition:
            alike = {} if goes_on(step) else {name: condition}
            skipped = [replace(seen.passing(name), alike={**seen.alike, **alike})]
        return _behind([*done, *failed, *skipped])

    def _ways(self, step: Mapping[str, Any], path: str, seen: Seen) -> list[Seen]:
        """Return what is known where the step has done its work, for each way through it."""
        params, at = mapping(step.get("params")), pointer(path, "params")
        inside = seen.under(step.get("condition"))
        match step.get("action"):
            case "stop":
                return []
            case "branch":
                return self._branch(params, at, inside)
            case "repeat":
                return self._repeat(params, at, inside)
            case _:
                return [inside]

    def _branch(self, params: Mapping[str, Any], path: str, seen: Seen) -> list[Seen]:
        ways = []
        for index, case in enumerate(elements(params.get("cases"))):
            at, when = pointer(path, "cases", index), mapping(case).get("when")
            self.seen[pointer(at, "when")] = seen
            inside = pointer(at, "steps")
            ways.append(self.steps(mapping(case).get("steps"), inside, seen.under(when)))
            seen = seen.sure(vouched_otherwise(when))
        ways.append(self.steps(params.get("otherwise"), pointer(path, "otherwise"), seen))
        return [way for way in ways if way is not None]

    def _repeat(self, params: Mapping[str, Any], path: str, seen: Seen) -> list[Seen]:
        body, until = params.get("steps"), params.get("until")
        # From the second round on they have run.
        start = seen.maybe(names_in(body))
        behind = self.steps(body, pointer(path, "steps"), start)
        self.seen[pointer(path, "until")] = behind or start
        return [] if behind is None else [behind.under(until)]

    def _after_error(self, step: Mapping[str, Any], path: str, seen: Seen) -> list[Seen]:
        """Return what is known where the step has failed and the run goes on behind it."""
        on_error = step.get("on_error")
        if on_error != "continue" and not isinstance(on_error, dict):
            return []
        seen = seen.maybe(names_in([{**step, "on_error": None}]))
        steps = mapping(on_error).get("steps")
        behind = self.steps(steps, pointer(path, "on_error", "steps"), seen)
        return [behind] if goes_on(step) and behind is not None else []
