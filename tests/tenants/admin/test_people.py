"""Companies, people and roles: for superusers, in the order of the work."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse
from rest_framework_api_key.models import APIKey

from tenants.models.membership import Membership
from tenants.models.tenant import Tenant
from tenants.models.user import User


@pytest.fixture
def root(client, admin_user):
    """A browser in which a superuser is logged in."""
    client.force_login(admin_user)
    return client


def groups(client):
    """Return what the first page shows."""
    answer = client.get(reverse("admin:index"))
    return {
        str(group["name"]): [str(model["name"]) for model in group["models"]]
        for group in answer.context["app_list"]
    }


def test_the_first_page_is_in_the_order_of_the_work(client, ops_user):
    client.force_login(ops_user)

    assert groups(client) == {
        "Workflows": ["Approvals", "Problems", "Runs", "Workflows", "Schedules", "Events"],
        "Records": ["Orders", "Invoices", "Payments", "Products", "Refunds", "Signups"],
        "Connections and messages": ["Message templates", "Connections"],
        "Company and access": ["API keys"],
    }


def test_only_superusers_see_companies_people_and_technical_tables(root):
    shown = groups(root)

    assert shown["Company and access"] == ["Tenants", "Memberships", "Users", "API keys"]
    assert "Workers" in shown["Technical"]


def test_what_decides_nothing_here_has_no_page():
    assert not admin.site.is_registered(Group)
    assert not admin.site.is_registered(APIKey)


def test_a_person_is_added_with_a_place(root, tenant):
    answer = root.post(
        reverse("admin:tenants_user_add"),
        {
            "username": "rana",
            "usable_password": "true",
            "password1": "a-long-passphrase",
            "password2": "a-long-passphrase",
            "is_staff": "on",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        },
    )
    assert answer.status_code == 302
    rana = User.objects.get(username="rana")
    assert rana.is_staff

    root.post(
        reverse("admin:tenants_membership_add"),
        {"user": rana.pk, "tenant": tenant.pk, "role": "operations"},
    )

    assert Membership.objects.get().role == "operations"


@pytest.mark.parametrize("model", [User, Tenant, Membership])
def test_the_lists_can_be_searched(model, root, ops_user):
    meta = model._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")

    assert root.get(address, {"q": "ops"}).status_code == 200


def test_a_company_is_not_deleted_by_a_click(root, tenant):
    answer = root.post(reverse("admin:tenants_tenant_delete", args=[tenant.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert Tenant.objects.exists()


def test_a_wrong_time_zone_of_a_person_does_no_harm(client, ops_user):
    ops_user.time_zone = "Mars/Base"
    ops_user.save()
    client.force_login(ops_user)

    assert client.get(reverse("admin:index")).status_code == 200
