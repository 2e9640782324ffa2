"""Text that is ranged over or put in order is compared by its bytes, whatever the database's own
collation is.

The index of the runs that wait for an event is built beside the old one, without a lock that runs
or workers would notice: ten million rows take minutes. Old workers meanwhile find their rows
through either of them. Other text is only compared for equality, which is the same in every
collation a database can have, or put in order for people, who expect their language's.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("workflows", "0003_rehearsals")]

    operations = [
        # Left over, unusable, if an earlier attempt was broken off.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS wr_awaiting", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="workflowrun",
            index=models.Index(
                models.F("tenant"),
                Collate("wait_type", "C"),
                Collate("wait_match", "C"),
                condition=models.Q(("wait_match__isnull", False)),
                name="wr_awaiting",
            ),
        ),
        RemoveIndexConcurrently(model_name="workflowrun", name="wr_waits"),
        migrations.AlterField(
            model_name="workflowdefinition",
            name="key",
            field=models.SlugField(  # type: ignore[call-arg]  # the stubs know no collation
                db_collation="C",
                help_text="By this name exports refer to it.",
                max_length=100,
                verbose_name="key",
            ),
        ),
    ]
