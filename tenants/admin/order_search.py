"""Find orders by what people read out on the phone, without reading the history of a company."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import phonenumbers
from django.db.models import Q

from tenants.core.database.conditions import OneOf
from tenants.core.database.ids import floor_of
from tenants.core.text.search_terms import Said, read_term
from tenants.models.order import phone_backwards
from tenants.models.tenant import Tenant

# More hits than this are no answer; the newest are the likeliest.
MAX_FOUND: Final = 500
# Parts of names are looked for among so many of the newest orders: no index knows them.
MAX_READ: Final = 20_000
_LEAST_DIGITS: Final = 5
# The last digits are the same with and without a country code.
_TELLING_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class FoundOrders:
    """What a search found."""

    ids: frozenset[UUID]
    is_cut: bool = False  # there are more than MAX_FOUND
    looked_through: int | None = None  # so many of the newest; None: all of them


@dataclass(frozen=True, slots=True)
class NamedRecords:
    """Records that other history names by a term."""

    ids: Sequence[UUID] = ()
    is_complete: bool = True


def find_orders(
    own: Any, tested: Q, tenants: Sequence[Tenant], term: str, elsewhere: Iterable[NamedRecords]
) -> FoundOrders:
    """Return the newest of the orders `own`, and as `tested` says, that `term` names.

    Each way is a question of its own, which an index answers: with one question of many ORs the
    database reads every order. `elsewhere` is asked only if none has such a number or phone.
    """
    own = own.filter(tenant__in=tenants)
    newest = _Newest(own, tested)
    newest.add([*_by_number(tenants, term), *_by_phone(tenants, term)])
    if newest.ids:
        return newest.answer()
    named = list(elsewhere)
    newest.add(Q(OneOf("pk", one.ids)) for one in named if one.ids)
    newest.add([Q(customer_name__istartswith=term)])
    floor = floor_of(own, MAX_READ)
    recent = Q() if floor is None else Q(id__gt=floor)
    parts = Q(customer_name__icontains=term) | Q(customer_email__icontains=term)
    newest.own = own.filter(recent)
    newest.add([parts | Q(customer_id__iexact=term)])
    newest.is_read &= floor is None and all(one.is_complete for one in named)
    return newest.answer()


def _by_number(tenants: Sequence[Tenant], term: str) -> Iterator[Q]:
    """Yield the ways of writing a number: with or without a dash, a space, a “#” before it."""
    writings = {term: None}
    for said in _readings(tenants, term):
        if len(said.words) == 1 and not said.words[0].apart:
            writings |= dict.fromkeys(said.words[0].spellings)
    for one in writings:
        yield Q(number__istartswith=one)


def _by_phone(tenants: Sequence[Tenant], term: str) -> Iterator[Q]:
    digits = "".join(str(unicodedata.digit(char)) for char in term if char.isdecimal())
    if len(digits) < _LEAST_DIGITS:
        return
    ends = {digits.lstrip("0")[-_TELLING_DIGITS:]: None}
    for said in _readings(tenants, term):
        for spelt in (spelt for word in said.words for spelt in word.spellings):
            if spelt.startswith("+"):
                # Stored without its country, it may be shorter than what is told of a long one.
                ends[_national(spelt)[-_TELLING_DIGITS:]] = None
    for end in ends:
        if len(end) >= _LEAST_DIGITS:
            yield Q(phone_backwards__startswith=end[::-1])


def _readings(tenants: Sequence[Tenant], term: str) -> Iterator[Said]:
    for country in sorted({tenant.country for tenant in tenants}):
        yield read_term(term, country)


def _national(phone: str) -> str:
    try:
        return str(phonenumbers.parse(phone, None).national_number)
    except phonenumbers.NumberParseException:
        return ""


@dataclass(slots=True)
class _Newest:
    """The newest orders of several ways, and whether each was read to its end."""

    own: Any
    tested: Q
    ids: set[UUID] = field(default_factory=set)
    is_read: bool = True

    def add(self, ways: Iterable[Q]) -> None:
        """Read the newest of each way; of what no index answers, no more than is affordable."""
        for way in ways:
            rows = self.own.alias(phone_backwards=phone_backwards()).filter(way)
            floor = floor_of(rows, MAX_READ) if self.tested else None
            if floor is not None:
                rows, self.is_read = rows.filter(id__gt=floor), False
            newest = rows.filter(self.tested).order_by("-id").values_list("id", flat=True)
            self.ids.update(newest[: MAX_FOUND + 1])

    def answer(self) -> FoundOrders:
        """Return what was found."""
        newest = sorted(self.ids, reverse=True)
        is_cut = len(newest) > MAX_FOUND
        looked = None if is_cut or self.is_read else MAX_READ
        return FoundOrders(frozenset(newest[:MAX_FOUND]), is_cut, looked)
