"""Which models and fields steps may touch: "orders" is an alias here, not a table name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import models
from django.utils.module_loading import import_string


class UnknownRecord(LookupError):
    """The allow-list has no such alias."""

    def __init__(self, alias: str) -> None:
        super().__init__(f"{alias!r} is not a table that workflows may use.")
        self.alias = alias


@dataclass(frozen=True, slots=True)
class Record:
    """A model that steps may touch. Needs `id` and `tenant`."""

    alias: str
    model: type[models.Model]
    label: Any  # shown to staff; a lazy translation
    readable: tuple[str, ...]
    writable: tuple[str, ...]
    creatable: tuple[str, ...] = ()  # may be given to a new row; none: steps make no rows

    def field(self, name: str) -> models.Field[Any, Any]:
        found: models.Field[Any, Any] = self.model._meta.get_field(name)  # type: ignore[assignment]
        return found


def load() -> None:
    _by_alias()


def get(alias: str) -> Record:
    """Return the record. Raises UnknownRecord."""
    try:
        return _by_alias()[alias]
    except KeyError:
        raise UnknownRecord(alias) from None


def all_records() -> list[Record]:
    return [_by_alias()[alias] for alias in sorted(_by_alias())]


@cache
def _by_alias() -> dict[str, Record]:
    path = settings.SAYR.get("RECORDS")
    declared: Sequence[Record] = import_string(path) if path else ()
    for record in declared:
        _refuse_mistakes(record)
    by_alias = {record.alias: record for record in declared}
    if len(by_alias) != len(declared):
        raise ImproperlyConfigured("SAYR['RECORDS'] has two records with one alias.")
    return by_alias


def _refuse_mistakes(record: Record) -> None:
    for name in ("id", "tenant", *record.readable, *record.writable, *record.creatable):
        try:
            field = record.field(name)
        except FieldDoesNotExist:
            raise ImproperlyConfigured(f"Record {record.alias!r}: no field {name!r}.") from None
        # A key to another row would let a step of one tenant point at a row of another.
        forbidden = field.primary_key or field.is_relation or not field.editable
        if name in (*record.writable, *record.creatable) and forbidden:
            raise ImproperlyConfigured(f"Record {record.alias!r}: {name!r} cannot be written.")
        if name in record.readable and not field.concrete:
            raise ImproperlyConfigured(f"Record {record.alias!r}: {name!r} is no column.")


def _forget(*, setting: str, **_details: Any) -> None:
    if setting == "SAYR":
        _by_alias.cache_clear()


setting_changed.connect(_forget, dispatch_uid="actions.records")
