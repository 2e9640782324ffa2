"""Indexes for the search of orders by number, phone and name.

Built beside the work, without a lock that saving an order would notice.
"""

from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Reverse, Upper

_ARABIC = "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"


def _phone_backwards():
    text = models.TextField()
    western = models.Func(
        models.F("customer_phone"),
        models.Value(_ARABIC),
        models.Value("0123456789"),
        function="translate",
        output_field=text,
    )
    digits = models.Func(
        western,
        models.Value("[^0-9]"),
        models.Value(""),
        models.Value("g"),
        function="regexp_replace",
        output_field=text,
    )
    return Reverse(digits)


_INDEXES = {
    "orders_number_begins": Upper("number"),
    "orders_phone_ends": _phone_backwards(),
    "orders_name_begins": Upper("customer_name"),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("tenants", "0002_api_key_made_by")]

    operations = [
        operation
        for name, expression in _INDEXES.items()
        for operation in (
            # Left over, unusable, if an earlier attempt was broken off.
            migrations.RunSQL(
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop
            ),
            AddIndexConcurrently(
                "order",
                models.Index("tenant", OpClass(expression, "text_pattern_ops"), name=name),
            ),
        )
    ]
