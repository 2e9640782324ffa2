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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from django.core import checks
from django.db import models, router, transaction
from django.db.models import sql
from django.dispatch import Signal

from tenants.tracking import rows as tracking_rows
from tenants.tracking import sql as tracking_sql
from tenants.tracking.silence import is_silent
from tenants.tracking.sql import Values, has_several_tables, tables_of, tracked_fields

# Sent with `changes: list[RecordChange]`, inside the transaction that makes them. `send`, not
# `send_robust`: a listener that cannot record an event must undo the save it belongs to.
records_changed = Signal()

M = TypeVar("M", bound="TrackedModel")

# What an update of 90,000 rows tells in one piece: its listeners build something of each.
MAX_TOLD_AT_ONCE: Final = 1000

# Marks of an instance: it is being saved through `TrackedModel.save`; whoever saves it has locked
# its row; its rows in several tables before they are written.
_SAVING: Final = "_sayr_saving"
_LOCKED: Final = "_sayr_locked"
_BEFORE: Final = "_sayr_before"


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One row, before and after, as the database has it."""

    model: type[models.Model]  # the one with the table, for a proxy too
    id: UUID
    tenant_id: UUID
    previous: Mapping[str, Any] | None  # None: the row is new
    current: Mapping[str, Any]

    @property
    def changed_fields(self) -> frozenset[str]:
        """Names of the fields whose value differs; of a new row, all of them."""
        if self.previous is None:
            return frozenset(self.current)
        return frozenset(
            name for name, value in self.current.items() if self.previous.get(name) != value
        )


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
        _tell(self.model, [(None, row) for row in rows])
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
            _tell(self.model, pairs)
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
            _tell(table, [(_part(table, before[key]), _part(table, row)) for key, row in rows])
        return count


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
        _tell(type(self), pairs)
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
        _tell(type(self), [(None, row) for row in rows])
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
                _tell(table, [(before[table], row)])
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


def _is_refused(query: Any) -> bool:
    """Whether Django refuses an update of this query before it looks at the values."""
    ordered = (query.annotations.get(str(name).removeprefix("-")) for name in query.order_by)
    return (
        bool(query.combinator)
        or query.is_sliced
        or any(getattr(one, "contains_aggregate", False) for one in ordered)
    )


def _tell(model: type[models.Model], rows: Sequence[tuple[Values | None, Values]]) -> None:
    """Tell of the rows, before and after, that are new or differ now."""
    table: Any = model._meta.concrete_model
    told = [(before, after) for before, after in rows if before != after]
    for start in range(0, len(told), MAX_TOLD_AT_ONCE):
        some = told[start : start + MAX_TOLD_AT_ONCE]
        changes = [_change(table, before, after) for before, after in some]
        records_changed.send(sender=table, changes=changes)


def _part(table: type[models.Model], row: Values) -> Values:
    return {field.attname: row[field.attname] for field in tracked_fields(table)}


def _change(table: Any, before: Values | None, after: Values) -> RecordChange:
    return RecordChange(table, after[table._meta.pk.attname], after["tenant_id"], before, after)
