"""Long loops move their earlier rounds out of the run's row."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.core.database.fields

# The entries were written once, by the run that they belong to. The table is long where runs loop:
# counts, not shares, as for runs.
STORAGE = """
ALTER TABLE workflow_run_history SET (
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000)
"""
STORAGE_BACK = """
ALTER TABLE workflow_run_history RESET (
    autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold)
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial"), ("workflows", "0005_wake_reason")]

    operations = [
        migrations.AddField(
            "workflowrun",
            "entries_numbered",
            models.IntegerField(
                db_default=0,
                default=0,
                help_text="Above 0: earlier entries stand in workflow_run_history, all with a "
                "number.",
                verbose_name="numbered entries",
            ),
        ),
        migrations.CreateModel(
            name="WorkflowRunHistory",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run_id",
                        "seq",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("run_id", models.UUIDField(verbose_name="run")),
                ("seq", models.PositiveIntegerField(verbose_name="number of the last entry")),
                ("entries", tenants.core.database.fields.ExactJSONField(verbose_name="steps")),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "history of a run",
                "verbose_name_plural": "histories of runs",
                "db_table": "workflow_run_history",
            },
        ),
        migrations.RunSQL(STORAGE, STORAGE_BACK),
    ]
