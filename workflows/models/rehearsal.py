"""Test runs and backtests. They never stand among the real runs."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import ExactJSONField, SafeJSONField
from workflows.models.base import TenantManager, TenantModel
from workflows.models.definition import WorkflowDefinition


class DryRunKind(models.TextChoices):
    """On what a document is tried out."""

    TEST = "test", _("Test run")
    BACKTEST = "backtest", _("Backtest")


class DryRunStatus(models.TextChoices):
    """How far it has come. A test run is prepared, then done each time somebody presses."""

    PREPARED = "prepared", _("Prepared")
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")


class WorkflowRehearsal(TenantModel):
    """A document tried out: on one input, or on many past events."""

    definition = models.ForeignKey(
        WorkflowDefinition, models.CASCADE, related_name="rehearsals", null=True
    )
    kind = models.CharField(
        _("kind"), max_length=20, choices=DryRunKind.choices, default=DryRunKind.TEST
    )
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=DryRunStatus.choices,
        default=DryRunStatus.PREPARED,
    )
    document = SafeJSONField(_("document"))
    # Of a backtest: the version that the document is compared with; 0: with none.
    version = models.PositiveIntegerField(_("compared with version"), default=0)
    input = ExactJSONField(_("input"), default=dict)
    result = ExactJSONField(_("result"), null=True)
    done = models.PositiveIntegerField(_("events done"), default=0)
    total = models.PositiveIntegerField(_("events in all"), default=0)
    actor = models.CharField(_("started by"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    completed_at = models.DateTimeField(_("ended"), null=True)

    objects = TenantManager["WorkflowRehearsal"]()

    class Meta:
        db_table = "workflow_rehearsals"
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        indexes = [models.Index(fields=["tenant", "-id"], name="wre_tenant")]

    def __str__(self) -> str:
        return str(self.id)
