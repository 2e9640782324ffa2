"""Problems, and many runs retried as one job.

The new column of a run is empty, so adding it writes no row.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
import tenants.core.database.ids
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0006_order_numbers_and_amounts'),
        ('workflows', '0014_run_taken'),
    ]

    operations = [
        migrations.CreateModel(
            name='WorkflowBulkRetry',
            fields=[
                ('id', models.UUIDField(db_default=tenants.core.database.ids.DatabaseUUID7(), default=tenants.core.database.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('planned', 'Not started'), ('first', 'The first one'), ('asking', 'Waits for you'), ('running', 'Under way'), ('stopped', 'Stopped'), ('done', 'Done')], default='planned', max_length=20, verbose_name='status')),
                ('problem', models.UUIDField(null=True, verbose_name='problem')),
                ('actor', models.CharField(max_length=200, verbose_name='started by')),
                ('per_minute', models.PositiveIntegerField(default=60, verbose_name='at most so many a minute')),
                ('with_record', models.BooleanField(default=False, verbose_name="with today's values")),
                ('changed', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0, verbose_name='runs')),
                ('unexamined', models.PositiveIntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
            ],
            options={
                'verbose_name': 'bulk retry',
                'verbose_name_plural': 'bulk retries',
                'db_table': 'workflow_bulk_retries',
            },
        ),
        migrations.CreateModel(
            name='WorkflowBulkRetryItem',
            fields=[
                ('id', models.UUIDField(db_default=tenants.core.database.ids.DatabaseUUID7(), default=tenants.core.database.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('lease_token', models.BigIntegerField()),
                ('position', models.PositiveIntegerField()),
                ('outcome', models.CharField(blank=True, choices=[('', 'Not yet'), ('retried', 'Retried'), ('left', 'Left alone')], max_length=20)),
                ('reason', models.CharField(blank=True, max_length=100)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'run of a bulk retry',
                'verbose_name_plural': 'runs of a bulk retry',
                'db_table': 'workflow_bulk_retry_items',
            },
        ),
        migrations.CreateModel(
            name='WorkflowProblem',
            fields=[
                ('id', models.UUIDField(db_default=tenants.core.database.ids.DatabaseUUID7(), default=tenants.core.database.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('fingerprint', models.CharField(editable=False, max_length=64)),
                ('step', models.CharField(blank=True, max_length=100, verbose_name='failed step')),
                ('code', models.CharField(max_length=100, verbose_name='error code')),
                ('members', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('example', models.UUIDField(verbose_name='example')),
                ('failures', models.PositiveBigIntegerField(default=0, verbose_name='failures')),
                ('hours', models.JSONField(default=dict, help_text='Failures of the last days, by hours since 1970.')),
                ('first_at', models.DateTimeField(verbose_name='first')),
                ('last_at', models.DateTimeField(verbose_name='last')),
                ('taken_by', models.CharField(blank=True, max_length=200, verbose_name='taken by')),
                ('taken_at', models.DateTimeField(null=True, verbose_name='taken')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='solved')),
                ('closed_by', models.CharField(blank=True, max_length=200, verbose_name='solved by')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'problem',
                'verbose_name_plural': 'problems',
                'db_table': 'workflow_problems',
            },
        ),
        migrations.AddField(
            model_name='workflowrun',
            name='problem',
            field=models.UUIDField(editable=False, null=True, verbose_name='problem'),
        ),
        migrations.AddField(
            model_name='workflowbulkretry',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant', verbose_name='tenant'),
        ),
        migrations.AddField(
            model_name='workflowbulkretryitem',
            name='bulk_retry',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='workflows.workflowbulkretry'),
        ),
        migrations.AddField(
            model_name='workflowbulkretryitem',
            name='run',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='workflows.workflowrun'),
        ),
        migrations.AddField(
            model_name='workflowbulkretryitem',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant', verbose_name='tenant'),
        ),
        migrations.AddField(
            model_name='workflowproblem',
            name='definition',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workflows.workflowdefinition'),
        ),
        migrations.AddField(
            model_name='workflowproblem',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant', verbose_name='tenant'),
        ),
        migrations.AddIndex(
            model_name='workflowbulkretry',
            index=models.Index(fields=['tenant', '-id'], name='wbr_tenant'),
        ),
        migrations.AddIndex(
            model_name='workflowbulkretry',
            index=models.Index(condition=models.Q(('status__in', ['first', 'asking', 'running'])), fields=['next_at'], name='wbr_live'),
        ),
        migrations.AddIndex(
            model_name='workflowbulkretryitem',
            index=models.Index(fields=['bulk_retry', 'position'], name='wbri_job'),
        ),
        migrations.AddIndex(
            model_name='workflowbulkretryitem',
            index=models.Index(condition=models.Q(('outcome', '')), fields=['bulk_retry', 'position'], name='wbri_waiting'),
        ),
        migrations.AddConstraint(
            model_name='workflowbulkretryitem',
            constraint=models.UniqueConstraint(fields=('bulk_retry', 'run'), name='bulk_retry_run_once'),
        ),
        migrations.AddIndex(
            model_name='workflowproblem',
            index=models.Index(fields=['tenant', '-last_at', '-id'], name='wpr_tenant'),
        ),
        migrations.AddIndex(
            model_name='workflowproblem',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['tenant', '-last_at', '-id'], name='wpr_open'),
        ),
        migrations.AddConstraint(
            model_name='workflowproblem',
            constraint=models.UniqueConstraint(fields=('tenant', 'fingerprint'), name='problem_once'),
        ),
    ]
