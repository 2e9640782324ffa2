"""A run: queue message, checkpoint and history in one row."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, HashIndex
from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Collate, Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import ExactJSONField
from tenants.core.database.ids import DatabaseUUID7, uuid7
from workflows.engine.statuses import RunStatus
from workflows.models.arrival import NextArrival
from workflows.models.base import TenantModel, TenantQuerySet
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent

STATUS_LABELS = {
    RunStatus.QUEUED: _("Queued"),
    RunStatus.RUNNING: _("Running"),
    RunStatus.WAITING: _("Waiting"),
    RunStatus.COMPLETED: _("Completed"),
    RunStatus.COMPLETED_WITH_ERRORS: _("Completed with errors"),
    RunStatus.FAILED: _("Failed"),
    RunStatus.CANCELLED: _("Cancelled"),
    RunStatus.SKIPPED: _("Skipped"),
}


class RunQuerySet(TenantQuerySet["WorkflowRun"]):
    """Questions about runs. Failures and live runs name the columns their partial indexes need."""

    def unfinished(self) -> Self:
        """Only runs that have not ended."""
        return self.filter(due_at__isnull=False)

    def with_errors(self) -> Self:
        """Only runs that failed, or completed with errors."""
        return self.filter(error_fingerprint__isnull=False)


class WorkflowRun(TenantModel):
    """One run. Only `workflows.runtime.runs.store` writes its status.

    No index or predicate names status, lease_until, lease_token, current_step, step_results or
    pending: a checkpoint then changes no index (a HOT update). `due_at` is set while the run lives
    and NULL once it has ended; claims and checkpoints leave it alone.
    """

    id = models.UUIDField(
        _("run"), primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    definition = models.ForeignKey(
        WorkflowDefinition,
        models.PROTECT,
        related_name="runs",
        db_index=False,
        verbose_name=_("workflow"),
    )
    version = models.PositiveIntegerField(_("version"))
    event = models.ForeignKey(
        WorkflowEvent,
        models.DO_NOTHING,
        related_name="runs",
        db_constraint=False,  # events and runs stay free to be partitioned
        null=True,
        verbose_name=_("event"),
    )
    trigger_payload = ExactJSONField(_("payload"), default=dict)
    status = models.CharField(
        _("status"), max_length=30, choices=list(STATUS_LABELS.items()), default=RunStatus.QUEUED
    )
    current_step = models.PositiveIntegerField(
        _("next step"), default=0, db_default=0, help_text=_("Index of the next instruction.")
    )
    step_results = ExactJSONField(
        _("steps"), default=list, db_default=models.Value([], models.JSONField())
    )
    # No CHECK as of a positive field: adding one reads the whole table under a lock.
    entries_numbered = models.IntegerField(
        _("numbered entries"),
        default=0,
        db_default=0,
        help_text=_("Above 0: earlier entries stand in workflow_run_history, all with a number."),
    )
    pending = ExactJSONField(
        _("step under way"),
        null=True,
        help_text=_("Its params as rendered, its attempts, what it waits for."),
    )
    error_message = models.TextField(_("error"), null=True)  # noqa: DJ001  # NULL: no error, as people's SQL expects
    error_step = models.CharField(_("failed step"), max_length=100, null=True)  # noqa: DJ001
    error_code = models.CharField(_("error code"), max_length=100, null=True)  # noqa: DJ001
    error_fingerprint = models.CharField(max_length=64, null=True)  # noqa: DJ001  # NULL: outside the partial index
    subject_type = models.CharField(_("about (kind)"), max_length=100, blank=True, db_default="")
    subject_id = models.CharField(_("about (id)"), max_length=100, blank=True, db_default="")
    actor = models.CharField(_("started by"), max_length=200, blank=True, db_default="")
    due_at = models.DateTimeField(_("due"), null=True)
    # A WakeReason. NULL: nobody wakes it yet, or an older release made it due.
    wake_reason = models.CharField(_("woken by"), max_length=20, null=True)  # noqa: DJ001
    lease_until = models.DateTimeField(_("lease until"), null=True)
    lease_token = models.BigIntegerField(_("lease token"), default=0, db_default=0)
    worker = models.BigIntegerField(_("worker"), null=True)
    crashes = models.PositiveSmallIntegerField(_("crashes"), default=0, db_default=0)
    deadline_at = models.DateTimeField(_("deadline"), null=True)
    wait_type = models.CharField(_("waits for"), max_length=1000, null=True)  # noqa: DJ001
    wait_match = models.CharField(_("wait matches"), max_length=64, null=True)  # noqa: DJ001
    parent_run = models.UUIDField(_("parent run"), null=True)
    entry = models.PositiveIntegerField(_("entry"), default=0, db_default=0)
    item_index = models.PositiveIntegerField(_("item number"), null=True)
    item = ExactJSONField(
        _("item"), null=True, help_text=_("Of a child run: the element it works on, or its input.")
    )
    output = ExactJSONField(
        _("output"), null=True, help_text=_("Of a child run that has ended: what it hands back.")
    )
    children_open = models.PositiveIntegerField(_("open children"), default=0, db_default=0)
    lane = models.CharField(_("lane"), max_length=300, null=True)  # noqa: DJ001
    holds_lane = models.BooleanField(_("holds its lane"), default=False, db_default=False)
    # The keys of the lanes that it waits for or, while `holds_lane`, has taken room in. Empty: it
    # goes on without, to its end. NULL: nobody has looked yet.
    lane_keys = ArrayField(
        models.CharField(max_length=300), verbose_name=_("takes room in"), null=True
    )
    # What comes first in a lane. 0: written before there was such a number; then the id decides.
    arrival = models.BigIntegerField(_("arrival"), db_default=NextArrival(), editable=False)
    cancel_requested_at = models.DateTimeField(_("cancel asked"), null=True)
    # Everybody who let it go on after it had ended. NULL: nobody has.
    retried_by = ArrayField(
        models.TextField(), verbose_name=_("retried by"), null=True, editable=False
    )
    # Who sees to it, of a whole run: told to others, and nothing is concluded from it.
    taken_by = models.CharField(_("taken by"), max_length=200, null=True, editable=False)  # noqa: DJ001
    taken_at = models.DateTimeField(_("taken"), null=True, editable=False)
    retried_from = models.UUIDField(_("retried from"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("ended"), null=True)

    objects: ClassVar[models.Manager["WorkflowRun"]] = models.Manager.from_queryset(RunQuerySet)()

    class Meta:
        db_table = "workflow_runs"
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        indexes = [
            # Hash, not B-tree: an entry of a B-tree is limited to 2,700 bytes, and fire must not
            # fail because of what stands in a payload.
            HashIndex(KeyTextTransform("order_id", "trigger_payload"), name="wr_order_id"),
            models.Index(fields=["tenant", "-id"], name="wr_tenant"),
            models.Index(fields=["tenant", "definition", "-id"], name="wr_definition"),
            models.Index(
                fields=["tenant", "-id"],
                name="wr_failed",
                condition=models.Q(error_fingerprint__isnull=False),
            ),
            models.Index(
                fields=["tenant", "due_at"],
                name="wr_live",
                condition=models.Q(due_at__isnull=False),
            ),
            # Runs that go on, and child runs: claimed before those that start (statements.CLAIM).
            models.Index(
                fields=["tenant", "due_at"],
                name="wr_woken",
                condition=(~models.Q(wake_reason="start") | models.Q(parent_run__isnull=False))
                & models.Q(due_at__isnull=False),
            ),
            models.Index(fields=["tenant", "subject_type", "subject_id", "-id"], name="wr_subject"),
            models.Index(
                fields=["parent_run", "item_index"],
                name="wr_children",
                condition=models.Q(parent_run__isnull=False),
            ),
            # By bytes, as `matching` asks, whatever the database's own collation is. The column has
            # none of its own: to change that would rebuild its indexes under a full lock.
            models.Index(
                models.F("tenant"),
                Collate("wait_type", "C"),
                Collate("wait_match", "C"),
                name="wr_awaiting",
                condition=models.Q(wait_match__isnull=False),
            ),
            models.Index(
                fields=["definition", "lane", "arrival", "id"],
                name="wr_lane_turn",
                condition=models.Q(lane__isnull=False, due_at__isnull=False),
            ),
            models.Index(
                fields=["definition", "arrival", "id"],
                name="wr_turn",
                condition=models.Q(lane__isnull=False, due_at__isnull=False),
            ),
            BrinIndex(fields=["completed_at"], name="wr_completed", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return str(self.id)
