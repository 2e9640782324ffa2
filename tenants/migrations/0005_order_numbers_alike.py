"""An index of the few orders whose number is not plain ASCII: their numbers have several spellings.

Built beside the work, without a lock that saving an order would notice.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from tenants.alike_sql import HasOtherSigns

_NAME = "orders_number_other_signs"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("tenants", "0003_order_search")]

    operations = [
        # Left over, unusable, if an earlier attempt was broken off.
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {_NAME}", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "order",
            models.Index(
                fields=["tenant"],
                condition=models.Q(HasOtherSigns(models.F("number"))),
                name=_NAME,
            ),
        ),
    ]
