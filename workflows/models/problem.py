"""A problem: failures of the same workflow, in the same step, of the same kind."""

from typing import Final
from uuid import uuid4

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import SafeJSONField
from workflows.models.base import TenantManager, TenantModel
from workflows.models.definition import WorkflowDefinition

# What a run's `error_fingerprint` begins with once its failure is counted in a problem. Whoever
# writes a failure writes it without, so that one that comes again is counted again.
FOLDED: Final = "~"


class WorkflowProblem(TenantModel):
    """One problem. It is open while a run of it is failed, or under way again.

    A run belongs to it whose `problem` is `members`. Whoever says that it is solved gives it other
    members: the runs of before are then no longer its own, whatever becomes of them.
    """

    definition = models.ForeignKey(
        WorkflowDefinition, models.CASCADE, related_name="+", db_index=False
    )
    fingerprint = models.CharField(max_length=64, editable=False)
    step = models.CharField(_("failed step"), max_length=100, blank=True)
    code = models.CharField(_("error code"), max_length=100)
    members = models.UUIDField(unique=True, default=uuid4, editable=False)
    example = models.UUIDField(_("example"))  # the run that failed last
    failures = models.PositiveBigIntegerField(_("failures"), default=0)
    hours = SafeJSONField(
        default=dict, help_text=_("Failures of the last days, by hours since 1970.")
    )
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    taken_by = models.CharField(_("taken by"), max_length=200, blank=True)
    taken_at = models.DateTimeField(_("taken"), null=True)
    # NULL: it is open.
    closed_at = models.DateTimeField(_("solved"), null=True)
    # Who said so; "": all its runs were solved.
    closed_by = models.CharField(_("solved by"), max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = TenantManager["WorkflowProblem"]()

    class Meta:
        db_table = "workflow_problems"
        verbose_name = _("problem")
        verbose_name_plural = _("problems")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "fingerprint"], name="problem_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "-last_at", "-id"], name="wpr_tenant"),
            models.Index(
                fields=["tenant", "-last_at", "-id"],
                name="wpr_open",
                condition=models.Q(closed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.definition)
