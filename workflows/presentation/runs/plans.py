"""What a version plans to do: its steps, and the steps inside them, in the order of its document.

Read from the stored program. A list of steps takes neighbouring places there, and each step but the
last leads on to the next place; what a branch, a loop or a reminder leads to is a list of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from tenants.core.json import Json
from workflows.definition.programs.instructions import Reminder
from workflows.definition.values.durations import parse_duration

Stored = Mapping[str, Json]


class WayKind(StrEnum):
    """Why a list of steps inside a step is done."""

    CASE = "case"
    OTHERWISE = "otherwise"
    ROUND = "round"
    ITEMS = "items"
    ARM = "arm"
    REMINDER = "reminder"
    LATE = "late"
    ERROR = "error"
    FAILURE = "failure"  # of the run as a whole


# What child runs carry out: the run itself has no results of these steps.
BY_CHILDREN = frozenset({WayKind.ITEMS, WayKind.ARM})


@dataclass(frozen=True, slots=True)
class PlannedWay:
    """Steps inside a step."""

    kind: WayKind
    steps: tuple["PlannedStep", ...]
    label: str = ""  # as its author wrote it: of a case, of an arm
    key: str = ""  # by what an output names it: the case's label, the arm's name
    body: int = -1  # index of its first instruction
    reminder: Reminder | None = None

    @property
    def names(self) -> frozenset[str]:
        """Return the names of its steps, and of those inside them that the same run carries out."""
        return frozenset().union(*(step.names for step in self.steps))


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of the version that the run executes."""

    name: str
    label: str
    action: str
    ways: tuple[PlannedWay, ...] = ()
    event_type: str = ""  # of a wait for one
    workflow: str = ""  # the key of the one it runs
    params: Stored = field(default_factory=dict, hash=False)  # how they are filled in (`make_plan`)

    @property
    def names(self) -> frozenset[str]:
        """Return its name and those of the steps inside it that the same run carries out."""
        inner = (way.names for way in self.ways if way.kind not in BY_CHILDREN)
        return frozenset({self.name}).union(*inner)

    @property
    def bodies(self) -> tuple[int, ...]:
        """Return where its child runs begin in their programs."""
        if self.action == "run_workflow":
            return (0,)
        return tuple(way.body for way in self.ways if way.kind in BY_CHILDREN)

    @property
    def reminders(self) -> tuple[Reminder, ...]:
        return tuple(way.reminder for way in self.ways if way.reminder is not None)


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """All that one run may come to do."""

    steps: tuple[PlannedStep, ...] = ()
    if_failed: PlannedWay | None = None
    names: tuple[str, ...] = ()  # of the program's instructions, by their index
    max_running: int | None = None  # runs of the workflow at once

    def name_at(self, index: int) -> str:
        """Return the name of the step at an index of the program; "" if there is none."""
        return self.names[index] if 0 <= index < len(self.names) else ""

    @property
    def labels(self) -> dict[str, str]:
        """Return the labels that its steps, and branches done at once, have, by their names."""
        steps = list(every_step(self))
        arms = {way.key: way.label for step in steps for way in step.ways if way.label}
        return {**arms, **{step.name: step.label for step in steps if step.label}}


def every_step(plan: VersionPlan) -> Iterator[PlannedStep]:
    """Yield each step, also those that child runs carry out."""
    yield from _every(plan.steps)
    if plan.if_failed is not None:
        yield from _every(plan.if_failed.steps)


def plan_of(program: Stored, entry: int = 0) -> VersionPlan:
    """Return the plan of a run that begins at `entry`: 0, or the block of a child run."""
    instructions: Sequence[Stored] = program.get("instructions") or ()
    reader = _PlanReader(instructions)
    if not 0 <= entry < len(instructions):
        return VersionPlan()
    at = program.get("on_failure")
    fails = None if at is None or entry else PlannedWay(WayKind.FAILURE, reader.steps(at), body=at)
    names = tuple(str(one["name"]) for one in instructions)
    most = (program.get("settings") or {}).get("max_running")
    return VersionPlan(reader.steps(entry), fails, names, most)


def _every(steps: Sequence[PlannedStep]) -> Iterator[PlannedStep]:
    for step in steps:
        yield step
        for way in step.ways:
            yield from _every(way.steps)


@dataclass(frozen=True, slots=True)
class _PlanReader:
    instructions: Sequence[Stored]

    def steps(self, first: int) -> tuple[PlannedStep, ...]:
        found = [self._step(self.instructions[first])]
        while self._goes_on(first):
            first += 1
            found.append(self._step(self.instructions[first]))
        return tuple(found)

    def _goes_on(self, index: int) -> bool:
        """Whether the next place holds the next step of the same list."""
        if self.instructions[index]["next"] != index + 1:
            return False
        # The mark behind everything: where a block ends whose run stops.
        return bool(self.instructions[index + 1]["op"] != "fail")

    def _step(self, stored: Stored) -> PlannedStep:
        return PlannedStep(
            name=stored["name"],
            label=stored.get("label") or "",
            action=stored["action"],
            ways=tuple(self._ways(stored)),
            event_type=stored.get("event_type") or "",
            workflow=stored.get("workflow") or "",
            params=stored.get("params") or {},
        )

    def _ways(self, stored: Stored) -> Iterator[PlannedWay]:
        for case in stored.get("cases") or ():
            label = str(case["label"])
            yield self._way(WayKind.CASE, case["go_to"], label=label, key=label)
        if stored.get("otherwise") is not None:
            yield self._way(WayKind.OTHERWISE, stored["otherwise"], key="otherwise")
        if stored.get("body") is not None:
            kind = WayKind.ITEMS if stored["op"] == "for_each" else WayKind.ROUND
            yield self._way(kind, stored["body"])
        for arm in stored.get("arms") or ():
            yield self._way(WayKind.ARM, arm["body"], label=arm["label"], key=arm["name"])
        for one in stored.get("reminders") or ():
            yield self._way(WayKind.REMINDER, one["body"], reminder=_reminder(one))
        if stored.get("on_timeout") is not None:
            yield self._way(WayKind.LATE, stored["on_timeout"])
        if stored.get("error_block") is not None:
            yield self._way(WayKind.ERROR, stored["error_block"])

    def _way(self, kind: WayKind, body: int, **more: Any) -> PlannedWay:
        return PlannedWay(kind, self.steps(body), body=body, **more)


def _reminder(stored: Stored) -> Reminder:
    return Reminder(
        after=parse_duration(stored["after"]) or timedelta(0),
        every=parse_duration(stored.get("every")),
        at_most=stored.get("at_most") or 1,
        body=stored["body"],
    )
