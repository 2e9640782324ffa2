"""What a test run and a backtest keep of themselves."""

from django.db import migrations, models

KINDS = [("test", "Test run"), ("backtest", "Backtest")]
STATUSES = [
    ("prepared", "Prepared"),
    ("queued", "Queued"),
    ("running", "Running"),
    ("done", "Done"),
    ("cancelled", "Cancelled"),
    ("failed", "Failed"),
]


def _count(name: str) -> models.PositiveIntegerField:
    return models.PositiveIntegerField(default=0, verbose_name=name)


def _word(name: str, choices: list[tuple[str, str]], default: str) -> models.CharField:
    return models.CharField(choices=choices, default=default, max_length=20, verbose_name=name)


class Migration(migrations.Migration):
    dependencies = [("workflows", "0002_storage")]

    operations = [
        migrations.AddField("workflowrehearsal", "kind", _word("kind", KINDS, "test")),
        migrations.AddField("workflowrehearsal", "status", _word("status", STATUSES, "prepared")),
        migrations.AddField("workflowrehearsal", "version", _count("compared with version")),
        migrations.AddField("workflowrehearsal", "done", _count("events done")),
        migrations.AddField("workflowrehearsal", "total", _count("events in all")),
    ]
