"""Change tracking: saves of tracked models tell, in the same transaction, what changed.

Covered: `save()`, `objects.create()`, `bulk_create()`, `QuerySet.update()`, `bulk_update()`, which
goes through `update()`, and everything built on them. Not seen: raw SQL and fixtures.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.dispatch import Signal

from tenants.silence import is_silent

# Sent with `changes: list[RecordChange]`, inside the transaction that makes them. `send`, not
# `send_robust`: a listener that cannot record an event must undo the save it belongs to.
records_changed = Signal()

M = TypeVar("M", bound="TrackedModel")

_LOCKED: Final = "_sayr_locked_values"


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One row, before and after."""

    model: type["TrackedModel"]
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

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        """Create the rows and tell of each. Raises BulkConflictRefused."""
        conflict_options = (
            "ignore_conflicts",
            "update_conflicts",
            "update_fields",
            "unique_fields",
        )
        if len(args) > 1 or any(kwargs.get(option) for option in conflict_options):
            raise BulkConflictRefused(self.model)
        with transaction.atomic(using=self.db):
            created = super().bulk_create(objs, *args, **kwargs)
            _tell([_creation(row) for row in created])
        return created

    def update(self, **values: Any) -> int:
        """Change the rows and tell of each whose values differ now."""
        with transaction.atomic(using=self.db):
            before = _locked_values(self.model, self)
            if not before:
                return 0
            changed_rows = self.model._default_manager.using(self.db).filter(pk__in=list(before))
            count = models.QuerySet.update(changed_rows.order_by(), **values)
            after = {row["id"]: row for row in changed_rows.values(*_tracked(self.model))}
            _tell(
                [
                    _change(self.model, old, after[key])
                    for key, old in before.items()
                    if key in after
                ]
            )
        return count

    update.alters_data = True  # type: ignore[attr-defined]


class TrackedModel(models.Model):
    """A record whose saves fire events. Needs `id`, `tenant` and a manager of TrackedQuerySet."""

    # Fields that say nothing about the record itself, such as "changed at".
    untracked_fields: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and tell what changed, in one transaction."""
        # Who locked the row undoes more than this save if it fails: no savepoint.
        is_locked = _LOCKED in self.__dict__
        with transaction.atomic(using=kwargs.get("using"), savepoint=not is_locked):
            before = None if self._state.adding else self._values_before()
            super().save(*args, **kwargs)
            if before is None:
                _tell([_creation(self)])
            else:
                _tell([_change(type(self), before, self._values_after_save(before, kwargs))])

    save.alters_data = True  # type: ignore[attr-defined]

    def _values_before(self) -> Mapping[str, Any] | None:
        known: Mapping[str, Any] | None = self.__dict__.pop(_LOCKED, None)
        return self._values_in_database() if known is None else known

    def _values_in_database(self) -> Mapping[str, Any] | None:
        """Return the row's values, locked: the instance in memory may be hours old."""
        rows = type(self)._base_manager.filter(pk=self.pk)
        return next(iter(_locked_values(type(self), rows).values()), None)

    def _values_after_save(
        self, before: Mapping[str, Any], kwargs: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        names = _tracked(type(self))
        if any(hasattr(getattr(self, name), "resolve_expression") for name in names):
            stored: Mapping[str, Any] = (
                type(self)._base_manager.filter(pk=self.pk).values(*names).get()
            )
            return stored
        saved: Sequence[str] | None = kwargs.get("update_fields")
        if saved is None:
            return _values(self)
        written = {self._meta.get_field(name).attname for name in saved}  # type: ignore[union-attr]
        return {
            name: _python_value(self, name) if name in written else before[name] for name in names
        }


def values_of(row: models.Model) -> dict[str, Any]:
    """Return the tracked values of a row that was just read: its before-values."""
    return {name: getattr(row, name) for name in _tracked(type(row))}


@contextmanager
def locked_with(row: models.Model, before: Mapping[str, Any]) -> Iterator[None]:
    """Spare the save in the block a second look at a row that this transaction holds locked."""
    row.__dict__[_LOCKED] = before
    try:
        yield
    finally:
        row.__dict__.pop(_LOCKED, None)


@cache
def _tracked(model: type[models.Model]) -> list[str]:
    untracked: frozenset[str] = getattr(model, "untracked_fields", frozenset())
    return [field.attname for field in model._meta.concrete_fields if field.name not in untracked]


def _values(row: models.Model) -> dict[str, Any]:
    return {name: _python_value(row, name) for name in _tracked(type(row))}


def _python_value(row: models.Model, name: str) -> Any:
    """Return the value as the database will give it back: "12.5" in memory is Decimal there."""
    field = row._meta.get_field(name)
    return field.to_python(getattr(row, name))  # type: ignore[union-attr]


def _locked_values(
    model: type[models.Model], rows: models.QuerySet[Any]
) -> dict[UUID, dict[str, Any]]:
    # The caller's own filter, so that PostgreSQL checks it again after waiting for a lock: of two
    # `filter(status="new").update(…)` at once, the second finds nothing left to change.
    # Ordered, so that two updates of the same rows wait for each other instead of deadlocking.
    rows = rows.order_by("pk")
    if len(rows.query.alias_map) > 1:  # a join: lock the record's rows only
        rows = model._base_manager.using(rows.db).filter(pk__in=rows.values("pk")).order_by("pk")
    return {row["id"]: row for row in rows.select_for_update().values(*_tracked(model))}


def _creation(row: Any) -> RecordChange:
    return RecordChange(type(row), row.pk, row.tenant_id, None, _values(row))


def _change(model: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> RecordChange:
    return RecordChange(model, after["id"], after["tenant_id"], before, after)


def _tell(changes: list[RecordChange]) -> None:
    if is_silent():
        return
    told = [change for change in changes if change.previous is None or change.changed_fields]
    if told:
        records_changed.send(sender=told[0].model, changes=told)
