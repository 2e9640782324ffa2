"""Change tracking: saves of tracked models tell, in the same transaction, what changed.

The law: each row that a statement inserted, or left with another value in a tracked field, is told
once, with the row as that statement found it and as it left it. Statements are told in the order
in which they were carried out: a signal handler's own save comes after, or before, the save that
it belongs to. So the changes of a record are its history: each begins where the last one ended.

Covered: `save()`, `create()`, `get_or_create()`, `update_or_create()`, `bulk_create()`, `update()`,
`bulk_update()`, their async forms, and related managers' own. A write changes the rows, returns
what, and raises what Django's own would; `bulk_create` alone refuses conflict options.

Not seen: raw SQL, fixtures, deletions with what they cascade to, managers without TrackedQuerySet
(a system check names them), `add()` at the other end of a foreign key unless with `bulk=False`, and
`models.Model.save(row)`, the way past all this. With several tables (a model that inherits
from another with a table), a change is told of each of them, but of the parent alone if it was
made through the parent.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.core import checks
from django.db import models, router, transaction
from django.db.models import sql

from tenants.tracking import rows as tracking_rows
from tenants.tracking import sql as tracking_sql
from tenants.tracking.querysets import TrackedQuerySet
from tenants.tracking.signals import is_silent, tell
from tenants.tracking.sql import Values, has_several_tables, tables_of, tracked_fields

# Marks of an instance: it is being saved through `TrackedModel.save`; whoever saves it has locked
# its row; its rows in several tables before they are written.
_SAVING: Final = "_sayr_saving"
_LOCKED: Final = "_sayr_locked"
_BEFORE: Final = "_sayr_before"

# How a row is inserted where nobody has a way of their own.
_DJANGOS_OWN: Final = {
    (models.Model._do_insert, insert)  # type: ignore[attr-defined]
    for insert in (models.QuerySet._insert, TrackedQuerySet._insert)  # type: ignore[attr-defined]
}


class TrackedModel(models.Model):
    """A record whose saves fire events. Needs `id`, `tenant` and managers of TrackedQuerySet."""

    # Fields that say nothing about the record itself, such as "changed at".
    untracked_fields: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        positional = dict(zip(("force_insert", "force_update", "using"), args, strict=False))
        using = {**positional, **kwargs}.get("using") or router.db_for_write(
            type(self), instance=self
        )
        # Who locked the row undoes more than this save if it fails: no savepoint.
        savepoint = _LOCKED not in self.__dict__
        with transaction.atomic(using=using, savepoint=savepoint), _marked(self, _SAVING):
            super().save(*args, **kwargs)

    save.alters_data = True  # type: ignore[attr-defined]

    @classmethod
    def check(cls, **kwargs: Any) -> list[checks.CheckMessage]:
        silent = [
            checks.Warning(
                f"Updates through {cls.__name__}.{manager.name} fire no events.",
                hint="Make it with models.Manager.from_queryset(TrackedQuerySet).",
                obj=cls,
                id="tenants.W001",
            )
            for manager in cls._meta.managers
            if not issubclass(manager._queryset_class, TrackedQuerySet)  # type: ignore[attr-defined]
        ]
        return [*super().check(**kwargs), *silent]

    def _is_told(self) -> bool:
        return _SAVING in self.__dict__ and not is_silent()

    def _known_values(self) -> Values | None:
        known: _KnownValues | None = self.__dict__.get(_LOCKED)
        is_fresh = known is not None and known.statements == tracking_sql.statements_so_far()
        return known.values if known and is_fresh else None

    # Django's own hooks around the statements of a save, between the signals before and after it:
    # a handler's save of the same row is another statement, with a before and after of its own.

    def _do_update(  # noqa: PLR0913, PLR0917  # Django's own arguments
        self,
        base_qs: Any,
        using: Any,
        pk_val: Any,
        values: Any,
        update_fields: Any,
        forced_update: Any,
    ) -> bool:
        if not values or not self._is_told() or has_several_tables(type(self)):
            return super()._do_update(base_qs, using, pk_val, values, update_fields, forced_update)
        known = self._known_values()
        pairs = None
        if known is not None:
            pairs = tracking_rows.update_known_row(base_qs, pk_val, values, known)
        if pairs is None:
            query = base_qs.filter(pk=pk_val).query.chain(sql.UpdateQuery)
            query.add_update_fields(values)
            pairs = tracking_sql.update_rows(query, using)
        tell(type(self), pairs)
        if not pairs and self._meta.select_on_save and not forced_update:
            return bool(base_qs.filter(pk=pk_val).exists())
        return bool(pairs)

    def _do_insert(
        self, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool
    ) -> list[Sequence[Any]]:
        write: Any = super()._do_insert  # type: ignore[misc]
        is_plain = not raw and (write.__func__, manager._queryset_class._insert) in _DJANGOS_OWN

        def insert(asked: Any) -> list[Sequence[Any]]:
            row = tracking_rows.insert_row(self, using, fields, asked) if is_plain else None
            return write(manager, using, fields, asked, raw) if row is None else [row]

        if not self._is_told() or has_several_tables(type(self)):
            return write(manager, using, fields, returning_fields, raw)  # type: ignore[no-any-return]
        found, rows = tracking_sql.insert_rows(type(self), returning_fields, insert)
        tell(type(self), [(None, row) for row in rows])
        return found

    def _save_parents(self, cls: Any, using: str, *more: Any, **named: Any) -> bool:
        # The first write of a save that goes to several tables: `_save_table` is the last.
        if cls is self._meta.concrete_model and has_several_tables(cls) and self._is_told():
            self.__dict__[_BEFORE] = self._rows_in_tables(using)
        return super()._save_parents(cls, using, *more, **named)  # type: ignore[misc,no-any-return]

    def _save_table(self, *args: Any, **kwargs: Any) -> bool:
        updated: bool = super()._save_table(*args, **kwargs)  # type: ignore[misc]
        called = dict(
            zip(("raw", "cls", "force_insert", "force_update", "using"), args, strict=False)
        )
        called |= kwargs
        if _BEFORE in self.__dict__ and called["cls"] is self._meta.concrete_model:
            before = self.__dict__.pop(_BEFORE)
            for table, row in self._rows_in_tables(called["using"]).items():
                tell(table, [(before[table], row)])
        return updated

    def _rows_in_tables(self, using: str) -> dict[Any, Any]:
        found = {}
        for table in tables_of(type(self)):
            key = getattr(self, table._meta.pk.attname)
            found[table] = tracking_sql.locked_rows(table, [key], using).get(key)
        return found


def values_of(row: models.Model) -> dict[str, Any]:
    """Return the tracked values of a row that was just read: its before-values."""
    # Past descriptors, which make something of what was read, such as a file of its name.
    return {field.attname: row.__dict__[field.attname] for field in tracked_fields(type(row))}


@contextmanager
def locked_with(row: models.Model, before: Values) -> Iterator[None]:
    """Spare a save in the block its savepoint, and a second look at the row.

    This transaction holds the row locked, with these values.
    """
    # What a signal handler writes meanwhile counts: then the save looks again.
    with _marked(row, _LOCKED, _KnownValues(before, tracking_sql.statements_so_far())):
        yield


@dataclass(frozen=True, slots=True)
class _KnownValues:
    """A locked row as it was after so many tracked statements."""

    values: Values
    statements: int


@contextmanager
def _marked(row: models.Model, mark: str, value: object = True) -> Iterator[None]:
    # A signal handler may save the same instance within its save.
    is_outermost = mark not in row.__dict__
    row.__dict__.setdefault(mark, value)
    try:
        yield
    finally:
        if is_outermost:
            row.__dict__.pop(mark, None)
