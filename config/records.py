"""Which records workflows may read and write, and which events their saves fire.

A host company declares its own models here, in the same way.
"""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from actions.records import Record
from tenants.models.order import Order
from workflows.event_types import AnyEventType, RecordEvent

RECORDS: list[Record] = [
    Record(
        alias="orders",
        model=Order,
        label=_("Orders"),
        readable=(
            "id",
            "number",
            "status",
            "source",
            "customer_id",
            "customer_name",
            "customer_phone",
            "customer_email",
            "total_amount",
            "currency",
            "note",
            "created_at",
        ),
        writable=("status", "note"),
        creatable=(
            "number",
            "status",
            "source",
            "customer_id",
            "customer_name",
            "customer_phone",
            "customer_email",
            "total_amount",
            "currency",
            "note",
        ),
    )
]

# Key in the payload: field of the record.
ORDER_PAYLOAD = {
    "order_id": "id",
    "order_number": "number",
    "status": "status",
    "source": "source",
    "customer_id": "customer_id",
    "customer_name": "customer_name",
    "customer_phone": "customer_phone",
    "customer_email": "customer_email",
    "total_amount": "total_amount",
    "currency": "currency",
}

EVENT_TYPES: list[AnyEventType] = [
    RecordEvent(
        "new_order", label=_("New order"), record="orders", when="created", payload=ORDER_PAYLOAD
    ),
    RecordEvent(
        "order_updated",
        label=_("Order changed"),
        record="orders",
        when="changed",
        payload=ORDER_PAYLOAD,
    ),
    RecordEvent(
        "order_status_changed",
        label=_("Order status changed"),
        record="orders",
        when="changed",
        fields=("status",),
        payload=ORDER_PAYLOAD,
    ),
]

if apps.is_installed("config.demo.company"):
    from config.demo.company import records as company

    RECORDS += company.RECORDS
    EVENT_TYPES += company.EVENT_TYPES
