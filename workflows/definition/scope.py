"""The values that a template or a condition can read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from tenants.core.json import Json
from workflows.definition.budget import Budget
from workflows.definition.language import LANGUAGE_VERSION
from workflows.definition.values.json_values import normalise

__all__ = ["ROOTS", "TENANT_FIELDS", "NameScope", "normalise"]

ROOTS: Final = ("trigger", "previous", "steps", "run", "tenant", "now", "values")
LOOP_ROOTS: Final = ("item", "item_index", "outer")  # only inside for_each and its like
TENANT_FIELDS: Final = ("key", "name", "time_zone", "language", "currency", "country")

_HAS_OUTPUT = {"completed", "reused"}


# No slots: `roots` is worked out once and kept.
@dataclass(frozen=True)
class NameScope:
    """One moment of one run. Everything in it is JSON already (`normalise`), but `now`."""

    trigger: Json = None
    previous: Json = None  # the before-values of a record change
    # Step name -> {"output", "status", "error"}; a step that has not run has no entry.
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)
    tenant: Mapping[str, Any] = field(default_factory=dict)  # TENANT_FIELDS
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)  # aware
    values: Mapping[str, Any] = field(default_factory=dict)  # the document's named constants
    loop: Mapping[str, Any] = field(default_factory=dict)  # LOOP_ROOTS, inside a block of items
    language: int = LANGUAGE_VERSION  # by whose rules it is read: those of the stored program
    # What may be spent on reading it: a scope is made for each step.
    budget: Budget = field(default_factory=Budget, compare=False, repr=False)

    def read_in(self, language: int) -> "NameScope":
        if language == self.language:
            return self
        other = replace(self, language=language)
        other.__dict__["roots"] = self.roots
        return other

    @cached_property
    def zone(self) -> tzinfo:
        """The tenant's time zone; UTC if it has none."""
        name = self.tenant.get("time_zone")
        return ZoneInfo(name) if isinstance(name, str) and name else UTC

    @cached_property
    def roots(self) -> dict[str, Any]:
        """What the first name of a path can be."""
        return {
            "trigger": self.trigger,
            "previous": self.previous,
            "steps": {name: _visible(step) for name, step in self.steps.items()},
            "run": self.run,
            "tenant": self.tenant,
            "now": self.now.astimezone(self.zone).isoformat(),
            "values": self.values,
            **self.loop,
        }


def _visible(step: Mapping[str, Any]) -> dict[str, Any]:
    """Hide the output of a step that was skipped or failed, and an error that is none."""
    done = step.get("status") in _HAS_OUTPUT
    return {
        key: value
        for key, value in step.items()
        if not (key == "output" and not done) and not (key == "error" and value is None)
    }
