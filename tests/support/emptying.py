"""What a test has committed goes when it is over.

Django truncates every table and makes its content types and permissions anew, which takes longer
than most of the tests it cleans up after: 0.2 s, where deleting the few rows takes 2 ms.
"""

from functools import cache

from django.db import connection
from django.test import TransactionTestCase

# Made by `migrate`, and the same for every test.
KEPT = {"django_content_type", "auth_permission"}
# Where there are more, none of their dead rows may be in the way of the tests that follow.
MANY_BYTES = 2**20


def empty_quickly():
    """Let tests that commit be cleaned up after by what they left instead of by all tables."""
    TransactionTestCase._fixture_teardown = lambda _case: _empty()


def _empty():
    with connection.cursor() as cursor:
        cursor.execute(_filled(connection.settings_dict["NAME"]))
        found = cursor.fetchall()
        if not found:
            return
        # In one transaction: foreign keys are compared at its end, in whatever order rows went.
        cursor.execute("; ".join(("BEGIN", *(_emptied(*one) for one in found), "COMMIT")))


@cache
def _filled(database):
    """Return the question which tables of this database hold rows, and how large they are."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return " UNION ALL ".join(
        f"(SELECT '{one}', pg_relation_size('\"{one}\"') FROM \"{one}\" LIMIT 1)"
        for one in sorted(set(names) - KEPT)
    )


def _emptied(table, size):
    if size > MANY_BYTES:
        return f'TRUNCATE "{table}" CASCADE'
    return f'DELETE FROM "{table}"'
