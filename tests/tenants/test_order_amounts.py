"""An order over 18.605 dinars: entered, stored, shown and told; and one over 149.90 as before."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tenants.models.amounts import told
from tenants.models.order import Order
from workflows.models.event import WorkflowEvent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("18.605", "18.605"),
        ("18.600", "18.60"),
        ("149.9", "149.90"),
        ("150", "150.00"),
        (150, "150.00"),
        (0, "0.00"),
        ("0.0005", "0.001"),
        ("149.9049999", "149.905"),
        ("999999999999.999", "999999999999.999"),
    ],
)
def test_an_amount_is_kept_with_the_decimals_that_it_needs(tenant, given_, kept):
    order = Order.objects.create(tenant=tenant, number="1", total_amount=given_)
    bulk = Order(tenant=tenant, number="2", total_amount=given_)
    Order.objects.bulk_create([bulk])

    for one in Order.objects.filter(pk__in=[order.pk, bulk.pk]):
        assert str(one.total_amount) == kept
    same = models.F("total_amount") * Decimal("1.000")
    Order.objects.filter(pk=order.pk).update(total_amount=same)
    order.refresh_from_db()
    assert str(order.total_amount) == kept


@given(st.decimals(-(10**11), 10**11, places=6))
def test_it_is_rounded_once_and_to_two_decimals_where_two_are_enough(amount):
    kept = told(amount)

    assert abs(kept - amount) <= Decimal("0.0005")
    assert told(kept) == kept
    assert -kept.as_tuple().exponent == (2 if kept == round(kept, 2) else 3)


@pytest.mark.parametrize("amount", ["-0.01", "1000000000000", "1e30"])
def test_the_database_takes_no_other_amounts(tenant, amount):
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.create(tenant=tenant, number="1", total_amount=Decimal(amount))
    assert not Order.objects.exists()


def test_sums_and_comparisons_see_all_decimals(tenant):
    for number, amount in enumerate(("18.605", "149.90", "0.095")):
        Order.objects.create(tenant=tenant, number=str(number), total_amount=amount)

    total = Order.objects.aggregate(models.Sum("total_amount"), models.Max("total_amount"))
    assert {name: str(one) for name, one in total.items()} == {
        "total_amount__sum": "168.60",
        "total_amount__max": "149.90",
    }
    assert Order.objects.filter(total_amount__gt="18.604").count() == 2
    assert Order.objects.filter(total_amount="18.6050").count() == 1


@pytest.mark.parametrize(
    ("currency", "amount", "is_right"),
    [
        ("KWD", "18.605", True),
        ("kwd", "18.605", True),
        ("USD", "18.605", False),
        ("USD", "18.60", True),
        ("JPY", "18.50", True),
        ("CLF", "18.605", True),
    ],
)
def test_a_third_decimal_is_for_currencies_that_have_one(tenant, currency, amount, is_right):
    order = Order(tenant=tenant, number="1", currency=currency, total_amount=Decimal(amount))
    if is_right:
        order.full_clean()
        return
    with pytest.raises(ValidationError) as refused:
        order.full_clean()
    assert refused.value.message_dict == {
        "total_amount": ["An amount in USD has at most 2 decimals."]
    }


def test_it_is_entered_shown_and_told(tenant, client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("root", "r@example.com", "x"))
    page = reverse("admin:tenants_order_add")
    form = {"tenant": tenant.pk, "number": "SO-1", "status": "new", "source": "web"}

    client.post(page, {**form, "currency": "KWD", "total_amount": "18.605"})

    order = Order.objects.get()
    assert str(order.total_amount) == "18.605"
    event = WorkflowEvent.objects.get(type="new_order")
    assert event.payload["total_amount"] == "18.605"
    shown = client.get(reverse("admin:tenants_order_changelist")).content.decode()
    assert "18.605 KWD" in shown
    edited = client.get(reverse("admin:tenants_order_change", args=[order.pk])).content.decode()
    assert 'value="18.605"' in edited
    Order.objects.create(tenant=tenant, number="SO-2", currency="USD", total_amount="1149.9")
    shown = client.get(reverse("admin:tenants_order_changelist")).content.decode()
    assert "1,149.90 USD" in shown


def test_a_step_can_set_it(tenant):
    field = Order._meta.get_field("total_amount")

    assert field.clean("18.605", Order()) == Decimal("18.605")
    with pytest.raises(ValidationError):
        field.clean("18.6055", Order())
    with pytest.raises(ValidationError):
        field.clean("1000000000000", Order())


def test_the_column_has_no_digits_and_its_checks_are_proved():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 'orders'::regclass AND attname = 'total_amount'"
        )
        assert cursor.fetchone() == ("numeric",)
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'orders'::regclass"
            " AND contype = 'c' AND convalidated ORDER BY 1"
        )
        assert [name for (name,) in cursor.fetchall()] == [
            "order_total_in_range",
            "order_total_not_negative",
        ]
