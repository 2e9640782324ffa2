"""A connection: where a tenant's steps call, and the credentials they call with."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from actions.models.encryption import SealedSecretsField, Secrets, reseal, unseal
from tenants.core.database.fields import NameField, SafeJSONField
from tenants.core.database.ids import DatabaseUUID7, uuid7
from tenants.models.tenant import Tenant


class ConnectionKind(models.TextChoices):
    """What is at the other end."""

    WHATSAPP = "whatsapp", _("WhatsApp Cloud API")
    SLACK = "slack", _("Slack")
    TEAMS = "teams", _("Microsoft Teams")
    SMTP = "smtp", _("Mail server (SMTP)")
    HTTP = "http", _("Web service (HTTP)")


# What each kind needs before a step can use it: settings, then secrets.
REQUIRED_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    ConnectionKind.WHATSAPP: ("phone_number_id",),
    ConnectionKind.SMTP: ("host",),
    ConnectionKind.HTTP: ("base_url",),
}
REQUIRED_SECRETS: Final[Mapping[str, tuple[str, ...]]] = {
    ConnectionKind.WHATSAPP: ("access_token",),
    ConnectionKind.SLACK: ("bot_token",),
    ConnectionKind.TEAMS: ("webhook_url",),
}


class ConnectionQuerySet(models.QuerySet["Connection", "Connection"]):
    """Questions about connections."""

    def of(self, tenant_id: Any) -> "ConnectionQuerySet":
        return self.filter(tenant_id=tenant_id)

    def usable(self) -> "ConnectionQuerySet":
        """Those not switched off."""
        return self.filter(is_active=True)

    def rotate_secrets(self) -> int:
        """Encrypt all secrets again with the newest key. Return how many rows changed."""
        count = 0
        with transaction.atomic():
            for row in self.select_for_update().exclude(secrets="").iterator():
                count += self.filter(pk=row.pk).update(secrets=reseal(row.secrets))
        return count


class Connection(models.Model):
    """Credentials are write-only: pages and the API can replace them, never show them."""

    id = models.UUIDField(
        primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    tenant = models.ForeignKey(
        Tenant, models.CASCADE, related_name="connections", verbose_name=_("tenant")
    )
    key = models.SlugField(
        _("key"), db_index=False, help_text=_("Short name by which workflows refer to it.")
    )
    name = NameField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=ConnectionKind.choices)
    settings = SafeJSONField(
        _("settings"),
        default=dict,
        blank=True,
        help_text=_("What is not secret: address, sender, phone number id, channel."),
    )
    secrets = SealedSecretsField(_("secrets"), blank=True, default=dict, editable=False)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Steps cannot use a connection that is off.")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True, editable=False)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        db_table = "connections"
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key"],
                name="connection_key_once_per_tenant",
                violation_error_message=_("There is already a connection with this key."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def destination(self) -> str:
        """Where its secrets may be sent: they are sealed for this place and open for no other."""
        if self.kind == ConnectionKind.SMTP:
            return f"smtp://{self.settings.get('host', '')}:{self.settings.get('port', '')}"
        address = urlsplit(str(self.settings.get("base_url", "")))
        return f"{address.scheme}://{address.netloc}".lower() if address.netloc else self.kind

    def open_secrets(self) -> Secrets:
        """Return the secrets in plain text. Raises SecretsUnreadable."""
        if isinstance(self.secrets, dict):
            return self.secrets
        return unseal(self.secrets, tenant_id=self.tenant_id, destination=self.destination)

    def clean(self) -> None:
        """Refuse settings that no step could use."""
        if not isinstance(self.settings, dict):
            raise ValidationError({"settings": _("Write an object: {…}.")})
        for name in REQUIRED_SETTINGS.get(self.kind, ()):
            if not self.settings.get(name):
                raise ValidationError(
                    {
                        "settings": ValidationError(
                            _("“%(name)s” is missing."), params={"name": name}
                        )
                    }
                )
