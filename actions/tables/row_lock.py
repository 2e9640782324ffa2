"""One of a tenant's rows, locked, with the SQL that Django writes for it written once a model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection, models

from tenants.core.database.prepared import execute

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Statement:
    """What Django sends for `filter(tenant_id=…, pk=…).select_for_update()`."""

    sql: str  # takes the tenant and the key, in this order
    columns: Sequence[str]
    converters: Sequence[tuple[int, Convert]]  # of columns whose value the driver does not finish


_statements: Final[dict[type[models.Model], _Statement]] = {}


def locked_row(model: type[models.Model], tenant_id: UUID, pk: Any) -> models.Model | None:
    """Return the tenant's row, locked until the transaction ends; None if there is none.

    `pk` as the field's `to_python` makes it. Building the query anew took Django five times as
    long as all of this.
    """
    statement = _statements.get(model)
    if statement is None:
        statement = _statements[model] = _written_by_django(model, tenant_id, pk)
    key = model._meta.pk.get_db_prep_value(pk, connection)
    found = execute(statement.sql, (tenant_id, key)).fetchone()
    if found is None:
        return None
    values = list(found)
    for number, convert in statement.converters:
        values[number] = convert(values[number])
    return model.from_db(connection.alias, statement.columns, values)


def _written_by_django(model: type[models.Model], tenant_id: UUID, pk: Any) -> _Statement:
    # Two filters, so that their order is the order of the parameters.
    rows = model._base_manager.filter(tenant_id=tenant_id).filter(pk=pk)
    compiler = rows.select_for_update(of=("self",)).query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    if len(parameters) != 2:
        raise TypeError(f"{model.__name__}: its base manager filters by more than key and tenant")
    converters = compiler.get_converters([selected[0] for selected in compiler.select])
    return _Statement(
        sql,
        [field.attname for field in model._meta.concrete_fields],
        [
            (number, _one(convert, expression))
            for number, (several, expression) in converters.items()
            for convert in several
        ],
    )


def _one(convert: Callable[[Any, Any, Any], Any], expression: Any) -> Convert:
    return lambda value: convert(value, expression, connection)
