"""Find orders by what people read out on the phone, without reading the history of a company."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from tenants.admin.lists import floor_of
from tenants.models.order import Order, phone_backwards

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
    is_cut: bool  # there are more than MOST_FOUND
    is_partial: bool  # by parts of names, and there are more orders than were looked through


def find_orders(own: Any, term: str, named_elsewhere: Iterable[UUID]) -> FoundOrders:
    """Return the newest of the orders `own` that `term` names.

    Each way is a question of its own, which an index answers: with one question of many ORs the
    database reads every order. `named_elsewhere` are orders that other history names by the term.
    """
    ways = [Q(number__istartswith=term)]
    digits = _digits(term)
    if len(digits) >= _LEAST_DIGITS:
        spelt = digits.lstrip("0")[-_TELLING_DIGITS:]
        ways.append(Q(phone_backwards__startswith=spelt[::-1]))
    known = own.alias(phone_backwards=phone_backwards())
    found = {order for way in ways for order in _newest(known.filter(way))}
    if found:
        return _answer(found, is_partial=False)
    found.update(_newest(own.filter(pk__in=list(named_elsewhere))))
    found.update(_newest(own.filter(customer_name__istartswith=term)))
    floor = floor_of(own, MAX_READ)
    recent = own if floor is None else own.filter(id__gt=floor)
    found.update(
        _newest(
            recent.filter(
                Q(customer_name__icontains=term)
                | Q(customer_email__icontains=term)
                | Q(customer_id__iexact=term)
            )
        )
    )
    return _answer(found, is_partial=floor is not None)


def _answer(found: set[UUID], *, is_partial: bool) -> FoundOrders:
    newest = sorted(found, reverse=True)
    kept = frozenset(newest[:MAX_FOUND])
    return FoundOrders(kept, is_cut=len(newest) >= MAX_FOUND, is_partial=is_partial)


def _newest(orders: Any) -> list[UUID]:
    return list(orders.order_by("-id").values_list("id", flat=True)[:MAX_FOUND])


def own_orders(tenants: Any) -> Any:
    """Return the orders of these tenants; named one by one, since each index begins with them."""
    return Order.objects.filter(tenant__in=list(tenants.values_list("pk", flat=True)))


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdecimal())
