"""Rules of the schema that are easy to break and costly to repair."""

import pytest
from django.apps import apps
from django.db import connection

OURS = [
    model
    for label in ("tenants", "actions", "workflows")
    for model in apps.get_app_config(label).get_models()
]
# Whose rows are of all tenants, or of none.
WITHOUT_TENANT = {"Tenant", "User", "WorkflowWorker"}
NEVER_INDEXED = {
    "status",
    "lease_until",
    "lease_token",
    "current_step",
    "step_results",
    "entries_numbered",
    "pending",
}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_table_has_the_tenant(model):
    names = {field.attname for field in model._meta.concrete_fields}

    assert ("tenant_id" in names) is (model.__name__ not in WITHOUT_TENANT)


@pytest.mark.django_db
def test_no_index_of_runs_holds_what_a_checkpoint_changes():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'workflow_runs'")
        definitions = [row[0] for row in cursor.fetchall()]

    assert len(definitions) >= 7
    for definition in definitions:
        named = set(definition.replace("(", " ").replace(")", " ").replace(",", " ").split())
        assert not named & NEVER_INDEXED, definition


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["workflow_runs", "workflow_events", "workflow_run_history"])
def test_nothing_forbids_partitioning_by_id(table):
    """No foreign key points there, and the primary key is the only unique constraint."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE confrelid = %s::regclass AND contype = 'f'",
            [table],
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%%UNIQUE%%'",
            [table],
        )
        assert [name for (name,) in cursor.fetchall()] == [f"{table}_pkey"]


@pytest.mark.django_db
def test_a_row_inserted_without_django_gets_a_time_ordered_id(tenant):
    with connection.cursor() as cursor:
        for number in ("1", "2"):
            cursor.execute(
                "INSERT INTO orders (tenant_id, number, status, source, customer_id, customer_name,"
                " customer_phone, customer_email, total_amount, currency, note, updated_at)"
                " VALUES (%s, %s, 'new', 'web', '', '', '', '', 0, 'USD', '', now())",
                [tenant.id, number],
            )
            cursor.execute("SELECT pg_sleep(0.002)")
        cursor.execute("SELECT id FROM orders ORDER BY number")
        first, second = (row[0] for row in cursor.fetchall())

    assert (first.version, second.version) == (7, 7)
    assert first < second
