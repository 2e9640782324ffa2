"""A key may do at most what its maker may, at every door; somebody else can take it over."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from tenants.key_rights import lost_scopes, scopes_of, with_maker_role
from tenants.models.api_key import ApiKey, KeyScope
from tenants.models.membership import Membership
from tests.support.approvals import ask, due_now
from tests.support.people import make_member
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.approvals.approvers import key_decider
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.approvals.refusals import MayNotDecide
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db

ALL = [scope.value for scope in KeyScope]
READING = {KeyScope.READ_RUNS, KeyScope.DECIDE_APPROVALS}


@pytest.fixture
def maker(tenant):
    return make_member(tenant, "maker", "operations")


@pytest.fixture
def made(tenant, maker):
    return ApiKey.objects.create_key(tenant=tenant, name="bank", scopes=ALL, made_by=maker)


def stays(maker, other):
    pass


def leaves(maker, other):
    maker.memberships.all().delete()


def is_switched_off(maker, other):
    maker.is_active = False
    maker.save()


def may_not_log_in(maker, other):
    maker.is_staff = False
    maker.save()


def becomes_support(maker, other):
    maker.memberships.update(role="support")


def changes_company(maker, other):
    maker.memberships.all().delete()
    Membership.objects.create(user=maker, tenant=other, role="operations")


def is_superuser(maker, other):
    maker.memberships.all().delete()
    maker.is_superuser = True
    maker.save()


FATES = {
    stays: set(KeyScope),
    leaves: set(),
    is_switched_off: set(),
    may_not_log_in: set(),
    becomes_support: READING,
    changes_company: set(),
    is_superuser: set(KeyScope),
}


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.__name__)
def test_what_a_key_may_do_is_what_its_maker_may(tenant, other_tenant, maker, made, fate):
    key, secret = made
    fate(maker, other_tenant)
    may = FATES[fate]

    read = ApiKey.objects.get(pk=key.pk)
    with_role = with_maker_role(ApiKey.objects.filter(pk=key.pk)).get()
    for found in (read, with_role):
        assert scopes_of(found) == may
        assert lost_scopes(found) == set(KeyScope) - may

    approval = ask(tenant, approvers=["key:bank"])
    run_id = approval.run_id
    doors = {
        KeyScope.FIRE_EVENTS: ("post", "/api/v1/triggers/x/"),
        KeyScope.READ_RUNS: ("get", f"/api/v1/runs/{run_id}/"),
        KeyScope.OPERATE_RUNS: ("post", f"/api/v1/runs/{run_id}/retry/"),
        KeyScope.DECIDE_APPROVALS: ("post", f"/api/v1/approvals/{approval.pk}/decide/"),
    }
    for scope, (method, address) in doors.items():
        body = {"choice": "refund"} if scope == KeyScope.DECIDE_APPROVALS else {}
        answer = getattr(APIClient(), method)(
            address,
            *([body] if method == "post" else []),
            format="json",
            headers={"Authorization": f"Api-Key {secret}"},
        )
        is_refused = answer.status_code == 403 and answer.json()["code"] == "maker_may_not"
        assert is_refused is (scope not in may), (scope, answer.content)
    assert WorkflowEvent.objects.filter(type="x").exists() is (KeyScope.FIRE_EVENTS in may)
    assert due_now(approval) is (KeyScope.DECIDE_APPROVALS in may)


def test_the_service_refuses_the_decision_itself(tenant, maker, made):
    approval = ask(tenant, approvers=["key:bank"])
    leaves(maker, None)

    with pytest.raises(MayNotDecide):
        decide(tenant, approval.pk, key_decider(ApiKey.objects.get()), GivenAnswer("refund"))


def test_a_scope_that_it_never_had_is_called_missing(tenant, maker):
    _key, secret = ApiKey.objects.create_key(
        tenant=tenant, name="shop", scopes=["events:fire"], made_by=maker
    )
    leaves(maker, None)

    answer = APIClient().get("/api/v1/runs/", headers={"Authorization": f"Api-Key {secret}"})

    assert answer.json()["code"] == "missing_scope"


def test_a_key_whose_maker_is_deleted_is_revoked(maker, made):
    maker.delete()

    key = ApiKey.objects.get()
    assert (key.made_by, key.revoked) == (None, True)


def test_a_key_that_nobody_is_known_to_have_made_keeps_its_scopes(tenant):
    key, _secret = ApiKey.objects.create_key(tenant=tenant, name="old", scopes=ALL)

    assert scopes_of(key) == set(KeyScope)


def test_the_page_says_so_and_somebody_takes_it_over(client, ops_user, maker, made):
    client.force_login(ops_user)
    page = reverse("admin:tenants_apikey_change", args=[made[0].prefix])
    listed = reverse("admin:tenants_apikey_changelist")
    assert "may do at most what this person may" in client.get(page).content.decode()
    take = {"action": "take_over", "_selected_action": made[0].pk}
    assert "None of these needs it" in client.post(listed, take, follow=True).content.decode()
    assert ApiKey.objects.get().made_by == maker
    leaves(maker, None)
    assert "Opens nothing: maker" in client.get(page).content.decode()
    assert "Opens nothing: maker" in client.get(listed).content.decode()

    client.post(listed, take)

    key = ApiKey.objects.get()
    assert (key.made_by, lost_scopes(key)) == (ops_user, set())
    assert "Valid" in client.get(page).content.decode()


def test_support_takes_nothing_over(client, support_user, maker, made):
    leaves(maker, None)
    client.force_login(support_user)

    client.post(
        reverse("admin:tenants_apikey_changelist"),
        {"action": "take_over", "_selected_action": made[0].pk},
    )

    assert ApiKey.objects.get().made_by == maker


def test_whoever_ends_a_membership_is_told_of_the_keys(client, maker, made, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("root", password="x"))
    page = reverse("admin:tenants_membership_delete", args=[maker.memberships.get().pk])

    answer = client.post(page, {"post": "yes"}, follow=True)

    told = [str(one) for one in answer.context["messages"]]
    assert any("bank" in one and "take them over" in one for one in told)


# What a key without runs:read is told of what it acted on


def test_a_key_that_may_not_read_is_told_the_outcome_alone(tenant):
    approval = ask(tenant, approvers=["key:desk"])
    definition = WorkflowDefinition(tenant=tenant, key="w", is_active=True)
    steps = [{"name": "end", "action": "stop", "params": {}}]
    publish(tenant, "ops", definition, {"name": "W", "trigger_type": "x", "steps": steps})
    run_id = fire(tenant, "x", {"secret": "s3cret"}).run_ids[0]
    _key, secret = ApiKey.objects.create_key(
        tenant=tenant, name="desk", scopes=["approvals:decide", "runs:operate"]
    )
    headers = {"Authorization": f"Api-Key {secret}"}

    decided = APIClient().post(
        f"/api/v1/approvals/{approval.pk}/decide/",
        {"choice": "refund"},
        format="json",
        headers=headers,
    )
    cancelled = APIClient().post(f"/api/v1/runs/{run_id}/cancel/", headers=headers)
    again = APIClient().post(
        f"/api/v1/runs/{run_id}/retry/", {"from": "start"}, format="json", headers=headers
    )

    assert set(decided.json()) == {"id", "url", "status", "decision"}
    assert set(cancelled.json()) == set(again.json()) == {"id", "url", "status"}
    assert (cancelled.json()["status"], again.status_code) == ("cancelled", 201)
    for answer in (decided, cancelled, again):
        assert "s3cret" not in answer.content.decode()


def test_a_corrected_payload_is_an_event_and_asks_for_that_scope(tenant):
    approval = ask(tenant)
    WorkflowRun.objects.filter(pk=approval.run_id).update(status="cancelled", due_at=None)
    _key, secret = ApiKey.objects.create_key(tenant=tenant, name="desk", scopes=["runs:operate"])

    answer = APIClient().post(
        f"/api/v1/runs/{approval.run_id}/retry/",
        {"from": "start", "payload": {"amount": 999_999}},
        format="json",
        headers={"Authorization": f"Api-Key {secret}"},
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert WorkflowRun.objects.count() == 1
