"""An order: the record most workflows of the first users are about."""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.indexes import OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now, Reverse, Upper
from django.utils.translation import gettext_lazy as _

from tenants.core.database.ids import DatabaseUUID7, uuid7
from tenants.core.text.alike_sql import with_other_signs
from tenants.core.values.currencies import USUAL_PLACES, places_of
from tenants.models.amounts import AmountField, in_range
from tenants.models.tenant import Tenant
from tenants.tracking.changes import TrackedModel, TrackedQuerySet


def phone_backwards() -> Reverse:
    """Return the digits of a phone, the last one first: those are the same however it is written.

    Arabic digits count as the others. Searched with an index: a change here needs a migration.
    """
    western = models.Func(
        models.F("customer_phone"),
        models.Value(
            "\N{ARABIC-INDIC DIGIT ZERO}\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"
        ),
        models.Value("0123456789"),
        function="translate",
        output_field=models.TextField(),
    )
    digits = models.Func(
        western,
        models.Value("[^0-9]"),
        models.Value(""),
        models.Value("g"),
        function="regexp_replace",
        output_field=models.TextField(),
    )
    return Reverse(digits)


class OrderStatus(models.TextChoices):
    """Where an order stands."""

    NEW = "new", _("New")
    CONFIRMED = "confirmed", _("Confirmed")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    CANCELLED = "cancelled", _("Cancelled")
    REFUNDED = "refunded", _("Refunded")


class OrderSource(models.TextChoices):
    """How an order came in."""

    WEB = "web", _("Web shop")
    WHATSAPP = "whatsapp", _("WhatsApp")
    PHONE = "phone", _("Phone")
    STORE = "store", _("Store")


class Order(TrackedModel):
    """A customer's order. Saving one fires the events that `config/records.py` names."""

    id = models.UUIDField(
        primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, related_name="orders", verbose_name=_("tenant")
    )
    number = models.CharField(_("number"), max_length=40)
    status = models.CharField(
        _("status"), max_length=20, choices=OrderStatus.choices, default=OrderStatus.NEW
    )
    source = models.CharField(
        _("source"), max_length=20, choices=OrderSource.choices, default=OrderSource.WEB
    )
    customer_id = models.CharField(_("customer id"), max_length=64, blank=True)
    customer_name = models.CharField(_("customer"), max_length=200, blank=True)
    customer_phone = models.CharField(_("phone"), max_length=40, blank=True)
    customer_email = models.EmailField(_("e-mail"), blank=True)
    total_amount = AmountField(_("total"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True, editable=False)

    objects: ClassVar[models.Manager["Order"]] = models.Manager.from_queryset(TrackedQuerySet)()

    untracked_fields = frozenset({"updated_at"})

    class Meta:
        db_table = "orders"
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"],
                name="order_number_once_per_tenant",
                violation_error_message=_("There is already an order with this number."),
            ),
            models.CheckConstraint(
                condition=models.Q(total_amount__gte=0),
                name="order_total_not_negative",
                violation_error_message=_("The total cannot be negative."),
            ),
            models.CheckConstraint(
                condition=in_range("total_amount"),
                name="order_total_in_range",
                violation_error_message=_("The total has too many digits."),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="orders_tenant"),
            # Beside the unique one: numbers with accents, Arabic letters or invisible signs.
            models.Index(
                fields=["tenant"],
                condition=with_other_signs("number"),
                name="orders_number_other_signs",
            ),
            # For the search of people. By bytes: whatever the database's own collation is, the
            # beginning of a text is then a range.
            models.Index(
                "tenant",
                OpClass(Upper("number"), "text_pattern_ops"),
                name="orders_number_begins",
            ),
            models.Index(
                "tenant",
                OpClass(phone_backwards(), "text_pattern_ops"),
                name="orders_phone_ends",
            ),
            models.Index(
                "tenant",
                OpClass(Upper("customer_name"), "text_pattern_ops"),
                name="orders_name_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def clean(self) -> None:
        super().clean()
        amount, places = self.total_amount, max(places_of(self.currency), USUAL_PLACES)
        if isinstance(amount, Decimal) and amount.is_finite() and amount != round(amount, places):
            said = _("An amount in %(currency)s has at most %(places)s decimals.")
            told = {"currency": self.currency, "places": places}
            raise ValidationError({"total_amount": said % told})
