"""Who sees to a run. Two columns that may be empty; old workers leave them alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0013_notifications"),
    ]

    operations = [
        migrations.AddField(
            "workflowrun",
            "taken_at",
            models.DateTimeField("taken", null=True, editable=False),
        ),
        migrations.AddField(
            "workflowrun",
            "taken_by",
            models.CharField("taken by", max_length=200, null=True, editable=False),
        ),
    ]
