"""The panel “used by”, for the pages of message templates and connections."""

from typing import Any

from django import template

from actions.models.connection import Connection
from workflows.services.definitions.usage import used_by

register = template.Library()


@register.inclusion_tag("admin/sayr/used_by.html")
def used_by_of(stored: Any, warning: str = "") -> dict[str, Any]:
    """Show which workflows name it: {% used_by_of original %}; `warning` only if there are any."""
    uses = used_by(stored.tenant, _reference(stored), stored.key)
    return {"uses": uses, "warning": warning}


def _reference(stored: Any) -> str:
    if isinstance(stored, Connection):
        return f"connection:{stored.kind}"
    return f"message_template:{stored.channel}"
