"""Free words on a workflow, by which a company sorts its own."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0016_problems_indexes")]

    operations = [
        migrations.AddField(
            "workflowdefinition",
            "tags",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40),
                db_default=[],
                default=list,
                size=None,
                verbose_name="tags",
            ),
        ),
    ]
