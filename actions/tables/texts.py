"""Conditions on columns of text: texts that look the same are the same, as in conditions.

A column that an index looks up (its name stands in one, alone or behind the tenant) keeps that
index: it is compared with the spellings of the text, composed and decomposed. What else may stand
in it is only found where the model has an index of the rows with other signs than ASCII
(`tenants.core.text.alike_sql.with_other_signs`). Any other column is read anyway, and compared by
what its texts have in common.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

from django.db import models
from django.db.models import F, Q, lookups

from tenants.core.text.alike_sql import Comparable, HasOtherSigns, with_other_signs
from tenants.core.text.characters import comparable, without_invisible

Field: TypeAlias = "models.Field[Any, Any]"


def is_one_of(field: Field, texts: Sequence[str]) -> Q:
    name = field.attname
    if field.choices or not _is_looked_up(field):
        alike = sorted(set(map(comparable, texts)))
        return Q(**{f"{name}__in": alike}) if field.choices else _alike(name, alike)
    if not _finds_other_signs(field):
        return Q(**{f"{name}__in": sorted({one for text in texts for one in _spellings(text)})})
    alike = sorted(set(map(comparable, texts)))
    plain = [text for text in alike if text.isascii()]
    other = Q(HasOtherSigns(F(name))) & _alike(name, alike)
    return Q(**{f"{name}__in": plain}) | other if plain else other


def has_inside(field: Field, part: str) -> Q:
    """Return the condition that the column's text has `part` inside."""
    return Q(lookups.Contains(Comparable(F(field.attname)), comparable(part)))


def is_blank(field: Field) -> Q:
    return Q(lookups.Regex(Comparable(F(field.attname)), r"^\s*$"))


def _alike(name: str, texts: Sequence[str]) -> Q:
    return Q(lookups.In(Comparable(F(name)), texts))


def _spellings(text: str) -> Iterator[str]:
    yield text
    if not text.isascii():
        for one in (text, without_invisible(text)):
            yield unicodedata.normalize("NFC", one)
            yield unicodedata.normalize("NFD", one)


@cache
def _is_looked_up(field: Field) -> bool:
    meta = field.model._meta
    together: list[Sequence[str]] = [*meta.unique_together]
    together += [[one.lstrip("-") for one in index.fields] for index in meta.indexes]
    together += [one.fields for one in meta.constraints if isinstance(one, models.UniqueConstraint)]
    has_own: Any = field.primary_key or field.unique or getattr(field, "db_index", False)
    return bool(has_own) or any(
        names and (names[0] == field.name or tuple(names[:2]) == ("tenant", field.name))
        for names in together
    )


@cache
def _finds_other_signs(field: Field) -> bool:
    wanted = with_other_signs(field.name)
    return any(index.condition == wanted for index in field.model._meta.indexes)
