"""The companies' orders. Old ones are history and start nothing; today's start runs."""

import csv
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db import models
from django.utils import timezone

from config.demo.seed.past import id_at
from tenants.models.order import Order
from tenants.models.tenant import Tenant

ORDERS: Final = Path(__file__).with_name("orders.csv")

Row = Mapping[str, str]


def add_orders(tenant: Tenant) -> None:
    known = set(Order.objects.filter(tenant=tenant).values_list("number", flat=True))
    missing = [row for row in _rows(tenant.key) if row["number"] not in known]
    _add_history(tenant, [row for row in missing if row["days"] != "0"])
    for row in missing:
        if row["days"] == "0":
            Order.objects.create(tenant=tenant, **_values(tenant, row))
        elif row["then"]:
            order = Order.objects.get(tenant=tenant, number=row["number"])
            order.status = row["then"]
            order.save()


def _rows(company: str) -> list[Row]:
    with ORDERS.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["company"] == company]


def _add_history(tenant: Tenant, rows: list[Row]) -> None:
    now = timezone.now()
    orders: list[Order] = []
    for row in rows:
        moment = now - timedelta(days=int(row["days"]), hours=len(orders) % 9)
        orders.append(
            Order(id=id_at(moment), tenant=tenant, created_at=moment, **_values(tenant, row))
        )
    # Django's own queryset instead of the tracked one: these rows fire no events.
    models.QuerySet[Order](Order).bulk_create(orders)


def _values(tenant: Tenant, row: Row) -> dict[str, str]:
    names = ("number", "status", "source", "customer_id", "customer_name", "customer_phone")
    values = {name: row[name] for name in (*names, "customer_email")}
    return {**values, "total_amount": row["total"], "currency": tenant.currency}
