"""A decision that a run waits for."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.fields import SafeJSONField
from workflows.models.base import TenantManager, TenantModel


class WorkflowApproval(TenantModel):
    """Who was asked, what they could choose, who decided what and when."""

    run_id = models.UUIDField(_("run"))
    step_name = models.CharField(_("step"), max_length=100)
    title = models.CharField(_("question"), max_length=300)
    message = models.TextField(_("message"), blank=True)
    approvers = SafeJSONField(
        _("asked"),
        default=list,
        help_text=_("Names of users, mail addresses, role:<role>, key:<name>."),
    )
    choices = SafeJSONField(_("choices"), default=list)  # [{"key", "label"}]
    form = SafeJSONField(_("form"), default=list)  # [{"key", "label", "type", …}]
    allow_self = models.BooleanField(_("may decide on their own request"), default=False)
    requested_by = models.CharField(_("requested by"), max_length=200, blank=True)
    # Everybody behind the run: `runtime.runs.requesters`. NULL: asked by an older release.
    requesters = ArrayField(
        models.TextField(), verbose_name=_("asked for by"), null=True, editable=False
    )
    choice = models.CharField(_("choice"), max_length=100, blank=True)
    answers = SafeJSONField(_("answers"), null=True)
    decided_by = models.CharField(_("decided by"), max_length=200, blank=True)
    decided_via = models.CharField(_("decided through"), max_length=40, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    closed_at = models.DateTimeField(
        _("closed"), null=True, help_text=_("When its step ended without a decision.")
    )
    expires_at = models.DateTimeField(_("expires"), null=True)
    notified_at = models.DateTimeField(_("approvers told"), null=True)
    # NULL: none failed. {"": code}: none could be made.
    mail_failures = SafeJSONField(
        _("mails that failed"), null=True, help_text=_("The addresses, and why.")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = TenantManager["WorkflowApproval"]()

    class Meta:
        db_table = "workflow_approvals"
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        indexes = [
            models.Index(
                fields=["tenant", "-id"], name="wa_open", condition=models.Q(decided_at=None)
            ),
            models.Index(fields=["tenant", "-id"], name="wa_tenant"),
            models.Index(fields=["run_id"], name="wa_run"),
        ]

    def __str__(self) -> str:
        return f"{self.step_name} {self.run_id}"
