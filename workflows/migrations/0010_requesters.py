"""Who stands behind a run. Old workers leave it alone.

Of schedules from before, the admin's log says who changed them last.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


def fill_changed_by(apps, schema_editor):
    schedules = apps.get_model("workflows", "WorkflowSchedule")
    entries = apps.get_model("admin", "LogEntry").objects.filter(
        content_type__app_label="workflows", content_type__model="workflowschedule"
    )
    for schedule in schedules.objects.all():
        own = entries.filter(object_id=str(schedule.pk)).order_by("-action_time", "-id")
        name = own.values_list("user__username", flat=True).first()
        if name:
            schedules.objects.filter(pk=schedule.pk).update(changed_by=f"user:{name}")


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0009_woken_runs"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.AddField(
            "workflowapproval",
            "requesters",
            ArrayField(
                models.TextField(), null=True, editable=False, verbose_name="asked for by"
            ),
        ),
        migrations.AddField(
            "workflowevent",
            "initiator",
            models.CharField(
                "stands behind it",
                max_length=200,
                null=True,
                help_text="Of a schedule: who had changed it last.",
            ),
        ),
        migrations.AddField(
            "workflowrun",
            "retried_by",
            ArrayField(models.TextField(), null=True, editable=False, verbose_name="retried by"),
        ),
        migrations.AddField(
            "workflowschedule",
            "changed_by",
            models.CharField("changed by", max_length=200, blank=True, db_default=""),
        ),
        migrations.AlterField(
            "workflowapproval",
            "approvers",
            models.JSONField(
                "asked",
                default=list,
                help_text="Names of users, mail addresses, role:<role>, key:<name>.",
            ),
        ),
        migrations.RunPython(fill_changed_by, migrations.RunPython.noop, elidable=True),
    ]
