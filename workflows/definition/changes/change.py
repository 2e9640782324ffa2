"""One difference between two documents."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workflows.definition.values.json_values import canonical

Key = str | int
Path = tuple[Key, ...]


class ChangeCode(StrEnum):
    """What happened. `params` of a change hold what is named here."""

    STEP_ADDED = "step_added"  # list, to, new
    STEP_REMOVED = "step_removed"  # list, index, old
    STEP_MOVED = "step_moved"  # list, index, new_list, to
    VALUE_ADDED = "value_added"  # new
    VALUE_REMOVED = "value_removed"  # old
    VALUE_CHANGED = "value_changed"  # old, new
    ITEM_ADDED = "item_added"  # to, new
    ITEM_REMOVED = "item_removed"  # index, old
    ITEM_MOVED = "item_moved"  # index, to, old


@dataclass(frozen=True, slots=True)
class StepList:
    """Stands in a value where a list of steps stands: the steps are told one by one."""

    token: str  # "old…" of the old document, "new…" of a list that only the new one has


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """One difference. `index` counts in the old list, `to` in the new one."""

    code: ChangeCode
    step: str | None  # id in the old outline, or of an added step; None: the document's own
    path: Path = ()  # inside the step or document; its indexes are those of the old lists
    params: Mapping[str, Any] = field(default_factory=dict)


def same(left: Any, right: Any) -> bool:
    """Say whether two values are the same JSON: 1 is not true, and not "1"."""
    return text_of(left) == text_of(right)


def text_of(value: Any) -> str:
    """Return one text for all writings of a value in which lists of steps may be marked."""
    try:
        return canonical(value)
    except TypeError:
        # A list of steps is nothing that JSON knows.
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)
