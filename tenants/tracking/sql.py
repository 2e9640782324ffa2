"""The statements of change tracking: each row comes back as the database has it, before and after.

What the caller has in memory is not what is in the row: the database rounds, fills in, computes,
and runs triggers. So every value that is told was returned by the statement that wrote it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connections, models
from django.db.models import sql

Values = Mapping[str, Any]
Pair = tuple[Values, Values]  # a row before and after
Insert = Callable[[Sequence[Any]], list[Sequence[Any]]]  # fields to return -> what was inserted

# Rows as they were, locked until the transaction ends. Ordered, so that two updates of the same
# rows wait for each other instead of deadlocking. The lock is the one that Django's own UPDATE
# takes: rows that refer to these can still be added. `where` is the condition of Django's UPDATE,
# so PostgreSQL checks it again after waiting for a lock: of two `filter(status="new").update(…)`
# at once, the second finds nothing left to change.
_UPDATE: Final = """
WITH sayr_before AS MATERIALIZED (
    SELECT {columns} FROM {table} {where} ORDER BY {table}.{key} FOR NO KEY UPDATE
)
{update} FROM sayr_before WHERE {table}.{key} = sayr_before.{key}
RETURNING {before}, {after}
"""

# How many tracked statements were carried out: a row that was read before others may be another.
_statements: ContextVar[int] = ContextVar("tracked_statements", default=0)


@dataclass(frozen=True, slots=True)
class Columns:
    """The tracked columns of a model's own table, in SQL."""

    names: Sequence[str]  # of the attributes
    table: str
    key: str
    plain: str  # as they are selected before the change
    before: str
    after: str
    converters: Sequence[tuple[int, Any, Any]]  # number, conversion, expression


def update_rows(query: sql.UpdateQuery, using: str) -> list[Pair]:
    """Carry out an update of one table; return each row before and after, in the order of the keys.

    It changes exactly the rows that Django's own statement would, in one statement too: the
    condition is Django's, whatever the query was made of. Raises what Django would.
    """
    model: Any = query.get_meta().concrete_model
    columns, connection = columns_of(model, using), connections[using]
    change, new_values = _assignments(query, using)
    try:
        where, parameters = _condition(query, using)
    except EmptyResultSet:
        return []
    statement = _UPDATE.format(
        columns=columns.plain,
        table=columns.table,
        key=columns.key,
        where=where,
        update=change,
        before=columns.before,
        after=columns.after,
    )
    rows = carried_out(connection, statement, (*parameters, *new_values))
    key, size = columns.names.index(model._meta.pk.attname), len(columns.names)
    rows.sort(key=lambda row: row[key])
    halves = ((row[:size], row[size:]) for row in rows)
    return [
        (values_in(before, columns, connection), values_in(after, columns, connection))
        for before, after in halves
    ]


def insert_rows(
    model: type[models.Model], returning: Sequence[Any], insert: Insert
) -> tuple[list[Sequence[Any]], list[Values]]:
    """Insert, and return what was to be returned, and the rows as they are."""
    asked, numbers = _asked(model, tuple(returning))
    _count_statement()
    rows = insert(asked)
    values: list[Values] = [{name: row[number] for name, number in numbers} for row in rows]
    return [row[: len(returning)] for row in rows], values


@cache
def _asked(
    model: type[models.Model], returning: tuple[Any, ...]
) -> tuple[Sequence[Any], Sequence[tuple[str, int]]]:
    """Return the columns to ask an INSERT for, and which of them hold the tracked values."""
    fields = tracked_fields(model)
    asked = [*returning, *(field for field in fields if field not in returning)]
    return asked, [(field.attname, asked.index(field)) for field in fields]


def locked_rows(model: type[models.Model], keys: Iterable[Any], using: str) -> dict[Any, Values]:
    """Return these rows by their keys, locked, of a model with several tables too."""
    names = [field.attname for field in tracked_fields(model)]
    rows = model._base_manager.using(using).filter(pk__in=list(keys)).order_by("pk")
    found = rows.select_for_update(no_key=True).values(*names)
    return {row[model._meta.pk.attname]: row for row in found}


def has_several_tables(model: type[models.Model]) -> bool:
    return bool(_concrete(model)._meta.parents)


@cache
def tables_of(model: type[models.Model]) -> tuple[type[models.Model], ...]:
    """Return the model with the table, and before it the tracked ones whose rows it extends."""
    table = _concrete(model)
    parents = [one for one in table._meta.all_parents if hasattr(one, "untracked_fields")]
    return tuple(dict.fromkeys([*(_concrete(one) for one in reversed(parents)), table]))


@cache
def tracked_fields(model: type[models.Model]) -> tuple[Any, ...]:
    """Return the fields that a change of is told, those of parent tables included."""
    untracked: frozenset[str] = getattr(model, "untracked_fields", frozenset())
    fields = model._meta.concrete_fields
    return tuple(one for one in fields if one.primary_key or one.name not in untracked)


def _concrete(model: type[models.Model]) -> type[models.Model]:
    table: type[models.Model] = model._meta.concrete_model  # type: ignore[assignment]
    return table


def statements_so_far() -> int:
    return _statements.get()


def carried_out(connection: Any, statement: str, parameters: Sequence[Any]) -> list[Any]:
    """Carry out a tracked statement; return what it found."""
    _count_statement()
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _count_statement() -> None:
    _statements.set(_statements.get() + 1)


def _assignments(query: sql.UpdateQuery, using: str) -> tuple[str, Sequence[Any]]:
    """Return Django's `UPDATE … SET …` without its condition."""
    setting = sql.UpdateQuery(query.get_meta().concrete_model)
    setting.values = query.values
    statement, parameters = setting.get_compiler(using).as_sql()
    return statement, parameters


def _condition(query: Any, using: str) -> tuple[str, Sequence[Any]]:
    """Return the `WHERE …` of Django's UPDATE. Raises EmptyResultSet."""
    if query.where.contains_aggregate or query.where.contains_over_clause:
        # Django moves such conditions into a subquery if there are joins, and fails if not.
        rows = query.chain(klass=sql.Query)
        rows.clear_ordering(force=True)
        rows.add_fields([query.get_meta().pk.name])
        query.clear_where()
        query.add_filter("pk__in", rows)
        query.reset_refcounts({})
    compiler = query.get_compiler(using)
    # Moves what needs other tables into a subquery.
    compiler.pre_sql_setup()
    try:
        where, parameters = compiler.compile(query.where)
    except FullResultSet:
        return "", ()
    return f"WHERE {where}", parameters


def values_in(row: Sequence[Any], columns: Columns, connection: Any) -> Values:
    """Return the tracked values of a returned row, as the model's fields have them."""
    if not columns.converters:
        return dict(zip(columns.names, row, strict=True))
    values = list(row)
    for number, convert, expression in columns.converters:
        values[number] = convert(values[number], expression, connection)
    return dict(zip(columns.names, values, strict=True))


@cache
def columns_of(model: type[models.Model], using: str) -> Columns:
    quote, fields = connections[using].ops.quote_name, tracked_fields(model)
    table = quote(model._meta.db_table)
    compiler: Any = sql.Query(model).get_compiler(using)
    found = compiler.get_converters([field.get_col(model._meta.db_table) for field in fields])

    def returned(source: str) -> str:
        texts = [f"{source}.{quote(field.column)}" for field in fields]
        formatted = [
            field.select_format(compiler, text, [])[0]
            for field, text in zip(fields, texts, strict=True)
        ]
        return ", ".join(formatted)

    return Columns(
        [field.attname for field in fields],
        table,
        quote(model._meta.pk.column),
        ", ".join(f"{table}.{quote(field.column)}" for field in fields),
        returned("sayr_before"),
        returned(table),
        [
            (number, convert, expression)
            for number, (several, expression) in found.items()
            for convert in several
        ],
    )
