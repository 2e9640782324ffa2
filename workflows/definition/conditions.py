"""Rows under `all` and `any`: compiled once, decided often.

A condition has been checked before it comes here (`checks.conditions`), so this only builds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

from tenants.core.json import Json
from tenants.core.values.paths import (
    LEFT_OUT,
    MISSING,
    Path,
    Sentinel,
    lookup,
    parse_path,
    show_path,
)
from workflows.definition.budget import weight
from workflows.definition.errors import ExpressionError
from workflows.definition.language import LANGUAGE_VERSION
from workflows.definition.operators import OPERATORS, Operator, Sides
from workflows.definition.scope import NameScope
from workflows.definition.templates.compiled import (
    Template,
    compile_template,
    is_template,
    paths_in,
)
from workflows.definition.templates.filters.dates import DATE_FILTERS
from workflows.definition.values.json_values import normalise


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a condition came out, and the row that decided it (None if there was none)."""

    holds: bool
    row: "ConditionRow | None" = None
    actual: Any = MISSING


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """`field operator value`."""

    field: str
    operator: Operator
    value: Json
    left: Path | Template
    right: Json | Template
    language: int

    @property
    def reads_previous(self) -> bool:
        """True if it looks at the before-values of a record change."""
        paths = [self.left] if isinstance(self.left, tuple) else self.left.paths
        read = [*paths, *paths_in(self.value)]
        return self.operator.reads_before or any(path[0] == "previous" for path in read)

    def decide(self, scope: NameScope) -> Verdict:
        scope = scope.read_in(self.language)
        left = self._left(scope)
        before_path = _before_path(self.left)
        sides = Sides(
            path=self.field.strip(),
            left=left,
            right=_filled(self.right, scope),
            now=scope.now,
            zone=scope.zone,
            before=lookup(scope.roots, before_path) if before_path else MISSING,
            before_path=show_path(before_path) if before_path else "previous",
        )
        self._charge(sides, scope)
        return Verdict(self.operator.holds(sides), self, left)

    @staticmethod
    def _charge(sides: Sides, scope: NameScope) -> None:
        """Count the comparing before it is done: each element of a list may be a date."""
        budget, operations = scope.budget, 100
        for side in (sides.left, sides.right, sides.before):
            if isinstance(side, str | list | dict):
                operations += weight(side, budget.most)
                operations += 100 * len(side) if isinstance(side, list) else 0
        budget.charge(operations)

    def _left(self, scope: NameScope) -> Any:
        if isinstance(self.left, tuple):
            return lookup(scope.roots, self.left)
        try:
            value = self.left.value(scope)
        except ExpressionError as error:
            if error.code == "missing_value" and self.operator.missing is not None:
                return MISSING
            raise
        return MISSING if value is LEFT_OUT else value


def _before_path(left: Path | Template) -> Path:
    is_trigger = isinstance(left, tuple) and left[0] == "trigger"
    return ("previous", *left[1:]) if isinstance(left, tuple) and is_trigger else ()


@dataclass(frozen=True, slots=True)
class ConditionGroup:
    """Rows and groups of which all, or any, have to hold. The first that decides ends it."""

    needs_all: bool
    members: "tuple[Condition, ...]"

    @property
    def reads_previous(self) -> bool:
        return any(member.reads_previous for member in self.members)

    def decide(self, scope: NameScope) -> Verdict:
        verdict = Verdict(self.needs_all)
        for member in self.members:
            verdict = member.decide(scope)
            if verdict.holds is not self.needs_all:
                break
        return verdict


# Something that is true or false of a scope.
Condition: TypeAlias = ConditionRow | ConditionGroup


def compile_condition(condition: Mapping[str, Any], language: int = LANGUAGE_VERSION) -> Condition:
    """Return the condition, ready to decide by the rules of `language`."""
    for word in ("all", "any"):
        if word in condition:
            members = tuple(compile_condition(member, language) for member in condition[word])
            return ConditionGroup(needs_all=word == "all", members=members)
    field = condition["field"]
    path = parse_path(field)
    value = condition.get("value")
    return ConditionRow(
        field=field,
        operator=OPERATORS[condition["operator"]],
        value=value,
        left=path if path is not None else compile_template(field),
        right=_with_templates(value),
        language=language,
    )


def _with_templates(value: Json) -> Any:
    if isinstance(value, list):
        return [_with_templates(element) for element in value]
    return compile_template(value) if is_template(value) and isinstance(value, str) else value


def _filled(value: Any, scope: NameScope) -> Json:
    if isinstance(value, list):
        return [_filled(element, scope) for element in value]
    if value is None or isinstance(value, str | int | float | Decimal | dict):
        return value
    filled: Json | Sentinel = value.value(scope)
    return None if isinstance(filled, Sentinel) else filled


@dataclass(frozen=True, slots=True)
class TriggerFilter:
    """A workflow's `trigger_filter`: whether an event starts it."""

    condition: Condition | None

    def matches(self, scope: NameScope) -> bool:
        """Say whether the event passes. Raises ExpressionError on a missing field."""
        return self.condition is None or self.condition.decide(scope).holds

    def explain(self, scope: NameScope) -> dict[str, Json]:
        """Return whether the event passes, and the row that decided it.

        Raises ExpressionError on a missing field. Without a filter only "matched" is given.
        """
        verdict = self.condition.decide(scope) if self.condition else Verdict(holds=True)
        if verdict.row is None:
            return {"matched": verdict.holds}
        return {
            "matched": verdict.holds,
            "field": verdict.row.field,
            "operator": verdict.row.operator.name,
            "value": verdict.row.value,
            "actual": None if verdict.actual is MISSING else normalise(verdict.actual),
        }


def load_filter(
    trigger_filter: Mapping[str, Any] | None, language: int = LANGUAGE_VERSION
) -> TriggerFilter:
    """Return the filter of a checked document; None and {} let every event through."""
    return TriggerFilter(compile_condition(trigger_filter, language) if trigger_filter else None)


# `now` itself; and what takes it, or a text that says `now`, from a place that only an event knows.
_WORDS: Final = (
    "now",
    "today",
    *(one.name for one in DATE_FILTERS),
    "older_than",
    "within_",
)

_MENTIONED: Final = re.compile("|".join(_WORDS))


def may_read_clock(stored: Json) -> bool:
    """Whether a stored condition or plan may read the clock. Rather once too often."""
    match stored:
        case str():
            return bool(_MENTIONED.search(stored))
        case dict():
            return any(map(may_read_clock, [*stored, *stored.values()]))
        case list():
            return any(map(may_read_clock, stored))
    return False
