"""A tenant: one company, whose data no other tenant sees."""

from datetime import UTC
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import NameField
from tenants.core.database.ids import DatabaseUUID7, uuid7
from tenants.core.validators import validate_address_or_domain, validate_zone
from tenants.core.values.zones import zone_named
from tenants.facts import TenantFacts


def validate_time_zone(name: str) -> None:
    validate_zone(name)


class Tenant(models.Model):
    """One company."""

    id = models.UUIDField(
        primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    key = models.SlugField(
        _("key"), unique=True, help_text=_("Short name, used in addresses and exports.")
    )
    name = NameField(_("name"), max_length=200)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Asia/Beirut", validators=[validate_time_zone]
    )
    language = models.CharField(
        _("language of messages"),
        max_length=10,
        default="en",
        choices=[("en", _("English")), ("ar", _("Arabic"))],
    )
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    country = models.CharField(
        _("country"),
        max_length=2,
        default="LB",
        help_text=_(
            "Two letters. Phone numbers without a country code are read as numbers of this country."
        ),
    )
    approver_addresses = ArrayField(
        models.CharField(max_length=254, validators=[validate_address_or_domain]),
        verbose_name=_("may be asked to decide"),
        default=list,
        db_default=[],
        blank=True,
        help_text=_(
            "Mail addresses of people who are no members and may be asked to decide when an event "
            "names them, one a line. @partner.example allows everybody with such an address. Who "
            "stands in a workflow itself need not stand here."
        ),
    )
    paused_at = models.DateTimeField(
        _("paused since"),
        null=True,
        blank=True,
        help_text=_("While set, events and runs are kept, and nothing starts."),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects: ClassVar[models.Manager["Tenant"]] = models.Manager()

    class Meta:
        db_table = "tenants"
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The tenant's time zone; UTC if the stored name is unknown to this machine."""
        return zone_named(self.time_zone) or ZoneInfo(str(UTC))

    def facts(self) -> TenantFacts:
        return TenantFacts(
            id=self.id,
            key=self.key,
            name=self.name,
            time_zone=self.zone.key,
            language=self.language,
            currency=self.currency,
            country=self.country,
        )
