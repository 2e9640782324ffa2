"""Which people work for which tenant, and what they may do there."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.core.database.ids import DatabaseUUID7, uuid7
from tenants.models.tenant import Tenant


class Role(models.TextChoices):
    """What a member may do."""

    OPERATIONS = "operations", _("Operations: edit and publish workflows")
    SUPPORT = "support", _("Support: read everything, change nothing")

    @property
    def people(self) -> str:
        return str(_PEOPLE[self])


_PEOPLE = {
    Role.OPERATIONS: pgettext_lazy("people", "Operations"),
    Role.SUPPORT: pgettext_lazy("people", "Support"),
}


class Membership(models.Model):
    """A person's place in a tenant."""

    id = models.UUIDField(
        primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    tenant = models.ForeignKey(
        Tenant, models.CASCADE, related_name="memberships", verbose_name=_("tenant")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.SUPPORT)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects: ClassVar[models.Manager["Membership"]] = models.Manager()

    class Meta:
        db_table = "memberships"
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "tenant"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.tenant}"
