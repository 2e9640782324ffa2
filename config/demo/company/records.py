"""What workflows may read and write of the demo's records, and which events their saves fire."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from actions.records import Record
from config.demo.company.models import Invoice, Payment, Product, Refund, Signup
from workflows.event_types import AnyEventType, EventType, RecordEvent

_SIGNUP = ("business", "contact_name", "email", "phone", "tax_number", "status", "customer_group")
_INVOICE = (
    *("number", "order_number", "customer_name", "customer_email", "amount", "currency"),
    *("due_on", "status", "reminders"),
)
_PAYMENT = (
    *("number", "invoice_number", "payer_name", "payer_email", "amount", "currency", "booked_as"),
)
_REFUND = (
    *("order_number", "customer_name", "customer_email", "amount", "currency", "reason"),
    *("status", "decided_by"),
)
_PRODUCT = ("sku", "title", "quantity", "supplier_email", "reordered_at")

RECORDS = [
    Record(
        alias="signups",
        model=Signup,
        label=_("Signups"),
        readable=("id", *_SIGNUP, "created_at"),
        writable=("status", "customer_group"),
    ),
    Record(
        alias="invoices",
        model=Invoice,
        label=_("Invoices"),
        readable=("id", *_INVOICE, "created_at"),
        writable=("status", "reminders"),
        creatable=_INVOICE,
    ),
    Record(
        alias="payments",
        model=Payment,
        label=_("Payments"),
        readable=("id", *_PAYMENT, "created_at"),
        writable=("booked_as",),
        creatable=_PAYMENT,
    ),
    Record(
        alias="refunds",
        model=Refund,
        label=_("Refunds"),
        readable=("id", *_REFUND, "created_at"),
        writable=("status", "decided_by"),
        creatable=_REFUND,
    ),
    Record(
        alias="products",
        model=Product,
        label=_("Products"),
        readable=("id", *_PRODUCT, "created_at"),
        writable=("quantity", "reordered_at"),
    ),
]


def _payload(key: str, names: tuple[str, ...]) -> Mapping[str, str]:
    return {key: "id", **{name: name for name in names}}


def _schema(**members: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "object", "properties": members, "required": list(members)}


# What a schedule says when it fires.
_BY_THE_CLOCK = _schema(
    scheduled_at={"type": "string", "format": "date-time", "title": _("Planned for")}
)

EVENT_TYPES: list[AnyEventType] = [
    RecordEvent(
        "new_signup",
        label=_("New signup"),
        record="signups",
        when="created",
        payload=_payload("signup_id", _SIGNUP),
    ),
    RecordEvent(
        "new_invoice",
        label=_("New invoice"),
        record="invoices",
        when="created",
        payload=_payload("invoice_id", _INVOICE),
    ),
    RecordEvent(
        "payment_received",
        label=_("Payment received"),
        record="payments",
        when="created",
        payload=_payload("payment_id", _PAYMENT),
    ),
    RecordEvent(
        "refund_requested",
        label=_("Refund requested"),
        record="refunds",
        when="created",
        payload=_payload("refund_id", _REFUND),
    ),
    RecordEvent(
        "stock_changed",
        label=_("Stock changed"),
        record="products",
        when="changed",
        fields=("quantity",),
        payload=_payload("product_id", _PRODUCT),
    ),
    EventType(
        "order_risk_analyzed",
        label=_("Risk of an order analysed"),
        schema=_schema(
            order_number={"type": "string", "title": _("Order number")},
            risk_level={
                "type": "string",
                "title": _("Risk"),
                "enum": ["high", "medium", "low"],
            },
            reason={"type": "string", "title": _("Reason")},
        ),
    ),
    EventType("daily_summary", label=_("Time for the daily summary"), schema=_BY_THE_CLOCK),
    EventType(
        "overdue_invoices_due",
        label=_("Time to look for overdue invoices"),
        schema=_BY_THE_CLOCK,
    ),
]
