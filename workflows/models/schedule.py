"""A schedule: fires an event type at set times."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import NameField, SafeJSONField, ZoneField
from workflows.models.base import TenantManager, TenantModel


class MissedPolicy(models.TextChoices):
    """What becomes of the times that passed while nobody was there to fire."""

    LATEST = "latest", _("Once, for the last of them")
    ALL = "all", _("Once for each of them, at most 100")
    SKIP = "skip", _("Not at all: wait for the next time")


class WorkflowSchedule(TenantModel):
    """A cron expression read in a time zone, and the event it fires."""

    key = models.SlugField(_("key"), max_length=100)
    name = NameField(_("name"), max_length=200)
    event_type = NameField(_("fires"), max_length=100)
    payload = SafeJSONField(_("payload"), default=dict, blank=True)
    cron = models.CharField(_("cron expression"), max_length=200)
    time_zone = ZoneField(_("time zone"), max_length=64, blank=True)
    missed_policy = models.CharField(_("missed times"), max_length=20, default="latest")
    next_at = models.DateTimeField(_("next time"), null=True)
    last_at = models.DateTimeField(_("last time"), null=True)
    changed_by = models.CharField(_("changed by"), max_length=200, blank=True, db_default="")
    error_code = models.CharField(_("error code"), max_length=100, null=True)  # noqa: DJ001  # NULL: none, also where an older release writes
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = TenantManager["WorkflowSchedule"]()

    class Meta:
        db_table = "workflow_schedules"
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="schedule_key_once_per_tenant")
        ]
        indexes = [
            models.Index(fields=["next_at"], name="ws_next", condition=models.Q(is_active=True))
        ]

    def __str__(self) -> str:
        return self.name
