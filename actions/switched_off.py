"""Who switched connections off, and when: for the sentence of a step that cannot use them."""

from collections.abc import Iterable

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from actions.models.connection import Connection
from tenants.core.json import Json

# As the log of changes writes it, in whatever language the page was: the label of `is_active`.
_ACTIVE = '"Active"'


def facts_of_off(rows: Iterable[Connection]) -> dict[str, Json]:
    """Return what a failure tells of connections that are off: who last switched one off, if known.

    Who changed it in code, or before the log was kept, is not known.
    """
    found = (
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Connection),
            object_id__in=[str(row.pk) for row in rows],
            action_flag=CHANGE,
            change_message__contains=_ACTIVE,
        )
        .order_by("-action_time")
        .values_list("user__username", "action_time")
        .first()
    )
    if found is None:
        return {}
    return {"by": found[0], "on": found[1].date().isoformat()}
