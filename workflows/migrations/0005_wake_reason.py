"""Why a run is due stands in its row. Old workers leave it alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0004_collations")]

    operations = [
        migrations.AddField(
            "workflowrun",
            "wake_reason",
            models.CharField(max_length=20, null=True, verbose_name="woken by"),
        )
    ]
