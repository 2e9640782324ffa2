"""A key with which another application fires events and reads runs."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from rest_framework_api_key.models import AbstractAPIKey

from tenants.core.database.fields import NameField
from tenants.models.tenant import Tenant


class KeyScope(models.TextChoices):
    """What the holder of a key may do."""

    FIRE_EVENTS = "events:fire", _("Fire events")
    READ_RUNS = "runs:read", _("Read runs")
    OPERATE_RUNS = "runs:operate", _("Cancel and retry runs")
    DECIDE_APPROVALS = "approvals:decide", _("Decide approvals")


def every_scope() -> list[str]:
    """Return what a new key gets unless somebody chooses otherwise: nothing that acts on runs."""
    return [KeyScope.FIRE_EVENTS, KeyScope.READ_RUNS]


def revoke_with_maker(collector: Any, field: Any, keys: Any, using: str) -> None:
    """Revoke the keys of an account that is deleted: nobody could say for whom they act."""
    # In this order: the keys are looked up anew for each, by their maker.
    collector.add_field_update(ApiKey._meta.get_field("revoked"), True, keys)
    collector.add_field_update(field, None, keys)


revoke_with_maker.lazy_sub_objs = True  # type: ignore[attr-defined]  # as SET_NULL has it


class ApiKey(AbstractAPIKey):
    """Shown once when made; only its hash is stored. It belongs to one tenant."""

    name = NameField(
        max_length=50,
        default=None,
        help_text=("A free-form name for the API key. Need not be unique. 50 characters max."),
    )
    tenant = models.ForeignKey(
        Tenant, models.CASCADE, related_name="api_keys", verbose_name=_("tenant")
    )
    scopes = ArrayField(
        models.CharField(max_length=40, choices=KeyScope.choices),
        # Without a context it would be the month.
        verbose_name=pgettext_lazy("what a key is good for", "may"),
        default=every_scope,
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        revoke_with_maker,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("made by"),
    )
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta(AbstractAPIKey.Meta):
        db_table = "api_keys"
        verbose_name = _("API key")  # type: ignore[assignment]  # the library wrote str
        verbose_name_plural = _("API keys")  # type: ignore[assignment]
