"""A key is shown once, and revoked, never changed."""

import re
from urllib.parse import unquote

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from tenants.models.api_key import ApiKey

LIST = "/admin/tenants/apikey/"


@pytest.fixture
def ops(client, ops_user):
    """A browser in which somebody of Operations is logged in."""
    client.force_login(ops_user)
    return client


def test_a_new_key_is_shown_once_and_works(ops, tenant):
    answer = ops.post(
        f"{LIST}add/",
        {"tenant": tenant.pk, "name": "Shop", "scopes": ["events:fire"]},
        follow=True,
    )

    key = re.search(r'<code class="sayr-key" dir="ltr">([^<]+)</code>', answer.content.decode())[1]
    stored = ApiKey.objects.get()
    assert (stored.tenant, stored.scopes) == (tenant, ["events:fire"])
    assert ApiKey.objects.is_valid(key)
    assert key not in ops.get(LIST).content.decode()


def test_a_new_key_does_not_act_on_runs_or_decide_unless_somebody_ticks_it(ops):
    page = ops.get(f"{LIST}add/").content.decode()

    boxes = re.findall(r'<input type="checkbox" name="scopes"[^>]*>', page)
    ticked = {re.search(r'value="([^"]+)"', box)[1] for box in boxes if "checked" in box}
    assert len(boxes) == 4
    assert ticked == {"events:fire", "runs:read"}


def test_a_key_knows_who_made_it(ops, ops_user, tenant):
    given = {"tenant": tenant.pk, "name": "Shop", "scopes": ["events:fire"]}
    ops.post(f"{LIST}add/", {**given, "made_by": 1})

    assert ApiKey.objects.get().made_by == ops_user


@pytest.mark.parametrize("revoked", [False, True])
def test_a_key_that_decides_has_a_name_of_its_own(ops, tenant, other_tenant, revoked):
    scopes = ["approvals:decide"]
    ApiKey.objects.create_key(tenant=tenant, name="Shop", scopes=scopes, revoked=revoked)
    ApiKey.objects.create_key(tenant=other_tenant, name="Bank", scopes=scopes)

    for name in ("Shop", "Bank"):
        ops.post(f"{LIST}add/", {"tenant": tenant.pk, "name": name, "scopes": scopes})

    made = ApiKey.objects.filter(tenant=tenant).exclude(revoked=revoked, name="Shop")
    assert [key.name for key in made] == ["Bank"]


def test_support_makes_no_key(client, support_user, tenant):
    client.force_login(support_user)

    answer = client.post(
        f"{LIST}add/", {"tenant": tenant.pk, "name": "Shop", "scopes": ["events:fire"]}
    )

    assert answer.status_code == 403
    assert not ApiKey.objects.exists()


def test_a_key_has_to_be_good_for_something(ops, tenant):
    ops.post(f"{LIST}add/", {"tenant": tenant.pk, "name": "Shop"})

    assert not ApiKey.objects.exists()


def test_a_made_key_is_not_changed(ops, tenant):
    made, _key = ApiKey.objects.create_key(tenant=tenant, name="Shop", scopes=["runs:read"])

    answer = ops.post(
        reverse("admin:tenants_apikey_change", args=[made.prefix]),
        {"name": "Other", "scopes": ["events:fire"]},
    )

    made.refresh_from_db()
    assert answer.status_code == 403
    assert (made.name, made.scopes) == ("Shop", ["runs:read"])


def test_no_address_holds_the_hash_of_a_key(ops, tenant, other_tenant):
    made, _key = ApiKey.objects.create_key(tenant=tenant, name="Shop")
    other, _key = ApiKey.objects.create_key(tenant=other_tenant, name="Bank")
    ops.post(LIST, {"action": "revoke", "_selected_action": [made.pk]})

    listed = ops.get(LIST).content.decode()
    [address] = set(re.findall(rf'href="({LIST}[^"/]+/change/)', listed))
    page = ops.get(address)
    assert (page.status_code, "Shop" in page.content.decode()) == (200, True)
    history = reverse("admin:tenants_apikey_history", args=[made.prefix])
    assert "Revoked." in ops.get(history).content.decode()
    assert LogEntry.objects.get().object_id == made.prefix
    for shown in (listed, page.content.decode(), ops.get("/admin/").content.decode()):
        links = " ".join(re.findall(r'(?:href|action|src)="([^"]*)"', shown))
        assert made.hashed_key not in unquote(links)
    for unknown in (made.pk, other.prefix, other.pk, "a\0b", made.hashed_key, made.prefix + "x"):
        answer = ops.get(reverse("admin:tenants_apikey_change", args=[unknown]))
        assert answer.status_code == 302


def test_a_revoked_key_opens_nothing(ops, tenant):
    made, key = ApiKey.objects.create_key(tenant=tenant, name="Shop")

    ops.post(LIST, {"action": "revoke", "_selected_action": made.pk})

    assert not ApiKey.objects.is_valid(key)


def test_a_key_of_another_tenant_is_not_revoked(ops, tenant, other_tenant):
    made, key = ApiKey.objects.create_key(tenant=other_tenant, name="Theirs")

    ops.post(LIST, {"action": "revoke", "_selected_action": made.pk})

    assert ApiKey.objects.is_valid(key)
