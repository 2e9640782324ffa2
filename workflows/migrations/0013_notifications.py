"""Who was told of what, in a table of its own.

Until now a told approver was an idempotency key, which is forgotten after 72 hours. Workers of
before go on meanwhile: what they write down becomes a notification, and what new ones write down
becomes such a key, so that neither mails a person whom the other has told. Both triggers can go
once no such worker is left.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

from tenants.core.database.ids import DatabaseUUID7, uuid7

TAKE_OVER = """
CREATE FUNCTION sayr_key_to_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO workflow_notifications (tenant_id, kind, subject, recipient, sent_at)
    VALUES (NEW.tenant_id, 'approval', split_part(NEW.key, ':', 1)::uuid::text,
        split_part(NEW.key, ':', 2), NEW.created_at)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE FUNCTION sayr_notification_to_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO workflow_idempotency (tenant_id, source, key, request_hash)
    VALUES (NEW.tenant_id, 'approval_mail',
        replace(NEW.subject, '-', '') || ':' || NEW.recipient, '')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER approval_mail_to_notification AFTER INSERT ON workflow_idempotency
FOR EACH ROW WHEN (NEW.source = 'approval_mail' AND NEW.key ~ '^[0-9a-f]{32}:')
EXECUTE FUNCTION sayr_key_to_notification();

INSERT INTO workflow_notifications (tenant_id, kind, subject, recipient, sent_at)
SELECT tenant_id, 'approval', split_part(key, ':', 1)::uuid::text, split_part(key, ':', 2),
    created_at
FROM workflow_idempotency WHERE source = 'approval_mail' AND key ~ '^[0-9a-f]{32}:';

CREATE TRIGGER notification_to_approval_mail AFTER INSERT ON workflow_notifications
FOR EACH ROW WHEN (NEW.kind = 'approval') EXECUTE FUNCTION sayr_notification_to_key();

-- The hour in which superusers are left in peace was a line of the timetable.
INSERT INTO workflow_notifications (kind, subject, recipient, sent_at)
SELECT 'work_waits', '', '', max(next_run) - interval '1 hour'
FROM django_q_schedule WHERE name = 'sayr.superusers_told' HAVING count(*) > 0;
DELETE FROM django_q_schedule WHERE name = 'sayr.superusers_told';
"""
FORGET = """
DROP TRIGGER approval_mail_to_notification ON workflow_idempotency;
DROP TRIGGER notification_to_approval_mail ON workflow_notifications;
DROP FUNCTION sayr_key_to_notification();
DROP FUNCTION sayr_notification_to_key();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0012_worker_ended_in"),
        ("tenants", "0001_initial"),
        ("django_q", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkflowNotification",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        primary_key=True,
                        default=uuid7,
                        db_default=DatabaseUUID7(),
                        editable=False,
                        serialize=False,
                    ),
                ),
                ("kind", models.CharField("kind", max_length=50)),
                ("subject", models.CharField("about", max_length=100, blank=True)),
                ("recipient", models.CharField("recipient", max_length=100, blank=True)),
                ("sent_at", models.DateTimeField("sent", db_default=Now())),
                (
                    "tenant",
                    models.ForeignKey(
                        "tenants.tenant",
                        django.db.models.deletion.PROTECT,
                        related_name="+",
                        null=True,
                        db_index=False,
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "db_table": "workflow_notifications",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "subject", "recipient"), name="notification_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(TAKE_OVER, FORGET),
    ]
