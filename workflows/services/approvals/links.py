"""Signed links: each asked person's own way to decide, without logging in.

The token names tenant, approval, person and the address that it was sent to, and is signed with
the installation's key. It is good for one decision, and for a time: then the link only tells what
became of the question, and nothing of what it was about. Who has another address by now is not
reached by the old one any more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer, b64_decode, b64_encode

from workflows import conf
from workflows.models.approval import WorkflowApproval
from workflows.services.approvals.approvers import Decider, Via, person_decider

SALT: Final = "workflows.approvals.link"
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link leads to."""

    approval: WorkflowApproval
    decider: Decider

    def is_too_old(self, now: datetime) -> bool:
        """Whether the link decides nothing any more, although the question may be open."""
        end = self.approval.expires_at or self.approval.created_at + conf.current().link_life
        return now >= end


def link_for(approval: WorkflowApproval, person: str, address: str = "") -> str:
    """Return the page at which `person` decides: "user:rana", "mail:head@company.example".

    `address` is where the link is sent; "": wherever they have their mail.
    """
    token = token_for(approval, person, address)
    return conf.public_address("approval_link", token)


def token_for(approval: WorkflowApproval, person: str, address: str = "") -> str:
    """Return the token of that link."""
    whose = "\n".join([person, address.casefold()] if address else [person])
    told = approval.tenant_id.bytes + approval.pk.bytes + whose.encode()
    return _signer().sign(b64_encode(told).decode())


def open_link(token: str) -> Opened | None:
    """Return what the link leads to; None if it is none of ours, or nobody's any more."""
    try:
        told = b64_decode(_signer().unsign(token).encode())
        tenant_id, approval_id = UUID(bytes=told[:_ID_BYTES]), UUID(bytes=told[_ID_BYTES:32])
        person, _newline, address = told[32:].decode().partition("\n")
    except (BadSignature, ValueError):
        return None
    rows = WorkflowApproval.objects.filter(tenant=tenant_id, pk=approval_id)
    approval = rows.select_related("tenant").first()
    if approval is None:
        return None
    decider = person_decider(approval.tenant, person, Via.LINK)
    if decider is None or (address and decider.mail != address):
        return None
    return Opened(approval, decider)


def _signer() -> Signer:
    # Not ":", which mail programs do not always take for a part of the address.
    return Signer(sep=".", salt=SALT)
