"""Why an approval was not decided, as values that pages and the API can word."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from tenants.core.json import Json
from workflows.models.approval import WorkflowApproval
from workflows.services.refusals import Refused


class NotDecided(Refused):
    """The decision was not taken, and nothing was changed. `code` says why."""

    code = "not_decided"


class UnknownApproval(NotDecided):
    """The tenant has no such approval."""

    code = "unknown_approval"

    def __init__(self, approval_id: UUID) -> None:
        super().__init__(f"there is no approval {approval_id}")


class AlreadyDecided(NotDecided):
    """Somebody was faster, or time ran out and a choice counted by itself."""

    code = "already_decided"

    def __init__(self, approval: WorkflowApproval) -> None:
        super().__init__(f"approval {approval.pk} was decided at {approval.decided_at}")
        self.approval = approval


class NoLongerOpen(NotDecided):
    """Nobody can decide any more.

    `reason`: `run_ended`, `step_over` (the run goes on without it) or `expired`.
    """

    code = "no_longer_open"

    def __init__(self, approval: WorkflowApproval, reason: str) -> None:
        super().__init__(f"approval {approval.pk}: {reason}")
        self.approval, self.reason = approval, reason


class MayNotDecide(NotDecided):
    """This is not theirs to decide. `reason`: `not_asked` or `own_request`."""

    code = "may_not_decide"

    def __init__(self, approval: WorkflowApproval, reason: str) -> None:
        super().__init__(f"approval {approval.pk}: {reason}")
        self.approval, self.reason = approval, reason


class UnknownChoice(NotDecided):
    """The approval does not offer this."""

    code = "unknown_choice"

    def __init__(self, choice: str, offered: tuple[str, ...]) -> None:
        super().__init__(f"{choice!r} is none of {offered}")
        self.choice, self.offered = choice, offered


@dataclass(frozen=True, slots=True)
class AnswerFault:
    """What is wrong with one answer."""

    code: str
    params: Mapping[str, Json] = field(default_factory=dict)


class AnswerInvalid(NotDecided):
    """The form was not filled in right. `faults` by the key of the field."""

    code = "answer_invalid"

    def __init__(self, faults: Mapping[str, AnswerFault]) -> None:
        super().__init__(", ".join(f"{key}: {fault.code}" for key, fault in faults.items()))
        self.faults = faults
