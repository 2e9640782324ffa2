"""The inbox of decisions, and the page on which one is taken."""

import pytest
from django.utils import timezone

from tests.support.approvals import FORM, ask, due_now
from workflows.models.approval import WorkflowApproval
from workflows.runtime.runs import ending
from workflows.services.approvals.approvers import Via, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide


@pytest.fixture
def rows(tenant, ops_user, page):
    """Return the questions that a list shows."""

    def listed(client, **query):
        answer = client.get(page(WorkflowApproval), query)
        assert answer.status_code == 200
        return [one.title for one in answer.context["cl"].result_list]

    return listed


def assert_untouched(approval):
    approval.refresh_from_db()
    assert approval.decided_at is None
    assert not due_now(approval)


def test_open_ones_come_first_the_oldest_at_the_top(ops, tenant, ops_user, rows):
    for title in ("first", "second"):
        ask(tenant, title=title)
    ask(tenant, title="of others", approvers=["support"])
    decided = ask(tenant, title="decided")
    decide(tenant, decided.pk, user_decider(tenant, ops_user, Via.ADMIN), GivenAnswer("refund"))
    ending.cancel(tenant.id, ask(tenant, title="cancelled").run_id)

    assert rows(ops) == ["first", "second", "of others"]
    assert rows(ops, state="mine") == ["first", "second"]
    assert rows(ops, state="decided") == ["decided"]
    everything = ["cancelled", "decided", "of others", "second", "first"]
    assert rows(ops, state="all") == everything
    assert rows(ops, state="nonsense") == ["first", "second", "of others"]


def test_the_list_asks_as_many_questions_for_many_as_for_one(
    ops, tenant, page, django_assert_max_num_queries
):
    for _ in range(20):
        ask(tenant)

    with django_assert_max_num_queries(16):
        ops.get(page(WorkflowApproval))


def test_who_is_asked_decides_on_the_page(ops, tenant, page):
    approval = ask(tenant, form=FORM)
    shown = ops.get(page(approval)).content.decode()
    assert "arrived broken" in shown
    assert "149.90" in shown
    assert 'value="refund"' in shown

    answer = ops.post(page(approval), {"choice": "refund", "answer.amount": "20"}, follow=True)

    approval.refresh_from_db()
    assert (approval.choice, approval.decided_by) == ("refund", "user:ops")
    assert (approval.decided_via, approval.answers["amount"]) == ("admin", 20)
    assert due_now(approval)
    after = answer.content.decode()
    assert "Decided: “Refund”." in after
    assert "ops chose “Refund” on" in after
    assert "on its page in Sayr" in after
    assert "approval-form" not in after


def test_mistakes_in_the_form_stand_at_their_field(ops, tenant, page):
    approval = ask(tenant, form=FORM)

    answer = ops.post(page(approval), {"choice": "refund", "answer.amount": "much"})

    assert answer.status_code == 200
    assert "Write a number" in answer.content.decode()
    assert 'value="much"' in answer.content.decode()
    assert_untouched(approval)


def test_support_reads_what_others_are_asked(support, tenant, page):
    approval = ask(tenant)

    shown = support.get(page(approval)).content.decode()
    answer = support.post(page(approval), {"choice": "refund"})

    assert "Others were asked to decide this." in shown
    assert "approval-form" not in shown
    assert answer.status_code == 403
    assert_untouched(approval)


def test_support_decides_what_it_is_asked(support, tenant, page):
    approval = ask(tenant, approvers=["role:support"])

    support.post(page(approval), {"choice": "refuse"})

    approval.refresh_from_db()
    assert (approval.choice, approval.decided_by) == ("refuse", "user:support")


def test_nobody_decides_on_their_own_request(ops, tenant, page):
    approval = ask(tenant, requested_by="user:ops")

    shown = ops.get(page(approval)).content.decode()

    assert "You asked for this yourself" in shown
    assert ops.post(page(approval), {"choice": "refund"}).status_code == 403
    assert_untouched(approval)


def test_an_approval_of_another_tenant_cannot_be_decided(ops, other_tenant, page):
    approval = ask(other_tenant)

    answer = ops.post(page(approval), {"choice": "refund"})

    assert answer.status_code == 403
    assert_untouched(approval)


def test_who_comes_too_late_reads_who_was_faster(ops, tenant, page, support_user):
    approval = ask(tenant, approvers=["ops", "support"])
    decide(tenant, approval.pk, user_decider(tenant, support_user, Via.LINK), GivenAnswer("refuse"))

    after = ops.post(page(approval), {"choice": "refund"}, follow=True).content.decode()

    assert "Somebody has decided this already." in after
    assert "support chose “Refuse” on" in after
    approval.refresh_from_db()
    assert approval.choice == "refuse"


def test_a_decision_that_time_took_is_told_so(ops, tenant, page):
    approval = ask(tenant, choice="refuse", decided_via="timeout", decided_at=timezone.now())

    assert (
        "Nobody decided in time: “Refuse” counts since" in ops.get(page(approval)).content.decode()
    )


def test_the_first_page_counts_what_waits_for_the_reader(ops, tenant, other_tenant):
    for _ in range(2):
        ask(tenant)
    ask(tenant, approvers=["support"])
    ask(tenant, requested_by="user:ops")
    ask(other_tenant)

    page = ops.get("/admin/").content.decode()

    assert "2 decisions wait for you" in page
    assert "/admin/workflows/workflowapproval/?state=mine" in page


def test_the_first_page_is_silent_when_nothing_waits(support, tenant):
    ask(tenant)

    assert "for you</a>" not in support.get("/admin/").content.decode()
