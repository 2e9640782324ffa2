"""The entries that a run's row keeps, with the answers to what the engine asks of them.

A loop of a thousand rounds asks a thousand times. So each entry is looked at once, when it is
added, and earlier ones may be moved to the run's history (`folding`) without changing any answer.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Self, overload

from tenants.core.json import Json
from workflows.engine.history.entries import Entry, is_handled, went_wrong

# As it is stored: with escapes, Arabic text would count three times. Made once: `json.dumps` makes
# one in each call that has options.
_WEIGHED: Final = json.JSONEncoder(default=str, ensure_ascii=False)


class Results(Sequence[Entry]):
    """A run's entries in order. A copy is cheap: a walk adds to its own."""

    def __init__(self, entries: Iterable[Entry] = (), numbered: int = 0) -> None:
        """Read `entries`. `numbered` of the run's entries were given a number so far."""
        self.numbered = numbered
        self.ever = numbered  # of all entries the run ever had, those in its history included
        self.latest: dict[str, Entry] = {}
        # What templates see of each step.
        self.steps: dict[str, dict[str, Json]] = {}
        self.wrong_steps: dict[str, bool] = {}  # those that went wrong once, if only in part
        self.last_handled: Entry | None = None
        self._entries: list[Entry] = []
        self._turns: dict[str, int] = {}
        self._sizes: list[int] = []  # of the first entries: measured when somebody asks
        self._latest_sizes: dict[str, int] = {}
        self._total_bytes = self._kept_bytes = 0
        for entry in entries:
            self.add(entry)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Self:
        """Return entries as results of their own, which may be added to."""
        if not isinstance(entries, cls):
            return cls(entries)
        copy = cls.__new__(cls)
        vars(copy).update(vars(entries))  # an entry itself is never changed
        copy.latest, copy.steps = entries.latest.copy(), entries.steps.copy()
        copy.wrong_steps, copy._turns = entries.wrong_steps.copy(), entries._turns.copy()
        copy._entries = entries._entries.copy()
        copy._sizes, copy._latest_sizes = entries._sizes.copy(), entries._latest_sizes.copy()
        return copy

    def with_more(self, entries: Iterable[Entry]) -> Self:
        copy = type(self).of(self)
        for entry in entries:
            copy.add(entry)
        return copy

    def add(self, entry: Entry) -> None:
        name = entry["step_name"]
        self._entries.append(entry)
        self.ever += "number" not in entry
        self.latest[name] = entry
        self.steps[name] = _shown(entry)
        # Entries of older releases say no turn: they are all here, and are counted.
        counted = self._turns.get(name, 0)
        self._turns[name] = max(counted, entry["turn"]) if "turn" in entry else counted + 1
        if went_wrong(entry):
            self.wrong_steps[name] = True
        if is_handled(entry):
            self.last_handled = entry

    def turns_of(self, step_name: str) -> int:
        """Return how often a step has ended. It never becomes less: keys are made from it."""
        return self._turns.get(step_name, 0)

    def rounds_of(self, step_name: str) -> int:
        """Return how many rounds a loop has begun since it was last entered."""
        entry = self.latest.get(step_name, {})
        output = entry.get("output") or {}
        is_over = "error" in entry or output.get("done")
        return 0 if is_over else int(output.get("round", 0))

    def repeats_with(self, added: Sequence[Entry]) -> bool:
        """Whether a step has ended twice, once these stand behind the others."""
        names = {entry["step_name"] for entry in added}
        return len(self._entries) + len(added) > len(self.latest.keys() | names)

    @property
    def had_errors(self) -> bool:
        """Whether a step failed, if only in part, or nobody knows whether it did its work."""
        return bool(self.wrong_steps)

    @property
    def total_bytes(self) -> int:
        """The size of all entries as JSON."""
        self.measure()
        return self._total_bytes

    @property
    def kept_bytes(self) -> int:
        """The size of the last entry of each step: what later steps may read."""
        self.measure()
        return self._kept_bytes

    def measure(self) -> None:
        """Weigh the entries that were not weighed yet; copies made later need not."""
        for entry in self._entries[len(self._sizes) :]:
            size, name = bytes_of(entry), entry["step_name"]
            self._sizes.append(size)
            self._total_bytes += size
            self._kept_bytes += size - self._latest_sizes.get(name, 0)
            self._latest_sizes[name] = size

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        return self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)


def bytes_of(value: Json) -> int:
    text = _WEIGHED.encode(value)
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def http_status(params: Mapping[str, Json]) -> dict[str, Json]:
    """Return the status of the answer that was an error, as templates see it."""
    return {"http_status": params["status"]} if "status" in params else {}


def _shown(entry: Mapping[str, Json]) -> dict[str, Json]:
    step = {"status": entry["status"]}
    if "output" in entry:
        step["output"] = entry["output"]
    if entry.get("error"):
        error = entry["error"]
        step["error"] = {"code": error["code"], **http_status(error.get("params", {}))}
    return step
