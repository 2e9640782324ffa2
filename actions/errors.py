"""How an action says that it failed, and whether trying again can help."""

from datetime import timedelta
from typing import Any


class ActionFailure(Exception):
    """A step could not do its work. Errors are codes with parameters; pages render the sentence."""

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
