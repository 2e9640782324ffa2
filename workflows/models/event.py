"""The ledger of events: what happened, and which workflows it started, and why the others not."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import ExactJSONField
from workflows.models.base import TenantManager, TenantModel


class WorkflowEvent(TenantModel):
    """One event. Inserted, then only `matched_at` is ever set."""

    type = models.CharField(_("type"), max_length=100)
    payload = ExactJSONField(_("payload"), default=dict)
    previous = ExactJSONField(
        _("values before"),
        null=True,
        help_text=_("Of a changed record: what its fields held before."),
    )
    subject_type = models.CharField(_("about (kind)"), max_length=100, blank=True)
    subject_id = models.CharField(_("about (id)"), max_length=100, blank=True)
    source = models.CharField(_("source"), max_length=40, blank=True)
    actor = models.CharField(_("caused by"), max_length=200, blank=True)
    # NULL: who caused it says that already.
    initiator = models.CharField(  # noqa: DJ001
        _("stands behind it"),
        max_length=200,
        null=True,
        help_text=_("Of a schedule: who had changed it last."),
    )
    caused_by_run = models.UUIDField(_("caused by run"), null=True)
    depth = models.PositiveSmallIntegerField(
        _("depth"),
        default=0,
        help_text=_("How many runs stand between this event and the first one."),
    )
    evaluations = ExactJSONField(
        _("what listened"),
        default=list,
        help_text=_("Each workflow that listens, and why it did or did not start."),
    )
    search_keys: Any = ArrayField(models.TextField(), default=list, editable=False)
    matched_at = models.DateTimeField(_("waits matched"), null=True, editable=False)
    created_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)

    objects = TenantManager["WorkflowEvent"]()

    class Meta:
        db_table = "workflow_events"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["tenant", "-id"], name="we_tenant"),
            # What a run that waits for an event looks back through.
            models.Index(fields=["tenant", "type", "id"], name="we_type"),
            models.Index(fields=["tenant", "subject_type", "subject_id", "-id"], name="we_subject"),
            # fastupdate off: with it on, single inserts paused for up to 800 ms (measured).
            GinIndex(fields=["search_keys"], name="we_search", fastupdate=False),
            models.Index(fields=["id"], name="we_unmatched", condition=models.Q(matched_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
