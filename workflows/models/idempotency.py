"""Answers already given to a caller that may ask twice."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from workflows.models.base import TenantManager, TenantModel


class WorkflowIdempotency(TenantModel):
    """One request by its key. Kept 72 hours: as long as Stripe goes on retrying a webhook."""

    source = models.CharField(_("source"), max_length=200)  # the API key or endpoint
    key = models.CharField(_("key"), max_length=255)
    request_hash = models.CharField(_("request hash"), max_length=64)
    event_id = models.UUIDField(_("event"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = TenantManager["WorkflowIdempotency"]()

    class Meta:
        db_table = "workflow_idempotency"
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "key"], name="idempotency_key_once")
        ]
        indexes = [models.Index(fields=["created_at"], name="wi_created")]

    def __str__(self) -> str:
        return self.key
