"""Find what differs between two documents."""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

from workflows.definition.changes.change import (
    ChangeCode,
    DocumentChange,
    Outline,
    Path,
    StepList,
    outline,
    same,
    text_of,
)

Pairs = dict[int, int]  # index in the new list -> index in the old one


def unmoved(pairs: Pairs) -> set[int]:
    """Return the new indexes of a longest row of elements that kept their order."""
    tops: list[int] = []  # the lowest old index that ends a row of each length
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for new in sorted(pairs):
        length = bisect_left(tops, pairs[new])
        tops[length : length + 1] = [pairs[new]]
        ends[length : length + 1] = [new]
        before[new] = ends[length - 1] if length else None
    kept: set[int] = set()
    at = ends[-1] if ends else None
    while at is not None:
        kept.add(at)
        at = before[at]
    return kept


def match(old: list[Any], new: list[Any], taken: tuple[Outline, Outline]) -> Pairs:
    """Pair the elements: equal ones, then those with one name, then those that hold one step."""
    pairs: Pairs = {}
    rounds: list[Callable[[Any, Outline], Hashable]] = [
        lambda element, _: text_of(element),
        lambda element, _: _named(element),
        _first_step,
        lambda element, _: bool(_markers(element)) or None,
    ]
    for sign in rounds:
        signs = (
            [sign(element, taken[0]) for element in old],
            [sign(element, taken[1]) for element in new],
        )
        _pair(pairs, *signs)
    _pair_alone(pairs, old, new)
    return pairs


def _pair(pairs: Pairs, old: Sequence[Hashable], new: Sequence[Hashable]) -> None:
    """Pair what is left by its sign, the first with the first; None is no sign."""
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    used = set(pairs.values())
    for index, sign in enumerate(old):
        if index not in used and sign is not None:
            waiting[sign].append(index)
    for index, sign in enumerate(new):
        if index not in pairs and (rest := waiting.get(sign)):
            pairs[index] = rest.popleft()


def _pair_alone(pairs: Pairs, old: Sequence[Any], new: Sequence[Any]) -> None:
    """Take one element that stands where another stood for that one, changed."""
    used = set(pairs.values())
    for index in range(min(len(old), len(new))):
        alike = isinstance(old[index], dict) == isinstance(new[index], dict)
        if index not in pairs and index not in used and alike:
            pairs[index] = index


def _named(element: Any) -> Hashable:
    if isinstance(element, dict):
        for key in ("label", "key", "name", "field"):
            if isinstance(element.get(key), str):
                return (key, element[key])
    return None


def _first_step(element: Any, taken: Outline) -> Hashable:
    ids = (name for marker in _markers(element) for name in taken.lists[marker.token])
    return next(ids, None)


def _markers(element: Any) -> list[StepList]:
    if isinstance(element, StepList):
        return [element]
    inner = element.values() if isinstance(element, dict) else ()
    return [marker for value in inner for marker in _markers(value)]


OLD, NEW = "old", "new"  # how the names of lists begin


def diff(old: Any, new: Any) -> list[DocumentChange]:
    """Return the changes that make `new` of `old`; none if they are the same document.

    Steps are known by their names, so that one that moved, also into another list, is told as
    moved; a new name is known by what else the step says. Both have to be JSON.
    """
    return _Differ(outline(old, OLD), outline(new, NEW)).changes()


class _Differ:
    """Two documents taken apart, and which of their lists of steps are the same list."""

    def __init__(self, old: Outline, new: Outline) -> None:
        self.old, self.new = old, _renamed(new, old_names(old, new))
        self.tokens: dict[str, str] = {}

    def changes(self) -> list[DocumentChange]:
        found = list(self._differing(None, (), self.old.head, self.new.head))
        for step, content in self.new.steps.items():
            if step in self.old.steps:
                found += self._differing(step, (), self.old.steps[step], content)
        # Which lists are the same is known only now.
        return [*found, *self._placed()]

    def _differing(
        self, step: str | None, path: Path, old: Any, new: Any
    ) -> Iterator[DocumentChange]:
        if isinstance(old, StepList) and isinstance(new, StepList):
            self.tokens[new.token] = old.token
        elif isinstance(old, dict) and isinstance(new, dict) and not _is_row(old, new):
            yield from self._members(step, path, old, new)
        elif isinstance(old, list) and isinstance(new, list):
            yield from self._items(step, path, old, new)
        elif not same(old, new):
            yield DocumentChange(ChangeCode.VALUE_CHANGED, step, path, {"old": old, "new": new})

    def _members(
        self, step: str | None, path: Path, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[DocumentChange]:
        for key in [*old, *(key for key in new if key not in old)]:
            at = (*path, key)
            if key not in new:
                yield DocumentChange(ChangeCode.VALUE_REMOVED, step, at, {"old": old[key]})
            elif key not in old:
                yield DocumentChange(ChangeCode.VALUE_ADDED, step, at, {"new": new[key]})
            else:
                yield from self._differing(step, at, old[key], new[key])

    def _items(
        self, step: str | None, path: Path, old: list[Any], new: list[Any]
    ) -> Iterator[DocumentChange]:
        pairs = match(old, new, (self.old, self.new))
        for index in sorted(set(range(len(old))) - set(pairs.values())):
            params = {"index": index, "old": old[index]}
            yield DocumentChange(ChangeCode.ITEM_REMOVED, step, path, params)
        kept = unmoved(pairs)
        for to, element in enumerate(new):
            if to not in pairs:
                yield DocumentChange(ChangeCode.ITEM_ADDED, step, path, {"to": to, "new": element})
                continue
            index = pairs[to]
            if to not in kept:
                params = {"index": index, "to": to, "old": old[index]}
                yield DocumentChange(ChangeCode.ITEM_MOVED, step, path, params)
            yield from self._differing(step, (*path, index), old[index], element)

    def _placed(self) -> Iterator[DocumentChange]:
        before, after = self._positions()
        for step, (token, index) in before.items():
            if step not in after:
                params = {"list": token, "index": index, "old": self.old.steps[step]}
                yield DocumentChange(ChangeCode.STEP_REMOVED, step, (), params)
        kept = _staying(before, after)
        for step, (token, to) in after.items():
            if step not in before:
                params = {"list": token, "to": to, "new": self.new.steps[step]}
                yield DocumentChange(ChangeCode.STEP_ADDED, step, (), params)
            elif step not in kept:
                params = dict(zip(("list", "index"), before[step], strict=True))
                params |= {"new_list": token, "to": to}
                yield DocumentChange(ChangeCode.STEP_MOVED, step, (), params)

    def _positions(self) -> "tuple[_Positions, _Positions]":
        one = {
            step: (token, index)
            for token, steps in self.old.lists.items()
            for index, step in enumerate(steps)
        }
        other = {
            step: (self.tokens.get(token, token), index)
            for token, steps in self.new.lists.items()
            for index, step in enumerate(steps)
        }
        return one, other


_Positions = dict[str, tuple[str, int]]  # a step -> its list, and where there


def _staying(before: _Positions, after: _Positions) -> set[str]:
    """Return the steps that stayed in their list, in their order."""
    lists: dict[str, dict[int, int]] = {}
    names: dict[tuple[str, int], str] = {}
    for step, (token, to) in after.items():
        if step in before and before[step][0] == token:
            lists.setdefault(token, {})[to] = before[step][1]
            names[token, to] = step
    return {names[token, to] for token, pairs in lists.items() for to in unmoved(pairs)}


def _is_row(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Say whether both are rows of a condition: read as a sentence each, not piece by piece."""
    return all("field" in row and "operator" in row for row in (old, new))


def old_names(old: Outline, new: Outline) -> dict[str, str]:
    gone = [step for step in old.steps if step not in new.steps]
    names: dict[str, str] = {}
    for step in (step for step in new.steps if step not in old.steps):
        known = next((one for one in gone if _is_alike(old.steps[one], new.steps[step])), None)
        if known is not None:
            gone.remove(known)
            names[step] = known
    return names


def _is_alike(old: Any, new: Any) -> bool:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return False
    if not same(old.get("action"), new.get("action")):
        return False
    has_label = isinstance(old.get("label"), str) and old["label"] != ""
    return (has_label and same(old["label"], new.get("label"))) or _says(old) == _says(new)


def _says(step: Mapping[str, Any]) -> str:
    return repr(_plain({key: step[key] for key in sorted(step) if key not in {"name", "label"}}))


def _plain(value: Any) -> Any:
    """Return the value without the names of its lists, which differ between documents."""
    if isinstance(value, StepList):
        return StepList
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _renamed(new: Outline, names: Mapping[str, str]) -> Outline:
    """Call the steps of the new document as the old one calls them."""
    return Outline(
        new.head,
        {names.get(step, step): content for step, content in new.steps.items()},
        {token: [names.get(step, step) for step in steps] for token, steps in new.lists.items()},
        new.places,
    )
