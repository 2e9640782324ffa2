"""What workflows make of message templates and connections, for their pages."""

from typing import Any

from django import template

from actions.models.connection import Connection, ConnectionKind
from workflows.services.definitions.usage import used_by
from workflows.services.operations.attention import mail_trouble

register = template.Library()


@register.inclusion_tag("admin/sayr/used_by.html")
def used_by_of(stored: Any, warning: str = "") -> dict[str, Any]:
    """Show which workflows name it: {% used_by_of original %}; `warning` only if there are any."""
    uses = used_by(stored.tenant, _reference(stored), stored.key)
    return {"uses": uses, "warning": warning}


@register.inclusion_tag("admin/sayr/mail_trouble.html")
def mail_trouble_of(connection: Connection) -> dict[str, Any]:
    """Say what keeps the mails of a connection, if any wait."""
    is_mail = connection.kind == ConnectionKind.SMTP
    return {"trouble": mail_trouble(connection.tenant, connection.key) if is_mail else None}


def _reference(stored: Any) -> str:
    if isinstance(stored, Connection):
        return f"connection:{stored.kind}"
    return f"message_template:{stored.channel}"
