"""The words that a document may use here: triggers with their fields, actions with their params."""

from collections.abc import Iterable
from dataclasses import dataclass

from actions import registry
from workflows.event_types import all_event_types


@dataclass(frozen=True, slots=True)
class Word:
    """A trigger or an action, and the names that belong to it."""

    name: str
    label: str
    parts: tuple[str, ...]
    needed: frozenset[str] = frozenset()

    @property
    def shown_parts(self) -> Iterable[tuple[str, bool]]:
        """Each part, and whether it has to be there."""
        return [(part, part in self.needed) for part in self.parts]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All of them."""

    triggers: tuple[Word, ...]
    actions: tuple[Word, ...]


def vocabulary() -> Vocabulary:
    """Return what this installation knows."""
    triggers = (
        Word(kind.name, str(kind.label), tuple((kind.payload_schema() or {}).get("properties", {})))
        for kind in all_event_types()
    )
    actions = (
        Word(
            spec.name,
            str(spec.label),
            tuple(spec.params.get("properties", {})),
            frozenset(spec.params.get("required", ())),
        )
        for spec in registry.all_actions()
    )
    return Vocabulary(tuple(triggers), tuple(actions))
