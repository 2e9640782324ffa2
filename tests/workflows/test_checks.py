"""`manage.py check` finds what would otherwise be found by a run."""

import io

import pytest
from django.core.management import call_command
from django.db import connection

from actions.models.message_template import MessageTemplate
from tests.support.definitions import publish_log
from workflows.checks import published_workflows_name_what_exists

TELL = {
    "name": "tell",
    "action": "send_email",
    "params": {"to": ["a@example.com"], "subject": "Hello", "template": "hello"},
}


@pytest.fixture
def broken(tenant):
    template = MessageTemplate.objects.create(
        tenant=tenant, key="hello", name="Hello", channel="email", subject="Hello", text="Hello"
    )
    publish_log(tenant, "tell", "new_order", steps=[TELL])
    template.delete()


def test_a_broken_workflow_is_a_warning_in_words(broken):
    [said] = published_workflows_name_what_exists(databases=["default"])

    assert (said.id, said.obj) == ("sayr.W001", "cedar/tell")
    assert "Step 1 “tell”, Message template: “hello” does not exist." in said.msg


def test_the_command_asks_only_if_the_database_is_named(broken):
    err = io.StringIO()

    call_command("check", stderr=err)
    assert "sayr.W001" not in err.getvalue()

    call_command("check", databases=["default"], stderr=err)
    assert "sayr.W001" in err.getvalue()


@pytest.mark.django_db(transaction=True)
def test_before_the_first_migration_it_says_nothing():
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA bare; SET search_path TO bare")
        try:
            assert published_workflows_name_what_exists(databases=["default"]) == []
        finally:
            cursor.execute("SET search_path TO DEFAULT; DROP SCHEMA bare")
