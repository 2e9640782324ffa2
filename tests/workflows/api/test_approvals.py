"""Other applications list approvals and decide them, with a key that may."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.approvals import FORM, due_now
from tests.support.approvals import ask as ask_people
from tests.support.people import make_member
from tests.workflows.api.callers import make_caller
from workflows.runtime.runs import ending
from workflows.services.approvals.links import link_for

SCOPES = ["runs:read", "approvals:decide"]


def ask(tenant, *, approvers=("ops", "key:shop"), **values):
    """Ask somebody, and the key with which tests call."""
    return ask_people(tenant, approvers=list(approvers), **values)


@pytest.fixture
def decider(tenant):
    """An application that may decide."""
    return make_caller(tenant, scopes=SCOPES)


def decide(caller, approval, **body):
    return caller.http.post(
        f"/api/v1/approvals/{approval.pk}/decide/",
        {"choice": "refund", **body},
        format="json",
        headers={"Authorization": f"Api-Key {caller.key}"},
    )


def assert_untouched(approval):
    approval.refresh_from_db()
    assert approval.decided_at is None
    assert not due_now(approval)


def test_a_key_lists_what_is_open_the_newest_first(caller, tenant, other_tenant):
    first, second = ask(tenant), ask(tenant)
    over = ask(tenant, expires_at=timezone.now() - timedelta(days=1))
    ended = ask(tenant)
    ending.cancel(tenant.id, ended.run_id)
    decided = ask(tenant, choice="refund", decided_by="user:x", decided_at=timezone.now())
    ask(other_tenant)

    def listed(query=""):
        return [one["id"] for one in caller.get(f"approvals/{query}").json()["results"]]

    assert listed("?status=open") == [str(second.pk), str(first.pk)]
    assert listed("?status=decided") == [str(decided.pk)]
    assert listed() == [str(one.pk) for one in (decided, ended, over, second, first)]
    everything = caller.get("approvals/").json()["results"]
    assert [one["status"] for one in everything] == ["decided", "ended", "expired", "open", "open"]


def test_a_list_pages_by_cursor(caller, tenant):
    wanted = [str(ask(tenant).pk) for _ in range(5)][::-1]

    found, address = [], "approvals/?limit=2&status=open"
    while address:
        page = caller.get(address).json()
        assert len(page["results"]) <= 2
        found += [one["id"] for one in page["results"]]
        address = page["next"]

    assert found == wanted


def test_an_approval_says_everything_but_the_tokens_of_links(caller, tenant):
    approval = ask(tenant, form=FORM, requested_by="user:rana")
    link = link_for(approval, "user:x")
    approval.message = f"Decide at {link}"
    approval.save()

    found = caller.get(f"approvals/{approval.pk}/").json()

    assert found["title"] == "Refund order C-1042?"
    assert found["message"] == "Decide at http://127.0.0.1:8000/approvals/…/"
    assert found["approvers"] == ["ops", "key:shop"]
    assert found["requested_by"] == "user:rana"
    assert found["run"]["id"] == str(approval.run_id)
    assert found["workflow"]["name"] == "Refunds"
    assert found["form"][3]["options"] == [
        {"key": "cash", "label": "cash"},
        {"key": "bank", "label": "Bank transfer"},
    ]
    assert found["decision"] is None


def test_a_decision_is_answered_with_what_is_stored(decider, tenant):
    approval = ask(tenant, form=FORM)

    answer = decide(decider, approval, answers={"amount": 20, "goods": True}, **{"as": "Rana"})

    decision = answer.json()["decision"]
    assert answer.status_code == 200
    assert answer.json()["status"] == "decided"
    assert (decision["choice"], decision["label"]) == ("refund", "Refund")
    assert decision["answers"] == {"amount": 20, "reason": "", "goods": True, "account": None}
    assert (decision["decided_by"], decision["decided_via"]) == ("api_key:shop, Rana", "api")
    assert due_now(approval)


@pytest.mark.parametrize(
    "said", [{}, {"as": "The Boss"}, {"as": "ops"}, {"on_behalf_of": "boss@cedar.example"}], ids=str
)
@pytest.mark.parametrize("approvers", [["boss"], ["boss@cedar.example"], ["role:operations"]])
def test_a_key_decides_nothing_that_does_not_name_it(decider, tenant, approvers, said):
    boss = make_member(tenant, "boss", "operations")
    boss.email = "boss@cedar.example"
    boss.save()
    approval = ask(tenant, approvers=approvers)

    answer = decide(decider, approval, **said)

    assert (answer.status_code, answer.json()["code"]) == (403, "may_not_decide")
    assert "does not name this key" in answer.json()["detail"]
    assert_untouched(approval)


@pytest.mark.parametrize("entry", ["key:", "key:SHOP", "key: shop", "shop", "api_key:shop"])
def test_a_key_is_meant_by_its_name_alone(decider, tenant, entry):
    approval = ask(tenant, approvers=[entry, "ops"])

    assert decide(decider, approval).status_code == 403
    assert_untouched(approval)


def test_a_new_key_with_the_name_of_an_asked_one_is_not_asked(decider, tenant):
    approval, second = ask(tenant), make_caller(tenant, scopes=SCOPES)

    assert decide(second, approval).status_code == 403
    decider.record.revoked = True
    decider.record.save()
    assert decide(second, approval).status_code == 403
    assert decide(decider, approval).status_code == 401
    assert_untouched(approval)


def test_a_key_does_not_decide_for_somebody_whose_account_was_switched_off(decider, tenant):
    boss = make_member(tenant, "boss", "operations")
    boss.email, boss.is_active = "boss@cedar.example", False
    boss.save()
    approval = ask(tenant, approvers=["boss@cedar.example", "key:shop"])

    assert decide(decider, approval, on_behalf_of="boss@cedar.example").status_code == 403
    assert_untouched(approval)


def test_a_key_without_the_scope_decides_nothing(caller, tenant):
    approval = ask(tenant)

    answer = decide(caller, approval)

    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert_untouched(approval)


def test_a_key_that_may_not_read_sees_nothing(tenant):
    caller = make_caller(tenant, scopes=["approvals:decide"])

    assert caller.get("approvals/").json()["code"] == "missing_scope"


def test_an_approval_of_another_tenant_is_unknown(decider, other_tenant):
    approval = ask(other_tenant)

    assert decider.get(f"approvals/{approval.pk}/").status_code == 404
    assert decide(decider, approval).status_code == 404
    assert_untouched(approval)


def test_deciding_twice_is_a_conflict_that_names_the_first(decider, tenant):
    approval = ask(tenant)
    decide(decider, approval)

    answer = decide(decider, approval, choice="refuse")

    assert (answer.status_code, answer.json()["code"]) == (409, "already_decided")
    assert "“Refund” was chosen by api_key:shop" in answer.json()["detail"]
    approval.refresh_from_db()
    assert approval.choice == "refund"


def test_on_behalf_of_somebody_who_is_asked(decider, tenant):
    rana = make_member(tenant, "rana", "operations")
    rana.email = "rana@cedar.example"
    rana.save()
    approval = ask(tenant, approvers=["role:operations", "key:shop"])

    refused = decide(decider, approval, on_behalf_of="dina@cedar.example")
    assert (refused.status_code, refused.json()["code"]) == (403, "may_not_decide")
    assert_untouched(approval)
    answer = decide(decider, approval, on_behalf_of="rana@cedar.example")

    assert answer.status_code == 200
    assert answer.json()["decision"]["decided_by"] == "api_key:shop, rana@cedar.example"


def test_who_asked_does_not_decide_through_a_key(decider, tenant):
    rana = make_member(tenant, "rana", "operations")
    rana.email = "rana@cedar.example"
    rana.save()
    approval = ask(tenant, approvers=["role:operations", "key:shop"], requested_by="user:rana")

    answer = decide(decider, approval, on_behalf_of="rana@cedar.example")

    assert answer.json()["code"] == "may_not_decide"
    assert_untouched(approval)


def test_after_the_time_or_the_run_nobody_decides(decider, tenant):
    over, ended = ask(tenant, expires_at=timezone.now() - timedelta(days=1)), ask(tenant)
    ending.cancel(tenant.id, ended.run_id)

    for approval in (over, ended):
        answer = decide(decider, approval)
        assert (answer.status_code, answer.json()["code"]) == (409, "no_longer_open")


def test_wrong_answers_are_pointed_at(decider, tenant):
    approval = ask(tenant, form=FORM)

    answer = decide(decider, approval, answers={"amount": "much", "a/b": 1})

    assert (answer.status_code, answer.json()["code"]) == (422, "answer_invalid")
    assert {one["pointer"]: one["code"] for one in answer.json()["errors"]} == {
        "/answers/amount": "not_a_number",
        "/answers/a~1b": "unknown_field",
    }
    assert_untouched(approval)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"choice": "burn"}, "/choice", "unknown_choice"),
        ({"choice": 5}, "/choice", "invalid_decision"),
        ({"choice": None}, "/choice", "invalid_decision"),
        ({"answers": []}, "/answers", "invalid_decision"),
        ({"as": "x" * 101}, "/as", "invalid_decision"),
        ({"as": "a\nb"}, "/as", "invalid_decision"),
        ({"on_behalf_of": {}}, "/on_behalf_of", "invalid_decision"),
        ({"on_behalf_of": "x" * 121}, "/on_behalf_of", "invalid_decision"),
        ({"tenant": "x"}, "/tenant", "invalid_decision"),
        ({"a/b~c": "x"}, "/a~1b~0c", "invalid_decision"),
    ],
)
def test_a_body_that_makes_no_sense_is_pointed_at(decider, tenant, body, pointer, code):
    approval = ask(tenant)

    answer = decide(decider, approval, **body)

    assert answer.json()["code"] == code
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert_untouched(approval)


@pytest.mark.parametrize("query", ["?status=waiting", "?limit=0", "?cursor=x", "?x=1"])
def test_unknown_parameters_are_refused(caller, query):
    assert caller.get(f"approvals/{query}").json()["code"] == "invalid_parameters"
