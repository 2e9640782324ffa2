"""What has run when a place of the document is reached, by whatever path."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tenants.core.json.pointers import pointer
from workflows.definition.blocks import elements, goes_on, mapping, names_in
from workflows.definition.checks.seen import ChildBlock, Seen, meeting, vouched_otherwise


def trace(document: Mapping[str, Any]) -> dict[str, Seen]:
    """Return what each step, condition and result can see: by its JSON pointer."""
    tracer = _Tracer()
    behind = tracer.steps(document.get("steps"), "/steps", Seen())
    # A run can fail anywhere.
    anywhere = Seen(possible=names_in(document.get("steps")))
    # One that a `stop` ends hands nothing back.
    tracer.seen["/output"] = behind or anywhere
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
        inside = seen.under(condition)
        done = [way.passing(name).sure(frozenset({name})) for way in self._ways(step, path, inside)]
        late = self._late(step, path, inside)
        failed = self._after_error(step, path, seen.passing(name))
        skipped = []
        if condition:
            alike = {} if goes_on(step) or late else {name: condition}
            skipped = [replace(seen.passing(name), alike={**seen.alike, **alike})]
        return meeting([*done, *late, *failed, *skipped])

    def _ways(self, step: Mapping[str, Any], path: str, seen: Seen) -> list[Seen]:
        """Return what is known where the step has done its work, for each way through it."""
        params, at = mapping(step.get("params")), pointer(path, "params")
        match step.get("action"):
            case "stop":
                return []
            case "branch":
                return self._branch(params, at, seen)
            case "repeat":
                return self._repeat(params, at, seen)
            case "for_each" | "parallel":
                return self._children(step, at, seen)
            case "wait_for_event" | "approval":
                return self._patient(step, at, seen)
            case _:
                return [seen]

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

    def _children(self, step: Mapping[str, Any], path: str, seen: Seen) -> list[Seen]:
        """Follow the child runs. Outside nothing can be read of what is inside."""
        is_item, owner = step.get("action") == "for_each", str(step.get("name"))
        may_pass = True
        for at, body in _child_bodies(step, path):
            place = pointer(at, "steps")
            start = seen.entering(ChildBlock(place, owner, is_item))
            behind = self.steps(body, place, start)
            # One that a `stop` ends has no result.
            self.seen[pointer(at, "result")] = behind or start.maybe(names_in(body))
            # A list may have no items; of branches each has to come to its end.
            may_pass = may_pass and (is_item or behind is not None)
        return [seen] if may_pass else []

    def _patient(self, step: Mapping[str, Any], path: str, seen: Seen) -> list[Seen]:
        """Follow the reminders, which may come before the wait is over, or never."""
        reminders = elements(mapping(step.get("params")).get("reminders"))
        reminding = seen.maybe(_reminded(step)).reminding_of(str(step.get("name")))
        for index, reminder in enumerate(reminders):
            at = pointer(path, "reminders", index, "steps")
            self.steps(mapping(reminder).get("steps"), at, reminding)
        return [seen.maybe(_reminded(step))]

    def _late(self, step: Mapping[str, Any], path: str, seen: Seen) -> list[Seen]:
        """Return what is known where a wait took too long and the run goes on behind it."""
        steps = mapping(step.get("params")).get("on_timeout")
        if step.get("action") != "wait_for_event" or not steps:
            return []
        start = seen.maybe(_reminded(step)).late(str(step.get("name")))
        behind = self.steps(steps, pointer(path, "params", "on_timeout"), start)
        return [] if behind is None else [behind]

    def _after_error(self, step: Mapping[str, Any], path: str, seen: Seen) -> list[Seen]:
        """Return what is known where the step has failed and the run goes on behind it."""
        on_error = step.get("on_error")
        if on_error != "continue" and not isinstance(on_error, dict):
            return []
        seen = seen.maybe(names_in([{**step, "on_error": None}]))
        steps = mapping(on_error).get("steps")
        behind = self.steps(steps, pointer(path, "on_error", "steps"), seen)
        return [behind] if goes_on(step) and behind is not None else []


def default_scope(seen: Seen) -> str:
    """Return what a `stop` ends that does not say so: the item of a list, else the run."""
    return "item" if any(block.is_item for block in seen.blocks) else "run"


def _reminded(step: Mapping[str, Any]) -> frozenset[str]:
    reminders = elements(mapping(step.get("params")).get("reminders"))
    found = (names_in(mapping(reminder).get("steps")) for reminder in reminders)
    return frozenset[str]().union(*found)


def _child_bodies(step: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    params = mapping(step.get("params"))
    if step.get("action") == "for_each":
        yield path, params.get("steps")
        return
    for index, one in enumerate(elements(params.get("branches"))):
        yield pointer(path, "branches", index), mapping(one).get("steps")
