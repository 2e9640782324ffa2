"""Orders of three decimals, and their numbers found however they are written.

The amount's column loses its digits, which only the catalogue notes: another scale would write the
table anew. The checks are added unproved, and proved without a lock that saving an order would
notice; so is the index built. Statements that older processes have prepared fail once the type has
changed: workers take that for trouble of the database and connect anew, web processes are to be
restarted after this.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from tenants.core.text.alike_sql import HasOtherSigns
from tenants.models.amounts import AmountField, in_range

_INDEX = "orders_number_other_signs"
_FORWARDS = (
    # Whoever waits for this lock has all others wait behind it: rather try again.
    "SET lock_timeout = '5s'",
    """
    ALTER TABLE orders
        DROP CONSTRAINT IF EXISTS order_total_not_negative,
        DROP CONSTRAINT IF EXISTS order_total_in_range,
        ALTER COLUMN total_amount TYPE numeric,
        ADD CONSTRAINT order_total_not_negative CHECK (total_amount >= 0) NOT VALID,
        ADD CONSTRAINT order_total_in_range
            CHECK (total_amount > -1000000000000 AND total_amount < 1000000000000) NOT VALID
    """,
    "RESET lock_timeout",
    "ALTER TABLE orders VALIDATE CONSTRAINT order_total_not_negative",
    "ALTER TABLE orders VALIDATE CONSTRAINT order_total_in_range",
)
_BACKWARDS = (
    """
    ALTER TABLE orders
        DROP CONSTRAINT order_total_in_range,
        ALTER COLUMN total_amount TYPE numeric(14, 2)
    """,
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("tenants", "0005_key_rights_and_approvers")]

    operations = [
        migrations.RunSQL(
            _FORWARDS,
            _BACKWARDS,
            state_operations=[
                migrations.AlterField(
                    "order", "total_amount", AmountField(default=0, verbose_name="total")
                ),
                migrations.AddConstraint(
                    "order",
                    models.CheckConstraint(
                        condition=in_range("total_amount"),
                        name="order_total_in_range",
                        violation_error_message="The total has too many digits.",
                    ),
                ),
            ],
        ),
        # Left over, unusable, if an earlier attempt was broken off.
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {_INDEX}", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "order",
            models.Index(
                fields=["tenant"],
                condition=models.Q(HasOtherSigns(models.F("number"))),
                name=_INDEX,
            ),
        ),
    ]
