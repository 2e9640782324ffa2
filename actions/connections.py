"""Finding the connection a step uses, and opening its secrets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from actions.errors import PermanentFailure
from actions.models.connection import (
    REQUIRED_SECRETS,
    REQUIRED_SETTINGS,
    Connection,
    ConnectionKind,
)
from actions.models.encryption import SecretsUnreadable
from actions.remembered import remembered
from actions.spec import ActionContext
from tenants.core.json import Json


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """A connection ready for use."""

    key: str
    kind: ConnectionKind
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)

    @property
    def secret_values(self) -> tuple[str, ...]:
        """What must never come back in an output."""
        return tuple(self.secrets.values())


def open_connection(
    context: ActionContext, *kinds: ConnectionKind, key: str | None = None
) -> OpenConnection:
    """Return the tenant's connection `key`, or, without a key, its only one of these kinds.

    Raises PermanentFailure.
    """
    found = find_connection(context, *kinds, key=key)
    if found is None:
        raise PermanentFailure("connection_missing", kind=kinds[0].value)
    return found


def find_connection(
    context: ActionContext, *kinds: ConnectionKind, key: str | None = None
) -> OpenConnection | None:
    """Return the same, or None when no key was given and there is no such connection.

    One that is switched off is there: what it sends must not go another way.
    """
    asked = ("connection", context.tenant.id, kinds, key)
    return remembered(asked, lambda: _found(context, kinds, key))


def _found(
    context: ActionContext, kinds: Sequence[ConnectionKind], key: str | None
) -> OpenConnection | None:
    rows = Connection.objects.of(context.tenant.id).filter(kind__in=kinds).order_by("key")
    if key:
        row = rows.filter(key=key).first()
        if row is None:
            raise PermanentFailure("connection_unknown", connection=key, kind=kinds[0].value)
        if not row.is_active:
            raise PermanentFailure("connection_off", connection=row.name, **facts_of_off([row]))
        return _opened(row)
    known = list(rows)
    usable = [row for row in known if row.is_active]
    if known and not usable:
        names = [row.name for row in known]
        raise PermanentFailure("connection_all_off", connections=names, **facts_of_off(known))
    if len(usable) > 1:
        choices = [row.key for row in usable]
        raise PermanentFailure("connection_ambiguous", kind=kinds[0].value, choices=choices)
    return _opened(usable[0]) if usable else None


def _opened(row: Connection) -> OpenConnection:
    kind = ConnectionKind(row.kind)
    try:
        secrets = row.open_secrets()
    except SecretsUnreadable as error:
        raise PermanentFailure(error.code, connection=row.key) from None
    wanted = [(name, row.settings) for name in REQUIRED_SETTINGS.get(kind, ())]
    wanted += [(name, secrets) for name in REQUIRED_SECRETS.get(kind, ())]
    missing = [name for name, place in wanted if not place.get(name)]
    if missing:
        raise PermanentFailure("connection_incomplete", connection=row.key, missing=missing)
    return OpenConnection(row.key, kind, row.settings, secrets)


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
