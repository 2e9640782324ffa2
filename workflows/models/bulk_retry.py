"""Many runs retried as one job: what was chosen, how fast, and what was done with each."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from workflows.models.base import TenantManager, TenantModel
from workflows.models.run import WorkflowRun


class BulkRetryStatus(models.TextChoices):
    """How far it has come."""

    PLANNED = "planned", _("Not started")
    FIRST = "first", _("The first one")
    ASKING = "asking", _("Waits for you")  # the first was done; whether the others are, is asked
    RUNNING = "running", _("Under way")
    STOPPED = "stopped", _("Stopped")
    DONE = "done", _("Done")


class WorkflowBulkRetry(TenantModel):
    """One job. Whoever carries it on holds its row for one run at a time."""

    status = models.CharField(
        _("status"),
        max_length=20,
        choices=BulkRetryStatus.choices,
        default=BulkRetryStatus.PLANNED,
    )
    problem = models.UUIDField(_("problem"), null=True)  # from whose page it was begun
    actor = models.CharField(_("started by"), max_length=200)
    per_minute = models.PositiveIntegerField(_("at most so many a minute"), default=60)
    with_record = models.BooleanField(_("with today's values"), default=False)
    # So many records say something else today than the runs chosen here were started with.
    changed = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(_("runs"), default=0)
    # Of those, not looked at before the start: that is done when their turn comes.
    unexamined = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)  # when the next run may be retried
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = TenantManager["WorkflowBulkRetry"]()

    class Meta:
        db_table = "workflow_bulk_retries"
        verbose_name = _("bulk retry")
        verbose_name_plural = _("bulk retries")
        indexes = [
            models.Index(fields=["tenant", "-id"], name="wbr_tenant"),
            models.Index(
                fields=["next_at"],
                name="wbr_live",
                condition=models.Q(status__in=["first", "asking", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ItemOutcome(models.TextChoices):
    """What was done with a run."""

    WAITING = "", _("Not yet")
    RETRIED = "retried", _("Retried")
    LEFT = "left", _("Left alone")


class WorkflowBulkRetryItem(TenantModel):
    """One run of a job, as it stood when it was chosen."""

    bulk_retry = models.ForeignKey(
        WorkflowBulkRetry, models.CASCADE, related_name="items", db_index=False
    )
    run = models.ForeignKey(
        WorkflowRun, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    # A retry changes it: a run that somebody else has retried meanwhile is left alone.
    lease_token = models.BigIntegerField()
    position = models.PositiveIntegerField()
    outcome = models.CharField(max_length=20, choices=ItemOutcome.choices, blank=True)
    reason = models.CharField(max_length=100, blank=True)  # a code: why it was left alone
    done_at = models.DateTimeField(null=True)

    objects = TenantManager["WorkflowBulkRetryItem"]()

    class Meta:
        db_table = "workflow_bulk_retry_items"
        verbose_name = _("run of a bulk retry")
        verbose_name_plural = _("runs of a bulk retry")
        constraints = [
            models.UniqueConstraint(fields=["bulk_retry", "run"], name="bulk_retry_run_once")
        ]
        indexes = [
            models.Index(fields=["bulk_retry", "position"], name="wbri_job"),
            models.Index(
                fields=["bulk_retry", "position"],
                name="wbri_waiting",
                condition=models.Q(outcome=""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.run_id)
