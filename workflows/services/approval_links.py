"""Signed links: each asked person's own way to decide, without logging in.

The token names tenant, approval and person, and is signed with the installation's key. It is good
for one decision: once the approval is decided, or closed, the link only tells what became of it.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer, b64_decode, b64_encode
from django.urls import reverse

from workflows import conf
from workflows.models.approval import WorkflowApproval
from workflows.services.approvers import Decider, Via, person_decider

SALT: Final = "workflows.approvals.link"
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link leads to."""

    approval: WorkflowApproval
    decider: Decider


def link_for(approval: WorkflowApproval, person: str) -> str:
    """Return the address at which `person` decides: "user:rana", "mail:head@company.example"."""
    return conf.current().public_url + reverse("approval-link", args=[token_for(approval, person)])


def token_for(approval: WorkflowApproval, person: str) -> str:
    """Return the token of that link."""
    told = approval.tenant_id.bytes + approval.pk.bytes + person.encode()
    return _signer().sign(b64_encode(told).decode())


def open_link(token: str) -> Opened | None:
    """Return what the link leads to; None if it is none of ours, or nobody's any more."""
    try:
        told = b64_decode(_signer().unsign(token).encode())
        tenant_id, approval_id = UUID(bytes=told[:_ID_BYTES]), UUID(bytes=told[_ID_BYTES:32])
        person = told[32:].decode()
    except (BadSignature, ValueError):
        return None
    rows = WorkflowApproval.objects.filter(tenant=tenant_id, pk=approval_id)
    approval = rows.select_related("tenant").first()
    if approval is None:
        return None
    decider = person_decider(approval.tenant, person, Via.LINK)
    return Opened(approval, decider) if decider else None


def _signer() -> Signer:
    # Not ":", which mail programs do not always take for a part of the address.
    return Signer(sep=".", salt=SALT)
