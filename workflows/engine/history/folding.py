"""Which entries leave a run's row for its history, so that each round of a loop costs the same.

What the engine, a retry or a person's decision may still ask for stays: the last entry of
every step, and those that say what went wrong. The others are moved in portions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tenants.core.json import Json
from workflows.engine.history.entries import (
    Entry,
    has_event,
    has_stopped,
    is_handled,
    is_wrong,
    went_wrong,
)
from workflows.engine.history.results import Results

# The row is written whole at each checkpoint: as little as makes moving rare.
MAX_SUPERSEDED: Final = 100
MAX_SUPERSEDED_BYTES: Final = 16 * 1024
CHUNK: Final = 500  # entries in a row of the history

_Kind = Callable[[Entry], bool]
_KINDS: Final[Sequence[_Kind]] = (went_wrong, is_wrong, is_handled, has_event)


@dataclass(frozen=True, slots=True)
class Fold:
    """What stays in the row, and what moves to the history."""

    kept: list[Entry]
    moved: list[Entry]
    numbered: int  # the highest number given to an entry of the run so far

    def chunks(self) -> Iterator[dict[str, Json]]:
        for start in range(0, len(self.moved), CHUNK):
            entries = self.moved[start : start + CHUNK]
            # No other chunk has it: an entry moves once.
            yield {"seq": entries[-1]["number"], "entries": entries}


def due(results: Results, added: Sequence[Entry]) -> Fold | None:
    """Return what to move once `added` stand behind `results`; None: it is too little yet."""
    if not results.repeats_with(added):
        return None
    after = Results.of(results)
    for entry in added:
        after.add(entry)
    superseded = len(after) - len(after.latest)
    if superseded <= MAX_SUPERSEDED and _superseded_bytes(after) <= MAX_SUPERSEDED_BYTES:
        return None
    return fold(after)


def _superseded_bytes(results: Results) -> int:
    return results.total_bytes - results.kept_bytes


def fold(results: Results) -> Fold | None:
    """Return how to divide a run's entries between its row and its history; None: not worth it."""
    needed = set(map(id, still_asked(results)))
    spare = [entry for entry in results if id(entry) not in needed]
    if len(spare) <= MAX_SUPERSEDED and Results(spare).total_bytes <= MAX_SUPERSEDED_BYTES:
        return None
    kept: list[Entry] = []
    moved: list[Entry] = []
    before = Results((), results.numbered)
    for entry in results:
        before.add(entry)
        # Both stay as they are where they were given before. Entries of older releases have no
        # turn: it was counted, which nobody can any more.
        given = {"number": before.ever, "turn": before.turns_of(entry["step_name"]), **entry}
        (kept if id(entry) in needed else moved).append(given)
    return Fold(kept, moved, before.ever)


def still_asked(results: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the entries that must stay in the row, some more than once.

    What tells of errors is kept of each step: who asks may leave some steps out.
    """
    last: dict[str, Entry] = {}
    # The last one of its step once a retry has taken the one that went wrong.
    before_last: dict[str, Entry] = {}
    first_wrong: dict[str, Entry] = {}
    latest: dict[tuple[str, _Kind], Entry] = {}
    for entry in results:
        name = entry["step_name"]
        if name in last:
            before_last[name] = last[name]
        last[name] = entry
        if has_stopped(entry):
            yield entry
        if went_wrong(entry):
            first_wrong.setdefault(name, entry)
        latest |= {(name, kind): entry for kind in _KINDS if kind(entry)}
    yield from (*last.values(), *first_wrong.values(), *latest.values())
    yield from (one for name, one in before_last.items() if went_wrong(last[name]))
