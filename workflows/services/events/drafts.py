"""Events before they are written: what is fired, and the row it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tenants.core.json import Json


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event about to be fired."""

    type: str
    payload: Mapping[str, Json]
    previous: Mapping[str, Json] | None = None  # before-values of a record change
    subject: tuple[str, str] | None = None  # kind and id of the record it is about

    def row(self, event_id: UUID, **more: Json) -> dict[str, Json]:
        """Return the event's row, as the statements that insert events read it.

        `more`: what it does not know of itself (actor, source, depth, evaluations, …).
        """
        subject_type, subject_id = self.subject or ("", "")
        return {
            "id": str(event_id),
            "type": self.type,
            "payload": self.payload,
            "previous": self.previous,
            "subject_type": subject_type,
            "subject_id": subject_id,
            **more,
        }
