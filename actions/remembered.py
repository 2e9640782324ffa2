"""Lookups that are made once for many steps, where somebody says so: while nothing can change."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_kept: ContextVar[dict[Hashable, Any] | None] = ContextVar("remembered", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Keep what is looked up in the block, in this thread, until its end."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def remembered(what: Hashable, look: Callable[[], T]) -> T:
    """Return what `look` finds; inside `remembering`, what it found the first time."""
    kept = _kept.get()
    if kept is None:
        return look()
    if what not in kept:
        kept[what] = look()
    found: T = kept[what]
    return found
