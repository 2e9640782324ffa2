"""Who was told of what, so that nobody is told twice."""

from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.tenant import Tenant
from workflows.models.base import TenantManager, TenantModel


class NotificationKind(StrEnum):
    """What somebody is told of."""

    APPROVAL = "approval"  # a question to decide
    WORK_WAITS = "work_waits"  # due work is not being done


class WorkflowNotification(TenantModel):
    """One message that went out. Kept for as long as what it is about could be told again."""

    # None: it is about the whole installation.
    tenant: Any = models.ForeignKey(
        Tenant,
        models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
        verbose_name=_("tenant"),
    )
    kind = models.CharField(_("kind"), max_length=50)
    subject = models.CharField(_("about"), max_length=100, blank=True)  # the id of a row, as text
    recipient = models.CharField(_("recipient"), max_length=100, blank=True)  # of a person: a hash
    sent_at = models.DateTimeField(_("sent"), db_default=Now())

    objects = TenantManager["WorkflowNotification"]()

    class Meta:
        db_table = "workflow_notifications"
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "recipient"], name="notification_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
