"""What was logged of API keys names them by their beginning, and no longer by their hash."""

from django.db import migrations

BY_PREFIX = """
UPDATE django_admin_log SET object_id = split_part(object_id, '.', 1)
WHERE object_id LIKE '%.%' AND content_type_id IN (
    SELECT id FROM django_content_type WHERE app_label = 'tenants' AND model = 'apikey')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_order_search"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunSQL(BY_PREFIX, migrations.RunSQL.noop)]
