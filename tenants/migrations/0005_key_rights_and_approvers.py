"""Who may be asked to decide besides members; the keys of an account that is deleted are revoked."""

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models

import tenants.models.api_key
import tenants.core.validators


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_keys_logged_by_prefix")]

    operations = [
        migrations.AddField(
            "tenant",
            "approver_addresses",
            django.contrib.postgres.fields.ArrayField(
                models.CharField(
                    max_length=254, validators=[tenants.core.validators.validate_address_or_domain]
                ),
                blank=True,
                db_default=[],
                default=list,
                help_text=(
                    "Mail addresses of people who are no members and may be asked to decide when "
                    "an event names them, one a line. @partner.example allows everybody with such "
                    "an address. Who stands in a workflow itself need not stand here."
                ),
                size=None,
                verbose_name="may be asked to decide",
            ),
        ),
        migrations.AlterField(
            "apikey",
            "made_by",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=tenants.models.api_key.revoke_with_maker,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="made by",
            ),
        ),
    ]
