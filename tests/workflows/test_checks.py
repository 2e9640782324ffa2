"""`manage.py check` finds what would otherwise be found by a run."""

import io
import os
from types import SimpleNamespace

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from actions.models.message_template import MessageTemplate
from tests.support.definitions import publish_log
from tests.support.live import connected_to, url_of
from workflows.checks import (
    MAKE_INDEX,
    published_workflows_name_what_exists,
    text_is_stored_and_compared_as_needed,
)

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
    assert "Step 1 “Tell”, “Message template”: “hello” does not exist." in said.msg


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


def said_of_text():
    return [(one.id, one.msg) for one in text_is_stored_and_compared_as_needed(["default"])]


@pytest.mark.django_db
def test_of_a_migrated_database_nothing_is_said():
    assert said_of_text() == []
    assert text_is_stored_and_compared_as_needed(None) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "what", "found"),
    [
        (
            "ALTER TABLE workflow_definitions ALTER COLUMN key TYPE varchar(100) "
            'COLLATE pg_catalog."default"',
            "column workflow_definitions.key",
            "default",
        ),
        ("DROP INDEX wr_awaiting", "index wr_awaiting", "missing"),
        (
            "DROP INDEX wr_awaiting; CREATE INDEX wr_awaiting ON workflow_runs "
            '(tenant_id, wait_type, wait_match COLLATE "C") WHERE wait_match IS NOT NULL',
            "index wr_awaiting",
            "C, default",
        ),
    ],
)
def test_what_lost_its_collation_is_named(change, what, found):
    with connection.cursor() as cursor:
        cursor.execute(change)

        assert said_of_text() == [
            ("sayr.W002", f'The {what} has to be of collation "C"; it is {found}.')
        ]


@pytest.mark.django_db
def test_the_remedy_makes_the_index_anew():
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX wr_awaiting")
        cursor.execute(MAKE_INDEX.replace("CONCURRENTLY ", ""))

    assert said_of_text() == []


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_hold_every_text_is_an_error():
    owner, name = os.environ["DATABASE_OWNER_URL"], f"sayr_ascii_{os.getpid()}"
    with psycopg.connect(url_of(owner, "postgres"), autocommit=True) as admin:
        admin.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' "
            "LOCALE_PROVIDER libc LOCALE 'C'"
        )
        try:
            with connected_to(SimpleNamespace(app_url=url_of(owner, name))):
                found = said_of_text()
        finally:
            admin.execute(f"DROP DATABASE {name}")

    assert found == [("sayr.E002", "The database's encoding is SQL_ASCII; it has to be UTF8.")]
