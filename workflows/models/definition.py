"""A workflow as staff know it: its name, its published document, its draft."""

from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import SafeJSONField
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
