"""The companies' connections, all to the sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass

from actions.models.connection import Connection, ConnectionKind
from actions.models.encryption import SecretsUnreadable
from actions.sandbox.connections import values_of
from tenants.core.json import Json
from tenants.models.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Outside:
    """Where the sandbox listens."""

    base_url: str
    smtp_host: str
    smtp_port: int


@dataclass(frozen=True, slots=True)
class _WantedConnection:
    kind: ConnectionKind
    name: str
    settings: dict[str, Json]
    secrets: dict[str, str]
    named: str = ""

    @property
    def key(self) -> str:
        return self.named or self.kind.value


def connect(tenant: Tenant, sender: str, outside: Outside) -> None:
    """Make the connections, and lead them to where the sandbox listens today.

    One that somebody has turned to a real provider stays as it is.
    """
    for wanted in _wanted(tenant, sender, outside):
        row = Connection.objects.of(tenant.id).filter(key=wanted.key).first()
        if row is None:
            row = Connection(tenant=tenant, key=wanted.key, name=wanted.name, kind=wanted.kind)
        elif not _leads_elsewhere(row, wanted, outside.smtp_host):
            continue
        row.settings, row.secrets = wanted.settings, wanted.secrets
        row.save()


def _wanted(tenant: Tenant, sender: str, outside: Outside) -> Iterator[_WantedConnection]:
    mail = {"host": outside.smtp_host, "port": outside.smtp_port, "sender": sender}
    yield _WantedConnection(ConnectionKind.SMTP, "Mail", mail, {})
    for kind, name, key in (
        (ConnectionKind.WHATSAPP, "WhatsApp", ""),
        (ConnectionKind.SLACK, "Slack", ""),
        (ConnectionKind.TEAMS, "Microsoft Teams", ""),
        (ConnectionKind.HTTP, "Accounting", "accounting"),
    ):
        yield _WantedConnection(
            kind, name, **values_of(tenant, kind, outside.base_url, key), named=key
        )


def _leads_elsewhere(row: Connection, wanted: _WantedConnection, host: str) -> bool:
    """Whether it leads to a sandbox, but not to today's."""
    try:
        secrets = dict(row.open_secrets())
    except SecretsUnreadable:  # the data directory with the key was removed
        return True
    if (row.settings, secrets) == (wanted.settings, wanted.secrets):
        return False
    return host in str([row.settings, secrets])
