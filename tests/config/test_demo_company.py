"""The demo companies' records: their pages, and whose rows they show."""

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from config.demo.company.models import Invoice, Payment, Product, Refund, Signup
from tenants.admin.base import TenantAdmin
from workflows.models.event import WorkflowEvent

VALUES = {
    Signup: {"business": "Cafe", "email": "a@example.com"},
    Invoice: {
        "number": "I-1",
        "customer_name": "Rami",
        "customer_email": "a@example.com",
        "amount": "480.00",
        "due_on": timezone.now().date(),
    },
    Payment: {"number": "P-1", "payer_name": "Rami", "amount": "480.00"},
    Refund: {
        "order_number": "C-1",
        "customer_name": "Rami",
        "customer_email": "a@example.com",
        "amount": "9.90",
    },
    Product: {"sku": "TS-M", "title": "T-shirt", "supplier_email": "s@example.com"},
}


@pytest.mark.parametrize("model", VALUES, ids=lambda model: model.__name__)
def test_a_page_shows_only_ones_own_rows(model, client, tenant, other_tenant, ops_user):
    own, foreign = (
        model.objects.create(tenant=one, **VALUES[model]) for one in (tenant, other_tenant)
    )
    client.force_login(ops_user)
    name = f"admin:company_{model._meta.model_name}"

    shown = client.get(reverse(f"{name}_changelist"))

    assert isinstance(admin.site.get_model_admin(model), TenantAdmin)
    assert list(shown.context["cl"].result_list) == [own]
    assert client.get(reverse(f"{name}_change", args=[own.pk])).status_code == 200
    assert client.get(reverse(f"{name}_change", args=[foreign.pk])).status_code == 302


@pytest.mark.parametrize(
    ("model", "event"),
    [
        (Signup, "new_signup"),
        (Invoice, "new_invoice"),
        (Payment, "payment_received"),
        (Refund, "refund_requested"),
    ],
)
def test_a_new_row_fires_its_event(model, event, tenant):
    made = model.objects.create(tenant=tenant, **VALUES[model])

    [fired] = WorkflowEvent.objects.filter(tenant=tenant)
    assert (fired.type, fired.subject_id) == (event, str(made.pk))


def test_only_a_changed_quantity_is_told(tenant):
    product = Product.objects.create(tenant=tenant, **VALUES[Product])
    product.title = "T-shirt, M"
    product.save()
    product.quantity = 3
    product.save()

    [fired] = WorkflowEvent.objects.filter(tenant=tenant)
    assert (fired.type, fired.payload["quantity"]) == ("stock_changed", 3)
    assert fired.previous["quantity"] == 0
