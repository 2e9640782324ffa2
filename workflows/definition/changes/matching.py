"""Which elements of two lists are the same thing, and which of them changed places."""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from workflows.definition.changes.change import StepList, text_of
from workflows.definition.changes.outline import Outline

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
