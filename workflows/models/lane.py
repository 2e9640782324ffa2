"""A lane: how many runs with the same concurrency key may be under way at once."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.models.base import TenantManager, TenantModel
from workflows.models.definition import WorkflowDefinition


class WorkflowLane(TenantModel):
    """Held by a run from its start to its end, waits included."""

    definition = models.ForeignKey(WorkflowDefinition, models.CASCADE, related_name="lanes")
    key = models.CharField(_("key"), max_length=300)
    limit = models.PositiveIntegerField(_("limit"))
    # The newest version of the workflow whose runs came by: the limit is the one that it says.
    version = models.PositiveIntegerField(_("version that set the limit"), default=0, db_default=0)
    holders = models.PositiveIntegerField(_("held"), default=0)

    objects = TenantManager["WorkflowLane"]()

    class Meta:
        db_table = "workflow_lanes"
        verbose_name = _("lane")
        verbose_name_plural = _("lanes")
        constraints = [models.UniqueConstraint(fields=["definition", "key"], name="lane_once")]

    def __str__(self) -> str:
        return self.key
