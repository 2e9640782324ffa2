"""Bulk writes of tracked models."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import sql

from tenants.tracking import sql as tracking_sql
from tenants.tracking.signals import is_silent, tell
from tenants.tracking.sql import Values, has_several_tables, tables_of, tracked_fields

M = TypeVar("M", bound=models.Model)


class BulkConflictRefused(TypeError):
    """`bulk_create` was asked to ignore or update conflicts, which hides what it really wrote."""

    def __init__(self, model: type[models.Model]) -> None:
        super().__init__(
            f"{model.__name__}.bulk_create cannot take conflict options: the database does not say"
            " which rows were new, so their events would be wrong. Look the rows up first."
        )


class TrackedQuerySet(models.QuerySet[M, M]):
    """Bulk writes that tell what they changed."""

    _is_bulk_creating = False

    def bulk_create(  # noqa: PLR0913, PLR0917  # Django's own arguments
        self,
        objs: Iterable[M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Any = None,
        unique_fields: Any = None,
    ) -> list[M]:
        """Create the rows and tell of each. Raises BulkConflictRefused."""
        if ignore_conflicts or update_conflicts:
            raise BulkConflictRefused(self.model)
        self._for_write = self._is_bulk_creating = True
        try:
            with transaction.atomic(using=self.db):
                return super().bulk_create(objs, batch_size)
        finally:
            self._is_bulk_creating = False

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def _insert(
        self, objs: Any, fields: Any, returning_fields: Any = None, **how: Any
    ) -> list[Sequence[Any]]:
        insert = super()._insert  # type: ignore[misc]
        if is_silent() or not self._is_bulk_creating:
            return insert(objs, fields, returning_fields=returning_fields, **how)  # type: ignore[no-any-return]
        found, rows = tracking_sql.insert_rows(
            self.model,
            returning_fields or [],
            lambda asked: insert(objs, fields, returning_fields=asked, **how),
        )
        tell(self.model, [(None, row) for row in rows])
        return found

    # As Django's own has it: managers have the method too.
    _insert.alters_data = True  # type: ignore[attr-defined]
    _insert.queryset_only = False  # type: ignore[attr-defined]

    def update(self, **values: Any) -> int:
        if is_silent() or not values or _is_refused(self.query):
            return super().update(**values)
        self._for_write = True
        with transaction.atomic(using=self.db):
            if has_several_tables(self.model):
                return self._update_tables(values)
            query: Any = self.query.chain(sql.UpdateQuery)
            query.add_update_values(values)
            query.clear_select_clause()
            pairs = tracking_sql.update_rows(query, self.db)
            tell(self.model, pairs)
        self._result_cache = None
        return len(pairs)

    update.alters_data = True  # type: ignore[attr-defined]

    def _update_tables(self, values: Mapping[str, Any]) -> int:
        """Update rows that lie in several tables; their statements return one table's columns."""
        keys = self.order_by().values_list("pk", flat=True)
        before = tracking_sql.locked_rows(self.model, keys, self.db)
        count = models.QuerySet.update(self.filter(pk__in=list(before)), **values)
        after = tracking_sql.locked_rows(self.model, before, self.db)
        for table in tables_of(self.model):
            rows = after.items()
            tell(table, [(_part(table, before[key]), _part(table, row)) for key, row in rows])
        return count


def _is_refused(query: Any) -> bool:
    """Whether Django refuses an update of this query before it looks at the values."""
    ordered = (query.annotations.get(str(name).removeprefix("-")) for name in query.order_by)
    return (
        bool(query.combinator)
        or query.is_sliced
        or any(getattr(one, "contains_aggregate", False) for one in ordered)
    )


def _part(table: type[models.Model], row: Values) -> Values:
    return {field.attname: row[field.attname] for field in tracked_fields(table)}
