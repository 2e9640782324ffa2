"""Amounts of three decimals: the columns lose their digits, which only the catalogue notes."""

from django.db import migrations

from tenants.models.amounts import AmountField

_AMOUNTS = {"invoice": "invoices", "payment": "payments", "refund": "refunds"}


class Migration(migrations.Migration):
    dependencies = [("company", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ALTER COLUMN amount TYPE numeric",
            f"ALTER TABLE {table} ALTER COLUMN amount TYPE numeric(14, 2)",
            state_operations=[
                migrations.AlterField(model, "amount", AmountField(verbose_name="amount"))
            ],
        )
        for model, table in _AMOUNTS.items()
    ]
