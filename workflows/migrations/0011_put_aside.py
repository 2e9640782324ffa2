"""Why an approval's mails, or a schedule's events, are not what somebody waits for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0010_requesters")]

    operations = [
        migrations.AddField(
            "workflowapproval",
            "mail_failures",
            models.JSONField("mails that failed", null=True, help_text="The addresses, and why."),
        ),
        migrations.AddField(
            "workflowschedule",
            "error_code",
            models.CharField("error code", max_length=100, null=True),
        ),
    ]
