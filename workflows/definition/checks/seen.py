"""What a place of the document knows of the steps before it."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tenants.core.values.paths import Path, parse_path
from workflows.definition.operators import OPERATORS
from workflows.definition.templates import template_paths, template_problems

_GROUPS: Final = ("all", "any")
_TIMED_OUT: Final = ("output", "timed_out")
# They hold where nothing is.
_ABSENCE: Final = ("not_exists", "is_empty")
# A row that does not hold says by these that the part is there, or that the step did not fail.
_DENIALS: Final = {"output": _ABSENCE, "error": ("exists", "is_not_empty")}


def rows(condition: object) -> Iterator[dict[str, Any]]:
    """Yield every row of a condition, which may be wrong in every part."""
    if not isinstance(condition, dict):
        return
    members = [condition[word] for word in _GROUPS if isinstance(condition.get(word), list)]
    if not members:
        yield condition
    for member in (one for group in members for one in group):
        yield from rows(member)


def guarding_steps(condition: object) -> frozenset[str]:
    """Return the steps that a condition asks about in a way that copes with their absence."""
    return frozenset(
        str(path[1])
        for row in rows(condition)
        for path in _steps_read(row)
        if path[2] == "status" or _says_in_time(row, path, held=True) or _asks(row, path)
    )


def vouched_steps(condition: object) -> frozenset[str]:
    """Return the steps that have a result where the condition held, as far as it asks about them.

    Rows that hold just because nothing is there vouch for nothing.
    """
    hopeful = [row for row in rows(condition) if row.get("operator") not in _ABSENCE]
    return guarding_steps({"all": hopeful})


def asked_steps(condition: object) -> frozenset[str]:
    """Return the steps whose presence a condition asks about: whatever is there, it can tell."""
    return frozenset(
        str(path[1]) for row in rows(condition) if _copes(row) for path in _steps_read(row)
    )


def vouched_otherwise(condition: object) -> frozenset[str]:
    """Return the steps that have a result where the condition did not hold."""
    if not isinstance(condition, dict):
        return frozenset()
    for word in _GROUPS:
        if isinstance(condition.get(word), list):
            found = [vouched_otherwise(member) for member in condition[word]]
            return _joined(found, word)
    return frozenset(str(path[1]) for path in _steps_read(condition) if _denies(condition, path))


def _joined(found: list[frozenset[str]], word: str) -> frozenset[str]:
    if not found:
        return frozenset()
    # Of `any` no member held; of `all` it is unknown which one did not.
    return frozenset.union(*found) if word == "any" else frozenset.intersection(*found)


def _asks(row: dict[str, Any], path: Path) -> bool:
    # Of a wait that took too long it is known that it did, and nothing else.
    return _copes(row) and path[2:] != _TIMED_OUT


def _says_in_time(row: dict[str, Any], path: Path, *, held: bool) -> bool:
    """Say whether a wait came to its end in time, where the row has held, or has not."""
    if path[2:] != _TIMED_OUT:
        return False
    name, value = row.get("operator"), row.get("value")
    opposite = not value if isinstance(value, bool) else None
    says = {"is_true": True, "is_false": False, "equals": value, "not_equals": opposite}
    return isinstance(name, str) and says.get(name) is (not held)


def _denies(row: dict[str, Any], path: Path) -> bool:
    part, name, value = path[2], row.get("operator"), row.get("value")
    if path[2:] == _TIMED_OUT:
        return _says_in_time(row, path, held=False)
    if part == "status":
        is_done = value == "completed"
        return (name == "not_equals" and is_done) or (name == "equals" and not is_done)
    return name in _DENIALS.get(str(part), ()) if isinstance(name, str) else False


def _copes(row: dict[str, Any]) -> bool:
    name = row.get("operator")
    operator = OPERATORS.get(name) if isinstance(name, str) else None
    return operator is not None and operator.missing is not None


def _steps_read(row: dict[str, Any]) -> list[Path]:
    return [path for path in _reads(row.get("field")) if path[0] == "steps" and len(path) > 2]


def _reads(field: object) -> list[Path]:
    if not isinstance(field, str):
        return []
    path = parse_path(field)
    if path is not None:
        return [path]
    return [] if template_problems(field) else template_paths(field)


_NONE: frozenset[str] = frozenset()
MAX_WAYS: Final = 64  # branch after branch they multiply


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

    def passing(self, name: str) -> "Seen":
        """Return the same behind the step `name`, whatever became of it."""
        return replace(self, possible=self.possible | {name}, reached=self.reached | {name})

    def maybe(self, names: frozenset[str]) -> "Seen":
        return replace(self, possible=self.possible | names)

    def sure(self, names: frozenset[str]) -> "Seen":
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

    def late(self, name: str) -> "Seen":
        """Return the same behind a wait whose time ran out."""
        return replace(self.passing(name), answered=self.answered | {name})

    def reminding_of(self, name: str) -> "Seen":
        """Return the same in a reminder of the wait `name`."""
        return replace(self.maybe(frozenset({name})), reminding=self.reminding | {name})

    def entering(self, block: ChildBlock) -> "Seen":
        return replace(self, blocks=(*self.blocks, block))

    def asking(self, condition: object) -> "Seen":
        """Return the same inside a condition: its rows guard one another."""
        asked = asked_steps(condition)
        return replace(
            self,
            reached=self.reached | asked,
            certain=self.certain | guarding_steps(condition),
            answered=self.answered | asked,
        )

    def under(self, condition: object) -> "Seen":
        """Return the same where a condition has held: it asks about steps, or asks the same."""
        same = {name for name, other in self.alike.items() if condition and other == condition}
        return self.sure(vouched_steps(condition) | same)


def _least(ways: frozenset[frozenset[str]]) -> frozenset[frozenset[str]]:
    """Return the ways that include no other; of too many only what all have in common."""
    least = frozenset(way for way in ways if not any(other < way for other in ways))
    return least if len(least) <= MAX_WAYS else frozenset({frozenset.intersection(*least)})


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
