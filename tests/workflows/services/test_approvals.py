"""One function decides: once, in time, only who may, and only what fits the form."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tenants.models.api_key import ApiKey, KeyScope
from tests.support.approvals import FORM, NEVER, ask, due_now
from tests.support.people import make_member
from workflows.models.run import WorkflowRun
from workflows.runtime.runs import ending
from workflows.services.approvals.approvers import (
    Via,
    key_decider,
    key_decider_for,
    mail_decider,
    user_decider,
)
from workflows.services.approvals.decide import GivenAnswer, decide, waiting_for
from workflows.services.approvals.refusals import (
    AlreadyDecided,
    AnswerInvalid,
    MayNotDecide,
    NoLongerOpen,
    UnknownApproval,
    UnknownChoice,
)

REFUND = GivenAnswer("refund")


def make_key(tenant, name="shop", **more):
    """Make a key that may decide."""
    scopes = [KeyScope.DECIDE_APPROVALS]
    return ApiKey.objects.create_key(tenant=tenant, name=name, **{"scopes": scopes, **more})


def by(tenant, user):
    return user_decider(tenant, user, Via.ADMIN)


def assert_untouched(approval):
    approval.refresh_from_db()
    assert (approval.decided_at, approval.choice, approval.answers) == (None, "", None)
    assert not due_now(approval)


@pytest.mark.django_db
def test_a_decision_is_recorded_and_wakes_the_run(tenant, ops_user):
    approval = ask(tenant)

    decided = decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert (decided.choice, decided.decided_by) == ("refund", "user:ops")
    assert (decided.decided_via, decided.answers) == ("admin", {})
    assert decided.decided_at is not None
    assert due_now(approval)
    assert WorkflowRun.objects.get(pk=approval.run_id).status == "waiting"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "wait_type"), [("running", None), ("waiting", "retry"), ("queued", "approval")]
)
def test_a_run_that_does_not_wait_here_is_left_alone(tenant, ops_user, status, wait_type):
    approval = ask(tenant)
    WorkflowRun.objects.filter(pk=approval.run_id).update(status=status, wait_type=wait_type)

    decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert WorkflowRun.objects.get(pk=approval.run_id).due_at == NEVER


@pytest.mark.django_db(transaction=True)
def test_of_many_decisions_at_once_one_takes_effect(tenant, ops_user):
    approval = ask(tenant, approvers=["ops", *(f"p{n}" for n in range(7))])
    people = [ops_user, *(make_member(tenant, f"p{n}", "support") for n in range(7))]
    start, outcomes = threading.Barrier(len(people)), []

    def one(user, choice):
        try:
            decider = by(tenant, user)
            start.wait(10)
            outcomes.append(decide(tenant, approval.pk, decider, GivenAnswer(choice)).choice)
        except AlreadyDecided as late:
            outcomes.append(late)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=one, args=(user, ("refund", "refuse")[number % 2]))
        for number, user in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    approval.refresh_from_db()
    taken = [one for one in outcomes if isinstance(one, str)]
    refused = [one for one in outcomes if isinstance(one, AlreadyDecided)]
    assert taken == [approval.choice]
    assert len(refused) == 7
    assert {one.approval.decided_by for one in refused} == {approval.decided_by}
    assert due_now(approval)


@pytest.mark.django_db
def test_the_second_is_told_who_what_and_when(tenant, ops_user, support_user):
    approval = ask(tenant, approvers=["ops", "support"])
    decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    with pytest.raises(AlreadyDecided) as late:
        decide(tenant, approval.pk, by(tenant, support_user), GivenAnswer("refuse"))

    told = late.value.approval
    assert (told.decided_by, told.choice) == ("user:ops", "refund")
    assert told.decided_at is not None
    approval.refresh_from_db()
    assert approval.choice == "refund"


@pytest.mark.django_db
def test_an_approval_of_another_tenant_does_not_exist(tenant, other_tenant, ops_user):
    approval = ask(other_tenant)

    with pytest.raises(UnknownApproval):
        decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert_untouched(approval)


@pytest.mark.django_db
def test_a_name_of_another_tenant_means_nobody_here(tenant, ops_user, other_ops_user):
    approval = ask(tenant, approvers=["other-ops", "role:operations"])

    with pytest.raises(MayNotDecide) as refused:
        decide(tenant, approval.pk, by(tenant, other_ops_user), REFUND)

    assert refused.value.reason == "not_asked"
    assert_untouched(approval)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("approvers", "may"),
    [
        (["support"], True),
        (["role:support"], True),
        (["Dina@Cedar.Example"], True),
        (["ops", "dina@cedar.example"], True),
        (["role:operations"], False),
        (["role:"], False),
        (["Support"], False),
        ([""], False),
        ([], False),
        ([{"role": "support"}, 5], False),
        ("support", False),
        ({"support": True}, False),
    ],
)
def test_who_may_decide(tenant, support_user, approvers, may):
    support_user.email = "dina@cedar.example"
    support_user.save()
    approval = ask(tenant, approvers=approvers)

    assert waiting_for([tenant], support_user) == ([approval.pk] if may else [])
    if may:
        decide(tenant, approval.pk, by(tenant, support_user), REFUND)
        assert due_now(approval)
    else:
        with pytest.raises(MayNotDecide):
            decide(tenant, approval.pk, by(tenant, support_user), REFUND)
        assert_untouched(approval)


@pytest.mark.django_db
def test_somebody_without_an_address_is_not_meant_by_an_empty_entry(tenant, support_user):
    assert support_user.email == ""
    ask(tenant, approvers=["", "  "])

    assert waiting_for([tenant], support_user) == []


@pytest.mark.django_db
def test_somebody_who_left_may_not_decide(tenant, ops_user):
    approval = ask(tenant)
    ops_user.memberships.all().delete()

    with pytest.raises(MayNotDecide):
        decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert waiting_for([tenant], ops_user) == []
    assert_untouched(approval)


@pytest.mark.django_db
def test_an_account_that_was_switched_off_may_not_decide(tenant, ops_user):
    approval = ask(tenant)
    ops_user.is_active = False
    ops_user.save()

    with pytest.raises(MayNotDecide):
        decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert_untouched(approval)


@pytest.mark.django_db
def test_a_superuser_may_decide_and_is_not_called_to_everything(tenant, django_user_model):
    boss = django_user_model.objects.create_superuser("boss")
    approval = ask(tenant)

    assert waiting_for([tenant], boss) == []
    decide(tenant, approval.pk, by(tenant, boss), REFUND)
    assert due_now(approval)


@pytest.mark.django_db
@pytest.mark.parametrize("requested_by", ["user:ops", "mail:ops@cedar.example"])
def test_nobody_decides_on_their_own_request(tenant, ops_user, requested_by):
    ops_user.email = "Ops@cedar.example"
    ops_user.save()
    approval = ask(tenant, requested_by=requested_by)

    with pytest.raises(MayNotDecide) as refused:
        decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert refused.value.reason == "own_request"
    assert waiting_for([tenant], ops_user) == []
    assert_untouched(approval)


@pytest.mark.django_db
def test_a_superuser_does_not_decide_on_an_own_request_either(tenant, django_user_model):
    boss = django_user_model.objects.create_superuser("boss")
    approval = ask(tenant, requested_by="user:boss")

    with pytest.raises(MayNotDecide):
        decide(tenant, approval.pk, by(tenant, boss), REFUND)

    assert_untouched(approval)


@pytest.mark.django_db
def test_an_own_request_may_be_decided_where_the_workflow_allows_it(tenant, ops_user):
    approval = ask(tenant, requested_by="user:ops", allow_self=True)

    decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert due_now(approval)


@pytest.mark.django_db
def test_a_run_that_was_cancelled_meanwhile_takes_no_decision(tenant, ops_user):
    approval = ask(tenant)
    ending.cancel(tenant.id, approval.run_id)

    with pytest.raises(NoLongerOpen) as closed:
        decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert closed.value.reason == "run_ended"
    approval.refresh_from_db()
    assert approval.decided_at is None
    assert WorkflowRun.objects.get(pk=approval.run_id).status == "cancelled"
    assert waiting_for([tenant], ops_user) == []


@pytest.mark.django_db
def test_after_its_time_nobody_decides(tenant, ops_user):
    approval = ask(tenant, expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(NoLongerOpen) as closed:
        decide(tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert closed.value.reason == "expired"
    assert waiting_for([tenant], ops_user) == []
    assert_untouched(approval)


@pytest.mark.django_db
@pytest.mark.parametrize("choice", ["", "Refund", "approve", "refund\0"])
def test_only_what_is_offered_can_be_chosen(tenant, ops_user, choice):
    approval = ask(tenant)

    with pytest.raises(UnknownChoice):
        decide(tenant, approval.pk, by(tenant, ops_user), GivenAnswer(choice))

    assert_untouched(approval)


@pytest.mark.django_db
def test_answers_are_stored_as_later_steps_read_them(tenant, ops_user):
    approval = ask(tenant, form=FORM)
    given = {"amount": "149.90", "goods": "yes", "account": "bank"}

    decided = decide(tenant, approval.pk, by(tenant, ops_user), GivenAnswer("refund", given))

    stored = {"amount": "149.90", "reason": "", "goods": True, "account": "bank"}
    assert decided.answers == stored


@pytest.mark.django_db
def test_wrong_answers_are_all_named_and_nothing_is_decided(tenant, ops_user):
    approval = ask(tenant, form=FORM)
    given = {"reason": "x" * 10_001, "goods": "perhaps", "account": "gold", "color": "red"}

    with pytest.raises(AnswerInvalid) as wrong:
        decide(tenant, approval.pk, by(tenant, ops_user), GivenAnswer("refund", given))

    assert {key: fault.code for key, fault in wrong.value.faults.items()} == {
        "amount": "required",
        "reason": "too_long",
        "goods": "not_yes_or_no",
        "account": "not_a_choice",
        "color": "unknown_field",
    }
    assert_untouched(approval)


@pytest.mark.django_db
def test_a_key_decides_but_not_what_it_has_asked_for_itself(tenant):
    key, _secret = make_key(tenant)
    own = ask(tenant, approvers=["key:shop"], requested_by=f"api_key:{key.prefix}")
    of_others = ask(tenant, approvers=["key:shop"])

    decided = decide(tenant, of_others.pk, key_decider(key, "Rana"), REFUND)
    with pytest.raises(MayNotDecide):
        decide(tenant, own.pk, key_decider(key), REFUND)

    assert (decided.decided_by, decided.decided_via) == ("api_key:shop, Rana", "api")
    assert_untouched(own)


@pytest.mark.django_db
def test_a_key_decides_for_an_approver_and_for_nobody_else(tenant, support_user):
    support_user.email = "dina@cedar.example"
    support_user.save()
    key, _secret = make_key(tenant)
    approval = ask(tenant, approvers=["support", "head@company.example", "key:shop"])

    for stranger in ("x@company.example", "support"):
        with pytest.raises(MayNotDecide):
            decide(tenant, approval.pk, key_decider_for(key, stranger), REFUND)
    assert_untouched(approval)
    decided = decide(tenant, approval.pk, key_decider_for(key, "Dina@cedar.example"), REFUND)

    assert decided.decided_by == "api_key:shop, Dina@cedar.example"


@pytest.mark.django_db
def test_a_key_of_another_tenant_is_not_the_one_with_its_name(tenant, other_tenant):
    key, _secret = make_key(other_tenant)
    approval = ask(tenant, approvers=["key:shop"])

    with pytest.raises(MayNotDecide):
        decide(tenant, approval.pk, key_decider(key), REFUND)

    assert_untouched(approval)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", [{"revoked": True}, {"expiry_date": timezone.now()}, {"scopes": ["runs:operate"]}]
)
def test_a_key_that_opens_nothing_decides_nothing(tenant, given):
    key, _secret = make_key(tenant)
    ApiKey.objects.filter(pk=key.pk).update(**given)
    approval = ask(tenant, approvers=["key:shop"])

    with pytest.raises(MayNotDecide):
        decide(tenant, approval.pk, key_decider(ApiKey.objects.get(pk=key.pk)), REFUND)

    assert_untouched(approval)


@pytest.mark.django_db
def test_a_member_of_one_tenant_is_looked_up_for_that_one(tenant, other_tenant, ops_user):
    approval = ask(other_tenant, approvers=["role:operations"])

    with pytest.raises(MayNotDecide):
        decide(other_tenant, approval.pk, by(tenant, ops_user), REFUND)

    assert_untouched(approval)


@pytest.mark.django_db
def test_an_address_without_an_account_may_decide_if_it_is_asked(tenant):
    approval = ask(tenant, approvers=["Head@company.example"])

    with pytest.raises(MayNotDecide):
        decide(tenant, approval.pk, mail_decider("tail@company.example", Via.LINK), REFUND)
    decided = decide(tenant, approval.pk, mail_decider("head@company.example", Via.LINK), REFUND)

    assert decided.decided_by == "mail:head@company.example"


@pytest.mark.django_db
def test_the_inbox_holds_what_is_open_the_oldest_first(tenant, other_tenant, ops_user):
    first, second = ask(tenant), ask(tenant, approvers=["role:operations"])
    decided = ask(tenant)
    decide(tenant, decided.pk, by(tenant, ops_user), REFUND)
    ask(tenant, approvers=["support"])
    ask(other_tenant)
    ask(other_tenant, approvers=["role:operations"])

    assert waiting_for([tenant, other_tenant], ops_user) == [first.pk, second.pk]
    assert waiting_for([other_tenant], ops_user) == []
