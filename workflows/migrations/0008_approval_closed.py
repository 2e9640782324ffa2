"""When a question was closed because its step ended without a decision."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0007_lanes")]

    operations = [
        migrations.AddField(
            "workflowapproval",
            "closed_at",
            models.DateTimeField(
                "closed", null=True, help_text="When its step ended without a decision."
            ),
        ),
    ]
