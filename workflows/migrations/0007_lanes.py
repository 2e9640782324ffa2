"""Lanes: the order of arrival is the database's, and a run knows what room it holds.

Old workers go on meanwhile: they neither read nor write the new columns. Rows that exist get a
constant, which rewrites nothing; among them the order stays that of their ids.
"""

import django.contrib.postgres.fields
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

from workflows.models.base import NextArrival

TURNS = models.Q(("due_at__isnull", False), ("lane__isnull", False))


def _arrival(default: object) -> models.BigIntegerField:
    return models.BigIntegerField(db_default=default, editable=False, verbose_name="arrival")


class Migration(migrations.Migration):
    atomic = False  # indexes of a table in use are built beside it

    dependencies = [("workflows", "0006_run_history")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE workflow_run_arrivals", "DROP SEQUENCE workflow_run_arrivals"
        ),
        migrations.AddField("workflowrun", "arrival", _arrival(0)),
        migrations.AlterField("workflowrun", "arrival", _arrival(NextArrival())),
        migrations.AddField(
            "workflowrun",
            "lane_keys",
            django.contrib.postgres.fields.ArrayField(
                models.CharField(max_length=300), null=True, verbose_name="takes room in"
            ),
        ),
        migrations.AddField(
            "workflowlane",
            "version",
            models.PositiveIntegerField(
                default=0, db_default=0, verbose_name="version that set the limit"
            ),
        ),
        AddIndexConcurrently(
            "workflowrun",
            models.Index(
                fields=["definition", "lane", "arrival", "id"], name="wr_lane_turn", condition=TURNS
            ),
        ),
        AddIndexConcurrently(
            "workflowrun",
            models.Index(
                fields=["definition", "arrival", "id"], name="wr_turn", condition=TURNS
            ),
        ),
        RemoveIndexConcurrently("workflowrun", "wr_lane"),
    ]
