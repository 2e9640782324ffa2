"""A workflow as staff know it: its name, its published document, its draft."""

from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import NameField, SafeJSONField
from workflows.models.base import TenantManager, TenantModel

MAX_TAG: Final = 40  # characters


class WorkflowDefinition(TenantModel):
    """One workflow. Archived rather than deleted while runs of it exist."""

    key = models.SlugField(  # type: ignore[call-arg]  # the stubs know no collation
        _("key"),
        max_length=100,
        db_collation="C",  # exports are in the same order everywhere
        help_text=_("By this name exports refer to it."),
    )
    name = models.CharField(_("name"), max_length=200)
    trigger_type = models.CharField(_("starts on"), max_length=100, blank=True)
    # trigger_type and the document's also_on: what fire() looks up.
    trigger_types: Any = ArrayField(models.CharField(max_length=100), default=list, editable=False)
    # What any version of it ever waited for: runs of an old version may still do.
    awaited_types: Any = ArrayField(models.CharField(max_length=100), default=list, editable=False)
    definition = SafeJSONField(_("published document"), default=dict, blank=True)
    draft = SafeJSONField(_("draft"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=False)
    version = models.PositiveIntegerField(
        _("version"), default=0, help_text=_("0: never published.")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    updated_by = models.CharField(_("changed by"), max_length=200, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
        help_text=_("Gets a mail when runs fail. Without one: whoever published last."),
    )
    alerted_at = models.DateTimeField(_("owner told"), null=True, editable=False)
    managed_by = models.CharField(
        _("managed by"),
        max_length=40,
        blank=True,
        editable=False,
        help_text=_("Where it is edited, if not here: git, for one."),
    )
    tags: Any = ArrayField(
        models.CharField(max_length=MAX_TAG), verbose_name=_("tags"), default=list, db_default=[]
    )
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = TenantManager["WorkflowDefinition"]()

    class Meta:
        db_table = "workflow_definitions"
        verbose_name = _("workflow")
        verbose_name_plural = _("workflows")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key"],
                name="definition_key_once_per_tenant",
                violation_error_message=_("There is already a workflow with this key."),
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant"], name="wd_listening", condition=models.Q(is_active=True)
            ),
            models.Index(
                fields=["tenant"], name="wd_awaiting", condition=~models.Q(awaited_types=[])
            ),
        ]

    def __str__(self) -> str:
        return self.name


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
