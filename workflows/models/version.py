"""A published version: what a run executes, whatever is edited later."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import NameField, SafeJSONField
from workflows.models.base import TenantManager, TenantModel
from workflows.models.definition import WorkflowDefinition


class WorkflowVersion(TenantModel):
    """Never updated: runs in flight execute the program stored here."""

    definition = models.ForeignKey(
        WorkflowDefinition, models.PROTECT, related_name="versions", verbose_name=_("workflow")
    )
    version = models.PositiveIntegerField(_("version"))
    document = SafeJSONField(_("document"), db_column="definition")
    program = SafeJSONField(_("compiled program"))
    language_version = models.PositiveSmallIntegerField(_("language version"), default=1)
    note = NameField(_("what changed"), max_length=500, blank=True)
    published_by = models.CharField(_("published by"), max_length=200, blank=True)
    published_at = models.DateTimeField(_("published"), db_default=Now())

    objects = TenantManager["WorkflowVersion"]()

    class Meta:
        db_table = "workflow_versions"
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "version"], name="version_once_per_definition"
            )
        ]

    def __str__(self) -> str:
        return f"{self.definition} v{self.version}"
