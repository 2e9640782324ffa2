"""Test runs and backtests. They never stand among the real runs."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.fields import ExactJSONField
from workflows.models.base import TenantModel, TenantQuerySet
from workflows.models.definition import WorkflowDefinition


class WorkflowRehearsal(TenantModel):
    """A document tried out: on one input, or on many past events."""

    definition = models.ForeignKey(
        WorkflowDefinition, models.CASCADE, related_name="rehearsals", null=True
    )
    document = models.JSONField(_("document"))
    input = ExactJSONField(_("input"), default=dict)
    result = ExactJSONField(_("result"), null=True)
    actor = models.CharField(_("started by"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    completed_at = models.DateTimeField(_("ended"), null=True)

    objects: ClassVar[models.Manager["WorkflowRehearsal"]] = models.Manager.from_queryset(
        TenantQuerySet["WorkflowRehearsal"]
    )()

    class Meta:
        db_table = "workflow_rehearsals"
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        indexes = [models.Index(fields=["tenant", "-id"], name="wre_tenant")]

    def __str__(self) -> str:
        return str(self.id)
