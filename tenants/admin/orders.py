"""Orders."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin import access
from tenants.admin.base import RECORD_SEARCHES, TenantAdmin
from tenants.admin.dates import CreatedFilter
from tenants.admin.lists import (
    Completeness,
    NewestByChoice,
    TenantFilter,
    tell_incomplete,
    tested_of,
)
from tenants.admin.order_search import find_orders
from tenants.core.text.listing import bare
from tenants.core.values.currencies import USUAL_PLACES, places_of
from tenants.core.values.times import short_moment
from tenants.models.order import Order

WRITTEN_LEFT_TO_RIGHT = frozenset(
    {"number", "customer_phone", "customer_email", "customer_id", "total_amount", "currency"}
)


@admin.register(Order)
class OrderAdmin(TenantAdmin):
    """The page of an order also shows the workflow runs about it (its template does)."""

    list_display = ("number", "customer", "status", "total", "made")
    # By its id, which the index holds: in the order in which they were made.
    sortable_by = ("made",)
    list_filter = (
        ("status", NewestByChoice),
        ("source", NewestByChoice),
        CreatedFilter,
        TenantFilter,
    )
    list_select_related = ("tenant",)
    search_fields = ("number",)
    search_names_rows = True
    search_help_text = _("Order number, phone, customer or e-mail")
    readonly_fields = ("created_at", "updated_at")
    when_empty = _("No orders yet. They come from your shop, or are added here by hand.")
    fieldsets = (
        (None, {"fields": ("tenant", "number", "status", "source")}),
        (
            _("Customer"),
            {"fields": ("customer_name", "customer_phone", "customer_email", "customer_id")},
        ),
        (_("Amount"), {"fields": (("total_amount", "currency"), "note")}),
        (_("Dates"), {"fields": (("created_at", "updated_at"),)}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Write numbers from left to right, in Arabic too: a phone would be turned around."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in WRITTEN_LEFT_TO_RIGHT:
            field.widget.attrs["dir"] = "ltr"
        return field

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Find by what people read out on the phone."""
        term = bare(search_term).strip()
        if not term:
            return queryset, False
        tenants = list(access.tenants_seen(request))
        named = (search(tenants, Order, term) for search in RECORD_SEARCHES)
        found = find_orders(queryset, tested_of(request), tenants, term, named)
        if found.looked_through is not None:
            said = gettext(
                "Parts of names were looked for among the newest %(count)s orders only. Choose "
                "dates to look among older ones."
            )
            count = number_format(found.looked_through, force_grouping=True)
            messages.info(request, said % {"count": count})
            tell_incomplete(request)
        if found.is_cut:
            said = gettext("Only the newest %(count)s are shown. Add another word to find less.")
            messages.info(request, said % {"count": len(found.ids)})
            tell_incomplete(request, Completeness.MORE)
        return queryset.filter(pk__in=found.ids), False

    @admin.display(description=_("customer"))
    def customer(self, order: Order) -> str:
        """Return who ordered."""
        return order.customer_name or order.customer_phone or order.customer_email

    @admin.display(description=_("created"), ordering="id")
    def made(self, order: Order) -> str:
        """Return when it was made."""
        return short_moment(order.created_at)

    @admin.display(description=_("total"))
    def total(self, order: Order) -> str:
        """Return the amount with its currency."""
        places = max(places_of(order.currency), USUAL_PLACES)
        amount = number_format(order.total_amount, decimal_pos=places, force_grouping=True)
        return f"{amount} {order.currency}"
