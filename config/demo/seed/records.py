"""The companies' other records: a few of each kind, as history. They start nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import models
from django.utils import timezone

from config.demo.company.models import Invoice, Payment, Product, Refund, Signup
from config.demo.seed.past import id_at
from tenants.core.json import Json
from tenants.models.tenant import Tenant

ROWS: Final = Path(__file__).with_name("records.json")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A model, and the field by which a row that is there already is known."""

    model: type[models.Model]
    known_by: str


KINDS: Final[Mapping[str, _Kind]] = {
    "signups": _Kind(Signup, "email"),
    "invoices": _Kind(Invoice, "number"),
    "payments": _Kind(Payment, "number"),
    "refunds": _Kind(Refund, "order_number"),
    "products": _Kind(Product, "sku"),
}


def add_records(tenant: Tenant) -> None:
    rows, now = json.loads(ROWS.read_text(encoding="utf-8"))[tenant.key], timezone.now()
    for name, kind in KINDS.items():
        own = kind.model._default_manager.filter(tenant=tenant)
        known = set(own.values_list(kind.known_by, flat=True))
        missing = [row for row in rows[name] if row[kind.known_by] not in known]
        # Django's own queryset instead of the tracked one: these rows fire no events.
        made: models.QuerySet[Any] = models.QuerySet(kind.model)
        made.bulk_create(kind.model(tenant=tenant, **_values(tenant, row, now)) for row in missing)


def _values(tenant: Tenant, row: Mapping[str, Json], now: datetime) -> dict[str, Json]:
    """Return a row's values. `days`: so long ago it was made; `due_in_days` counts from today."""
    values = {name: value for name, value in row.items() if name not in {"days", "due_in_days"}}
    made = now - timedelta(days=row["days"], hours=row["days"] % 9)
    if "due_in_days" in row:
        values["due_on"] = (now + timedelta(days=row["due_in_days"])).date()
    if "amount" in row:
        values["currency"] = tenant.currency
    return {**values, "id": id_at(made), "created_at": made}
