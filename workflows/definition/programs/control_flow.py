"""Steps that lead a run on by themselves: ways, ends, time, rounds, and events for others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from tenants.core.json import Json
from workflows.definition.codes import Code
from workflows.definition.conditions import Condition
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.common import (
    Assembler,
    Common,
    Parts,
    ProgramReader,
    Step,
    Stored,
    WithParams,
)
from workflows.definition.scope import NameScope
from workflows.definition.values.dates import moment
from workflows.definition.values.json_values import shortened
from workflows.definition.values.windows import MAX_DURATION, load_window, parse_duration

_UNTIL: Final = "/until"


@dataclass(frozen=True, slots=True)
class Case:
    """One way of a branch."""

    label: str
    when: Condition
    go_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Common):
    """The first case whose condition holds; each leads on to the branch's own `next`."""

    op: Literal["branch"] = "branch"
    cases: tuple[Case, ...]
    otherwise: int | None

    def choose(self, scope: NameScope) -> tuple[str, int | None]:
        """Return the label of the case and the index to go to; None: `next`.

        Where no case holds the label is "otherwise". Raises ExpressionError naming the path.
        """
        for case in self.cases:
            if case.when.decide(scope).holds:
                return case.label, case.go_to
        return "otherwise", self.otherwise

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        params = step["params"]
        cases = [
            {
                "label": case.get("label", str(number)),
                "when": case["when"],
                "go_to": assembler.place(case["steps"], after),
            }
            for number, case in enumerate(params["cases"], 1)
        ]
        otherwise = params.get("otherwise")
        last = assembler.place(otherwise, after) if otherwise else None
        return {"cases": cases, "otherwise": last}

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        cases = tuple(
            Case(case["label"], reader.condition(case["when"]), case["go_to"])
            for case in stored["cases"]
        )
        return {"cases": cases, "otherwise": stored["otherwise"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(WithParams):
    """The end of the whole run, or of one item of a list."""

    op: Literal["stop"] = "stop"
    outcome: Literal["completed", "failed"]
    levels: int = 0  # how many runs above this one, its parents, end with it

    def render(self, scope: NameScope) -> Json:
        """Return {"message": text}, "" if there is none. Raises ExpressionError."""
        return {"message": self.rendered(scope).get("message", "")}

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        params, inmost_first = step["params"], assembler.children[::-1]
        usual = "item" if "for_each" in inmost_first else "run"
        is_item = params.get("scope", usual) == "item"
        levels = inmost_first.index("for_each") if is_item else len(inmost_first)
        outcome = params.get("outcome", "completed")
        return {"outcome": outcome, **({"levels": levels} if levels else {})}

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        said = {"outcome": stored["outcome"], "levels": stored.get("levels", 0)}
        return {**WithParams.own(stored, reader), **said}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(WithParams):
    """Nothing, until a moment. `render` gives the params, for people to read."""

    op: Literal["wait"] = "wait"

    def wake_at(self, scope: NameScope) -> datetime:
        """Return when the wait ends, in UTC; `scope.now` is when it began.

        A moment not after `scope.now` does not wait. Raises ExpressionError: no time, too far.
        """
        return wake_at(self.rendered(scope), scope)


def wake_at(params: Mapping[str, Any], scope: NameScope) -> datetime:
    """Return the moment at which a wait with these params ends, in UTC.

    Raises ExpressionError: `until` is no time, or more than ten years ahead.
    """
    if "until" in params:
        return _until(params, scope)
    # In UTC: between times of one zone Python counts by the clock on the wall.
    earliest = scope.now.astimezone(UTC) + _span(params.get("for"))
    if "window" in params:
        return load_window(params["window"]).next_moment(earliest, scope.zone)
    return earliest


def _until(params: Mapping[str, Any], scope: NameScope) -> datetime:
    until = params["until"]
    if until is None:
        raise ExpressionError(Code.MISSING_VALUE, place=_UNTIL)
    try:
        at = moment(until, scope.zone, place=_UNTIL).astimezone(UTC)
        at += _span(params.get("after")) - _span(params.get("before"))
    except OverflowError as error:
        raise ExpressionError(Code.NOT_A_DATE, value=shortened(until), place=_UNTIL) from error
    if at - scope.now > MAX_DURATION:
        most = f"{MAX_DURATION.days}d"
        raise ExpressionError(Code.LIMIT_REACHED, limit="wait", most=most, place=_UNTIL)
    return at


def _span(written: object) -> timedelta:
    return parse_duration(written) or timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Common):
    """Steps again and again: first the body, which leads back here, then the test."""

    op: Literal["repeat"] = "repeat"
    body: int
    every: timedelta  # between two rounds
    at_most: int  # rounds; then it fails with `not_in_time`
    until: Condition

    def is_done(self, scope: NameScope) -> bool:
        """Say whether no further round is needed. Raises ExpressionError naming the path."""
        return self.until.decide(scope).holds

    @classmethod
    def assembled(cls, assembler: Assembler, index: int, step: Step, after: int | None) -> Parts:
        params = step["params"]
        said = {key: params[key] for key in ("until", "every", "at_most")}
        return {"body": assembler.place(params["steps"], index), **said}

    @classmethod
    def own(cls, stored: Stored, reader: ProgramReader) -> Parts:
        return {
            "body": stored["body"],
            "every": _span(stored["every"]),
            "at_most": stored["at_most"],
            "until": reader.condition(stored["until"]),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EmitEvent(WithParams):
    """An event for other workflows."""

    op: Literal["emit_event"] = "emit_event"

    def render(self, scope: NameScope) -> Json:
        """Return type, payload, subject_type and subject_id; the last two may be None."""
        nothing: dict[str, Json] = {"payload": {}, "subject_type": None, "subject_id": None}
        return {**nothing, **self.rendered(scope)}
