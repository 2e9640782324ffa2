"""The earlier steps of runs that go round and round: what their rows do not have to keep."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import ExactJSONField
from workflows.models.base import TenantManager, TenantModel


class WorkflowRunHistory(TenantModel):
    """Some entries that stood in `step_results` of a run. Only ever inserted.

    There is no foreign key, so that runs and their history stay free to be partitioned by the run.
    """

    id = None  # type: ignore[assignment]  # Django takes this field of the base away
    pk = models.CompositePrimaryKey("run_id", "seq")
    run_id = models.UUIDField(_("run"))
    seq = models.PositiveIntegerField(_("number of the last entry"))
    entries = ExactJSONField(_("steps"))

    objects = TenantManager["WorkflowRunHistory"]()

    class Meta:
        db_table = "workflow_run_history"
        verbose_name = _("history of a run")
        verbose_name_plural = _("histories of runs")

    def __str__(self) -> str:
        return f"{self.run_id}-{self.seq}"
