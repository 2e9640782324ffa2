"""Who made an API key. Of keys from before, the admin's log says it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def fill_made_by(apps, schema_editor):
    keys = apps.get_model("tenants", "ApiKey")
    entries = apps.get_model("admin", "LogEntry").objects.filter(
        content_type__app_label="tenants", content_type__model="apikey"
    )
    for key in keys.objects.all():
        own = entries.filter(object_id=str(key.pk)).order_by("action_time", "id")
        user = own.values_list("user_id", flat=True).first()
        keys.objects.filter(pk=key.pk).update(made_by_id=user)


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.AddField(
            "apikey",
            "made_by",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="made by",
            ),
        ),
        migrations.RunPython(fill_made_by, migrations.RunPython.noop, elidable=True),
    ]
