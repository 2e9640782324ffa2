"""The workers that are claiming runs: what the reaper and the support pages look at."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import SafeJSONField


class WorkflowWorker(models.Model):
    """One dispatcher, from its start to its end. Serves every tenant, so it belongs to none.

    Alive is who holds the advisory lock of its number; the row says which runs a dead one held.
    """

    number = models.BigIntegerField(
        _("number"), primary_key=True
    )  # from a sequence, never used again
    group = models.CharField(_("group"), max_length=200)  # one per `run_worker`
    host = models.CharField(_("host"), max_length=200)
    pid = models.PositiveIntegerField(_("process"))
    slots = models.PositiveIntegerField(_("slots"))
    started_at = models.DateTimeField(_("started"), db_default=Now())
    beat_at = models.DateTimeField(_("last sign of life"), db_default=Now())

    # Of one that its supervisor ended: what each of its runs was in the middle of (runtime.blame).
    ended_in = SafeJSONField(_("ended in"), null=True)

    objects: ClassVar[models.Manager["WorkflowWorker"]] = models.Manager()

    class Meta:
        db_table = "workflow_workers"
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return f"{self.host} {self.pid}"
