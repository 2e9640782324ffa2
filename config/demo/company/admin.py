"""Pages of the demo's records, each with the runs about it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from config.demo.company.models import Invoice, Payment, Product, Refund, Signup
from tenants.admin.base import TenantAdmin
from tenants.admin.dates import CreatedFilter
from tenants.admin.lists import NewestByChoice, TenantFilter


class CompanyRecordAdmin(TenantAdmin):
    """A record like any other of a host company."""

    list_select_related = ("tenant",)
    readonly_fields = ("created_at",)
    change_form_template = "admin/company/change_form.html"
    list_filter: ClassVar[Any] = (CreatedFilter, TenantFilter)


@admin.register(Signup)
class SignupAdmin(CompanyRecordAdmin):
    """Signups."""

    list_display = ("business", "contact_name", "email", "status", "created_at")
    list_filter = (("status", NewestByChoice), CreatedFilter, TenantFilter)
    search_fields = ("business", "email")
    when_empty = _("No signups yet. They come from your web site, or are added here by hand.")


@admin.register(Invoice)
class InvoiceAdmin(CompanyRecordAdmin):
    """Invoices."""

    list_display = ("number", "customer_name", "amount", "currency", "due_on", "status")
    list_filter = (("status", NewestByChoice), CreatedFilter, TenantFilter)
    search_fields = ("number", "order_number", "customer_email")
    when_empty = _("No invoices yet.")


@admin.register(Payment)
class PaymentAdmin(CompanyRecordAdmin):
    """Payments."""

    list_display = ("number", "payer_name", "amount", "currency", "invoice_number", "booked_as")
    search_fields = ("number", "invoice_number", "payer_email")
    when_empty = _("No payments yet.")


@admin.register(Refund)
class RefundAdmin(CompanyRecordAdmin):
    """Refunds."""

    list_display = ("order_number", "customer_name", "amount", "currency", "status", "decided_by")
    list_filter = (("status", NewestByChoice), CreatedFilter, TenantFilter)
    search_fields = ("order_number", "customer_email")
    when_empty = _("Nobody has asked for money back yet.")


@admin.register(Product)
class ProductAdmin(CompanyRecordAdmin):
    """Products."""

    list_display = ("title", "sku", "quantity", "reordered_at")
    search_fields = ("sku", "title")
    when_empty = _("No products yet.")
