"""How an action says that it failed, and whether trying again can help."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tenants.core.json import Json


@dataclass(frozen=True, slots=True)
class PartialResult:
    """What an action got done of its step before it failed.

    It is kept with the step and given to the next attempt, however that comes about: the engine's
    own, after a crash of the worker, or a person's retry.
    """

    so_far: Json  # for the action alone: `ActionContext.so_far` of the next attempt
    # The step's output if it stays at this: it is done in part then. None: nothing of it is done.
    output: Json = None


class ActionFailure(Exception):
    """A step could not do its work. Errors are codes with parameters; pages render the sentence."""

    part: PartialResult | None = (
        None  # what was done all the same: set by an action that can say it
    )

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code, self.params = code, params


class PermanentFailure(ActionFailure):
    """The same request would be refused again: retrying cannot help."""


class TemporaryFailure(ActionFailure):
    """The other side is down, busy or slow: the same request may succeed later."""

    def __init__(self, code: str, *, retry_after: timedelta | None = None, **params: Any) -> None:
        super().__init__(code, **params)
        self.retry_after = (
            retry_after  # the least wait the other side asked for; None: it did not say
        )
