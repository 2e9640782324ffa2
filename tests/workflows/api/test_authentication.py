"""Who may do what."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.models.api_key import ApiKey
from tests.workflows.api.callers import Caller, make_caller
from workflows.models.event import WorkflowEvent

READS = [
    "runs/",
    "runs/0198c0de-0000-7000-8000-000000000001/",
    "events/0198c0de-0000-7000-8000-000000000001/",
]


def refusal(answer):
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("address", READS)
def test_without_a_key_nothing_is_shown(nobody, address):
    answer = nobody.get(address)
    assert refusal(answer) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Api-Key realm="sayr"'


def test_without_a_key_nothing_is_fired(nobody):
    answer = nobody.fire()
    assert refusal(answer) == (401, "not_authenticated")
    assert not WorkflowEvent.objects.exists()


@pytest.mark.parametrize(
    "header", ["Bearer abc", "Basic dXNlcjpwYXNz", "Api-Key", "abcdefgh." + "x" * 32]
)
def test_another_way_to_authenticate_is_no_key(nobody, header):
    assert refusal(nobody.get("runs/", Authorization=header)) == (401, "not_authenticated")


@pytest.mark.parametrize(
    "key",
    ["x", "abcdefgh.", ".abc", "abcdefgh." + "x" * 32, "x" * 5000, "\0", "نص", "a' OR 1=1 --"],
)
def test_an_unknown_key_is_refused(db, key):
    answer = Caller(key).fire()
    assert refusal(answer) == (401, "api_key_unknown")
    assert answer["WWW-Authenticate"]


def test_the_right_prefix_is_not_enough(caller):
    prefix = caller.key.partition(".")[0]
    assert refusal(Caller(f"{prefix}.{'x' * 32}").fire()) == (401, "api_key_unknown")


def test_a_revoked_key_is_refused(caller):
    caller.record.revoked = True
    caller.record.save()
    answer = caller.fire()
    assert refusal(answer) == (401, "api_key_revoked")
    assert answer["WWW-Authenticate"]
    assert not WorkflowEvent.objects.exists()


def test_an_expired_key_is_refused(tenant):
    caller = make_caller(tenant, expiry_date=timezone.now() - timedelta(seconds=1))
    assert refusal(caller.fire()) == (401, "api_key_expired")


def test_only_who_holds_the_whole_key_learns_that_it_was_revoked(caller):
    ApiKey.objects.update(revoked=True)
    prefix = caller.key.partition(".")[0]
    assert refusal(Caller(f"{prefix}.{'x' * 32}").fire()) == (401, "api_key_unknown")


def test_the_words_header_and_scheme_are_not_case_sensitive(caller):
    assert Caller(None).get("runs/", authorization=f"api-key {caller.key}").status_code == 200


def test_a_key_that_may_only_read_cannot_fire(tenant):
    caller = make_caller(tenant, scopes=["runs:read"])
    answer = caller.fire()
    assert refusal(answer) == (403, "missing_scope")
    assert "events:fire" in answer.json()["detail"]
    assert caller.get("runs/").status_code == 200
    assert not WorkflowEvent.objects.exists()


@pytest.mark.parametrize("address", READS)
def test_a_key_that_may_only_fire_cannot_read(tenant, address):
    caller = make_caller(tenant, scopes=["events:fire"])
    assert refusal(caller.get(address)) == (403, "missing_scope")
    assert caller.fire().status_code == 202


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(caller, django_assert_num_queries):
    def last_use():
        return ApiKey.objects.get().last_used_at

    caller.get("runs/")
    first = last_use()
    caller.get("runs/")
    assert first is not None
    assert last_use() == first

    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    caller.get("runs/")
    assert last_use() >= first


def test_the_tenant_comes_from_the_key_alone(caller, tenant, other_tenant):
    payload = {"tenant": str(other_tenant.id), "tenant_id": str(other_tenant.id)}
    caller.fire(payload=payload, X_Tenant=other_tenant.key)
    assert WorkflowEvent.objects.get().tenant == tenant
