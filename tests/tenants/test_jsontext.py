"""JSON with exact numbers, and what PostgreSQL can keep of it."""

from decimal import Decimal

import pytest
from django.db import connection

from tenants.core.json.jsontext import dumps, loads, storable


def test_numbers_keep_all_their_digits():
    text = '{"total":149.90,"big":12345678901234567890.123456789,"whole":7}'

    value = loads(text)

    assert value["total"] == Decimal("149.90")
    assert dumps(value) == text


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), {"x": float("-inf")}])
def test_numbers_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match="JSON"):
        dumps(bad)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        ("half \ud83d end", "half \N{REPLACEMENT CHARACTER} end"),
        ({"k\0": ["\udc00"]}, {"k\N{REPLACEMENT CHARACTER}": ["\N{REPLACEMENT CHARACTER}"]}),
        ("whole \N{GRINNING FACE}", "whole \N{GRINNING FACE}"),
        ("a literal \\u0000", "a literal \\u0000"),
    ],
)
def test_what_postgresql_cannot_store_is_replaced(value, kept):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb", [storable(value)])
        assert loads(cursor.fetchone()[0]) == kept
