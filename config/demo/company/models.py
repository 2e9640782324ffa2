"""The records of a trading company: small, and tracked like orders."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.core.database.ids import DatabaseUUID7, uuid7
from tenants.models.amounts import AmountField
from tenants.models.tenant import Tenant
from tenants.tracking.changes import TrackedModel
from tenants.tracking.querysets import TrackedQuerySet


class CompanyRecord(TrackedModel):
    """A row of one company, whose saves fire events."""

    id = models.UUIDField(
        primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+", verbose_name=_("tenant"))
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        abstract = True


class SignupStatus(models.TextChoices):
    """Where a signup stands."""

    NEW = "new", _("New")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Signup(CompanyRecord):
    """A business that wants to become a customer."""

    business = models.CharField(_("business"), max_length=200)
    contact_name = models.CharField(_("contact"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=SignupStatus.choices, default=SignupStatus.NEW
    )
    customer_group = models.CharField(_("customer group"), max_length=40, blank=True)

    objects: ClassVar[models.Manager["Signup"]] = models.Manager.from_queryset(TrackedQuerySet)()

    class Meta:
        db_table = "signups"
        verbose_name = _("signup")
        verbose_name_plural = _("signups")
        indexes = [models.Index(fields=["tenant", "-id"], name="signups_tenant")]

    def __str__(self) -> str:
        return self.business


class InvoiceStatus(models.TextChoices):
    """Where an invoice stands."""

    OPEN = "open", _("Open")
    PAID = "paid", _("Paid")
    CANCELLED = "cancelled", _("Cancelled")


class Invoice(CompanyRecord):
    """What a customer owes."""

    number = models.CharField(_("number"), max_length=40)
    order_number = models.CharField(_("order number"), max_length=40, blank=True)
    customer_name = models.CharField(_("customer"), max_length=200)
    customer_email = models.EmailField(_("e-mail"))
    amount = AmountField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    due_on = models.DateField(_("due on"))
    status = models.CharField(
        _("status"), max_length=20, choices=InvoiceStatus.choices, default=InvoiceStatus.OPEN
    )
    reminders = models.PositiveIntegerField(_("reminders sent"), default=0)

    objects: ClassVar[models.Manager["Invoice"]] = models.Manager.from_queryset(TrackedQuerySet)()

    class Meta:
        db_table = "invoices"
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"],
                name="invoice_number_once_per_tenant",
                violation_error_message=_("There is already an invoice with this number."),
            )
        ]
        indexes = [models.Index(fields=["tenant", "-id"], name="invoices_tenant")]

    def __str__(self) -> str:
        return self.number


class Payment(CompanyRecord):
    """Money that came in."""

    number = models.CharField(_("number"), max_length=40)
    invoice_number = models.CharField(_("invoice number"), max_length=40, blank=True)
    payer_name = models.CharField(_("payer"), max_length=200)
    payer_email = models.EmailField(_("e-mail"), blank=True)
    amount = AmountField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    booked_as = models.CharField(_("booked as"), max_length=80, blank=True)

    objects: ClassVar[models.Manager["Payment"]] = models.Manager.from_queryset(TrackedQuerySet)()

    class Meta:
        db_table = "payments"
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes = [models.Index(fields=["tenant", "-id"], name="payments_tenant")]

    def __str__(self) -> str:
        return self.number


class RefundStatus(models.TextChoices):
    """Where a refund stands."""

    REQUESTED = "requested", _("Requested")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


class Refund(CompanyRecord):
    """Money that a customer asks back."""

    order_number = models.CharField(_("order number"), max_length=40)
    customer_name = models.CharField(_("customer"), max_length=200)
    customer_email = models.EmailField(_("e-mail"))
    amount = AmountField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    reason = models.TextField(_("reason"), blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=RefundStatus.choices, default=RefundStatus.REQUESTED
    )
    decided_by = models.CharField(_("decided by"), max_length=200, blank=True)

    objects: ClassVar[models.Manager["Refund"]] = models.Manager.from_queryset(TrackedQuerySet)()

    class Meta:
        db_table = "refunds"
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        indexes = [models.Index(fields=["tenant", "-id"], name="refunds_tenant")]

    def __str__(self) -> str:
        return f"{self.order_number}, {self.amount} {self.currency}"


class Product(CompanyRecord):
    """Something in stock."""

    sku = models.CharField(_("article number"), max_length=40)
    title = models.CharField(_("product"), max_length=200)
    quantity = models.IntegerField(_("in stock"), default=0)
    supplier_email = models.EmailField(_("supplier's e-mail"))
    reordered_at = models.DateTimeField(_("ordered last"), null=True, blank=True)

    objects: ClassVar[models.Manager["Product"]] = models.Manager.from_queryset(TrackedQuerySet)()

    class Meta:
        db_table = "products"
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "sku"],
                name="product_sku_once_per_tenant",
                violation_error_message=_("There is already a product with this number."),
            )
        ]
        indexes = [models.Index(fields=["tenant", "-id"], name="products_tenant")]

    def __str__(self) -> str:
        return self.title
