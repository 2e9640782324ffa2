"""What the runs of a worker were in the middle of that its supervisor ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0011_put_aside")]

    operations = [
        migrations.AddField(
            "workflowworker",
            "ended_in",
            models.JSONField("ended in", null=True),
        ),
    ]
