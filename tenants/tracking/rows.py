"""The statements that change one row, written once for each set of columns.

For Django to write its INSERT or UPDATE of a row anew takes longer than to send it. These are the
same texts, as long as nothing in them can differ from one row to the next: no expressions, no
manager that filters, no field that writes its own SQL. Otherwise Django is asked.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from django.db import connections, models
from django.db.models.expressions import DatabaseDefault

from tenants.tracking.sql import Columns, Pair, Values, carried_out, columns_of, values_in

# Which columns become NULL is part of an UPDATE's text: a table may have many.
MAX_REMEMBERED: Final = 1000


def update_known_row(
    base: models.QuerySet[Any], pk: Any, values: Sequence[tuple[Any, Any, Any]], known: Values
) -> list[Pair] | None:
    """Update one row that this transaction holds locked, and knows; return it before and after.

    `values` as Django's `save` has them. None: the statement has to be written by Django.
    """
    if base.query.where or base.query.annotations:
        return None
    connection = connections[base.db]
    texts = _prepared([(field, value) for field, _, value in values], connection)
    if texts is None:
        return None
    shape = tuple((field, text is None) for (field, _, _), text in zip(values, texts, strict=True))
    model: type[models.Model] = base.model
    statement, columns = _update_of(model, base.db, shape)
    key = model._meta.pk.get_db_prep_value(pk, connection)
    rows = carried_out(connection, statement, [*(one for one in texts if one is not None), key])
    return [(known, values_in(row, columns, connection)) for row in rows]


def insert_row(
    row: models.Model, using: str, fields: Sequence[Any], returning: Sequence[Any]
) -> Sequence[Any] | None:
    """Insert a row; return the fields asked for. None: Django has to write the statement."""
    connection = connections[using]
    given = [(field, field.pre_save(row, add=True)) for field in fields]
    shape = tuple((field, isinstance(value, DatabaseDefault)) for field, value in given)
    own = [one for one, (_, is_default) in zip(given, shape, strict=True) if not is_default]
    texts = _prepared(own, connection)
    if texts is None:
        return None
    statement, converters = _insert_of(type(row), using, shape, tuple(returning))
    [found] = carried_out(connection, statement, texts)
    return [
        _converted(value, converters.get(number), connection) for number, value in enumerate(found)
    ]


def _prepared(assignments: Sequence[tuple[Any, Any]], connection: Any) -> list[Any] | None:
    """Return the values as the driver takes them; None if one of them is more than a value."""
    texts = []
    for field, value in assignments:
        if (
            hasattr(value, "resolve_expression")
            or hasattr(value, "prepare_database_save")
            or hasattr(field, "get_placeholder")
        ):
            return None
        texts.append(field.get_db_prep_save(value, connection=connection))
    return None if any(hasattr(text, "as_sql") for text in texts) else texts


def _converted(value: Any, conversions: Any, connection: Any) -> Any:
    if conversions is None:
        return value
    several, expression = conversions
    for convert in several:
        value = convert(value, expression, connection)
    return value


@lru_cache(maxsize=MAX_REMEMBERED)
def _update_of(
    model: type[models.Model], using: str, shape: Sequence[tuple[Any, bool]]
) -> tuple[str, Columns]:
    """Return the UPDATE of one row by its key; `shape`: the fields, and whether each becomes NULL.

    Its parameters are the values that are not NULL, and the key.
    """
    columns, quote = columns_of(model, using), connections[using].ops.quote_name
    changes = ", ".join(
        f"{quote(field.column)} = {'NULL' if is_null else '%s'}" for field, is_null in shape
    )
    table = columns.table
    return (
        f"UPDATE {table} SET {changes} WHERE {table}.{columns.key} = %s "  # noqa: S608  # names of the model
        f"RETURNING {columns.after}"
    ), columns


@lru_cache(maxsize=MAX_REMEMBERED)
def _insert_of(
    model: type[models.Model],
    using: str,
    shape: Sequence[tuple[Any, bool]],
    returning: Sequence[Any],
) -> tuple[str, Any]:
    """Return the INSERT of one row, and how what it returns is converted, by number.

    `shape`: the fields, and whether each is left to the database's default.
    """
    connection, table = connections[using], model._meta.db_table
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field, _ in shape)
    values = ", ".join("DEFAULT" if is_default else "%s" for _, is_default in shape)
    asked, _ = connection.ops.return_insert_columns(returning)
    compiler: Any = models.sql.Query(model).get_compiler(using)
    statement = f"INSERT INTO {quote(table)} ({names}) VALUES ({values}) {asked}"  # noqa: S608  # as above
    return statement, compiler.get_converters([field.get_col(table) for field in returning])
