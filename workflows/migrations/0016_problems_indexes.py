"""By which failures that no problem counts yet are found, and the runs of a problem.

Nothing a claim or a checkpoint writes stands in them, so they stay HOT updates.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Left
from django.db.models.lookups import Exact


class Migration(migrations.Migration):
    atomic = False  # the indexes of a table in use are built beside it

    dependencies = [("workflows", "0015_problems")]

    operations = [
        AddIndexConcurrently(
            "workflowrun",
            models.Index(
                fields=["tenant", "id"],
                name="wr_unfolded",
                condition=models.Q(
                    ("error_fingerprint__isnull", False),
                    ("parent_run__isnull", True),
                    models.Q(
                        Exact(Left("error_fingerprint", 1), models.Value("~")), _negated=True
                    ),
                ),
            ),
        ),
        AddIndexConcurrently(
            "workflowrun",
            models.Index(
                fields=["problem", "-id"],
                name="wr_problem",
                condition=models.Q(
                    ("problem__isnull", False),
                    models.Q(
                        ("error_fingerprint__isnull", False),
                        ("due_at__isnull", False),
                        _connector="OR",
                    ),
                ),
            ),
        ),
    ]
