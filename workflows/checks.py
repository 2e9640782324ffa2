"""System checks: mistakes that are better found before the first event."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone, translation

from tenants.models.tenant import Tenant
from workflows.conf import KNOWN_KEYS
from workflows.presentation.documents.places import problem_words
from workflows.services.definitions.broken import Broken, broken

ENCODING: Final = """
SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()
"""

# What is put in order or ranged over by its bytes: columns, and what the index of waiting runs
# holds. An index that could not be finished is as good as none.
OF_COLUMN: Final = """
SELECT own.collname FROM pg_attribute JOIN pg_collation own ON own.oid = attcollation
WHERE attrelid = to_regclass(%(table)s) AND attname = %(column)s
"""
OF_INDEX: Final = """
SELECT CASE WHEN indisvalid THEN own.collname ELSE 'not valid' END
FROM pg_index, unnest(indcollation) AS part (collation_id)
JOIN pg_collation own ON own.oid = part.collation_id
WHERE indexrelid = to_regclass(%(index)s)
"""
BY_BYTES: Final = ("C", "POSIX", "ucs_basic")
ALTER_KEY: Final = (
    'ALTER TABLE workflow_definitions ALTER COLUMN key TYPE varchar(100) COLLATE "C";'
)
MAKE_INDEX: Final = (
    "DROP INDEX CONCURRENTLY IF EXISTS wr_awaiting; CREATE INDEX CONCURRENTLY wr_awaiting ON "
    'workflow_runs (tenant_id, wait_type COLLATE "C", wait_match COLLATE "C") '
    "WHERE wait_match IS NOT NULL;"
)
COLLATIONS_SINCE: Final = ("workflows", "0004_collations")


@register()
def settings_have_no_unknown_keys(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Find misspelt settings, which would otherwise be silently ignored."""
    unknown = sorted(set(getattr(settings, "SAYR", {})) - KNOWN_KEYS)
    return [
        Error(
            f"settings.SAYR has no key {key!r}.",
            hint="Known keys: " + ", ".join(sorted(KNOWN_KEYS)),
            id="sayr.E001",
        )
        for key in unknown
    ]


@register(Tags.database)
def published_workflows_name_what_exists(
    databases: Sequence[str] | None = None, **_kwargs: Any
) -> Sequence[CheckMessage]:
    """Find published workflows that refer to something that no longer exists."""
    if "default" not in (databases or ()):
        return []
    try:
        with translation.override("en"), transaction.atomic():
            return [_said(one) for one in broken(list(Tenant.objects.all()), timezone.now())]
    except DatabaseError:
        # Before the first migration there are no tables, and before a later one not every column.
        return []


@register(Tags.database)
def text_is_stored_and_compared_as_needed(
    databases: Sequence[str] | None = None, **_kwargs: Any
) -> Sequence[CheckMessage]:
    """Find a database that cannot store every text, or compares text otherwise than meant."""
    if "default" not in (databases or ()):
        return []
    return [*_encoding(), *_collations()]


def _encoding() -> Iterator[CheckMessage]:
    with connection.cursor() as cursor:
        cursor.execute(ENCODING)
        found = cursor.fetchone()[0]
    if found != "UTF8":
        yield Error(
            f"The database's encoding is {found}; it has to be UTF8.",
            hint="Make the database anew with ENCODING 'UTF8', from template0 if need be.",
            id="sayr.E002",
        )


def _collations() -> Iterator[CheckMessage]:
    if COLLATIONS_SINCE not in MigrationRecorder(connection).applied_migrations():
        return  # the migration makes them what they have to be
    asked = [
        ("column workflow_definitions.key", OF_COLUMN, ALTER_KEY),
        ("index wr_awaiting", OF_INDEX, MAKE_INDEX),
    ]
    values = {"table": "workflow_definitions", "column": "key", "index": "wr_awaiting"}
    for what, question, remedy in asked:
        with connection.cursor() as cursor:
            cursor.execute(question, values)
            found = {row[0] for row in cursor.fetchall()}
        if not found or not found <= {*BY_BYTES}:
            named = ", ".join(sorted(found)) or "missing"
            yield checks.Warning(
                f'The {what} has to be of collation "C"; it is {named}.',
                hint=f"As the owner of the tables: {remedy}",
                id="sayr.W002",
            )


def _said(one: Broken) -> CheckMessage:
    definition = one.definition
    lines = [
        "{}: {}".format(*problem_words(problem, definition.definition)) for problem in one.problems
    ]
    found = "\n    ".join(lines)
    return checks.Warning(
        f"The workflow {definition.name!r} of {definition.tenant} names something that does not "
        f"exist:\n    {found}",
        hint="Put it right in the admin and publish it, or bring back what is missing.",
        obj=f"{definition.tenant.key}/{definition.key}",
        id="sayr.W001",
    )
