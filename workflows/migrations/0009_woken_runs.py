"""The runs that go on: found without reading past the new ones that are due.

Nothing a claim or a checkpoint writes stands in it, so they stay HOT updates.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index of a table in use is built beside it

    dependencies = [("workflows", "0008_approval_closed")]

    operations = [
        AddIndexConcurrently(
            "workflowrun",
            models.Index(
                fields=["tenant", "due_at"],
                name="wr_woken",
                condition=models.Q(
                    models.Q(("wake_reason", "start"), _negated=True),
                    ("parent_run__isnull", False),
                    _connector="OR",
                )
                & models.Q(("due_at__isnull", False)),
            ),
        ),
    ]
