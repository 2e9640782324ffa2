"""Conditions that Django has no word for."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, UUIDField, Value


class OneOf(Func):
    """Whether a column is one of some ids: as one value, however many they are."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY ("
    output_field = BooleanField()

    def __init__(self, name: str, ids: Iterable[UUID]) -> None:
        super().__init__(F(name), Value(list(ids), ArrayField(UUIDField())))
