"""Amounts of money: two decimals as most currencies have, or the three of a dinar."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from django.db import models

from tenants.core.values.currencies import MAX_PLACES, USUAL_PLACES

_MAX_DIGITS: Final = 12 + MAX_PLACES
_BEYOND: Final = 10 ** (_MAX_DIGITS - MAX_PLACES)
_TWO, _THREE = (Decimal(1).scaleb(-places) for places in (USUAL_PLACES, MAX_PLACES))
_EXACT: Final = Context(prec=1_000)


class AmountField(models.DecimalField):  # type: ignore[type-arg]  # generic in the stubs only
    """An amount of up to three decimals, which is told with two where two are enough.

    The column has no scale of its own. A scale of three would tell 149.90 as 149.900, to people and
    to other systems; and to change it writes the whole table anew, behind a lock.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options.update(max_digits=_MAX_DIGITS, decimal_places=MAX_PLACES)
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        del options["max_digits"], options["decimal_places"]
        return name, path, args, options

    def db_type(self, connection: Any) -> str:
        """Return the type without digits: what is written decides."""
        return "numeric"

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Return what is stored: rounded, a half away from zero, as a column with digits does."""
        saved = super().get_db_prep_save(value, connection)
        return told(saved) if isinstance(saved, Decimal) else saved

    def from_db_value(self, value: Any, *_details: Any) -> Any:
        """Return the amount as it is told; what SQL computed may have more decimals."""
        return told(value) if isinstance(value, Decimal) else value


def told(amount: Decimal) -> Decimal:
    """Return an amount with two decimals, or with three if it needs them."""
    if not amount.is_finite() or amount.adjusted() > _MAX_DIGITS:
        return amount
    exact = amount.quantize(_THREE, ROUND_HALF_UP, _EXACT)
    short = exact.quantize(_TWO, ROUND_HALF_UP, _EXACT)
    return short if short == exact else exact


def in_range(name: str) -> models.Q:
    """Return the condition of a column's check: no more digits than are told, and a number."""
    return models.Q(**{f"{name}__gt": -_BEYOND, f"{name}__lt": _BEYOND})
