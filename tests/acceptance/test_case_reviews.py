"""Cases C6, C7 and C8: a person looks at it, decides, and the run goes on with what was decided."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import wait_until
from tests.support.people import make_member
from tests.support.time_travel import travel
from tests.support.web import running_web
from workflows.models.approval import WorkflowApproval
from workflows.services.approvals.approvers import Via, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.approvals.links import link_for
from workflows.services.approvals.refusals import AlreadyDecided, AnswerInvalid, MayNotDecide
from workflows.services.events.fire import fire
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.worker


@pytest.fixture
def company(live):
    """A company with two who may decide and one who may not."""
    company, _ = live
    company.rana, company.jad = (
        make_member(company.tenant, f"{name}-{uuid4().hex[:8]}", "operations")
        for name in ("rana", "jad")
    )
    company.reader = make_member(company.tenant, f"reader-{uuid4().hex[:8]}", "support")
    return company


@pytest.fixture
def web(settings):
    """The site, at a free port."""
    settings.WHITENOISE_AUTOREFRESH = True
    with running_web() as caller:
        yield caller


def asked(company):
    """Return the open question once the run waits for its answer."""
    parked = company.runs().filter(status="waiting", wait_type="approval")
    wait_until(parked.exists)
    return WorkflowApproval.objects.get(tenant=company.tenant, decided_at=None)


def answer(company, approval, user, choice, **answers):
    decider = user_decider(company.tenant, user, Via.ADMIN)
    return decide(company.tenant, approval.pk, decider, GivenAnswer(choice, answers))


def slack_texts(company):
    return [message.text for message in company.received("slack")]


def mails(company):
    return [(mail.to, mail.subject) for mail in company.received("smtp")]


def steps(run):
    return [entry["step_name"] for entry in run.step_results]


def output(run, step):
    """Return the last output of a step: reminders leave some too."""
    return [one["output"] for one in run.step_results if one["step_name"] == step][-1]


# C6: an order whose risk is high is held until somebody has looked at it.


def analyse(company, risk):
    company.publish(case("c6_risk_review"))
    company.held = company.order(number="1001", total_amount="480.00", status="confirmed")
    payload = {"order_id": "1001", "risk_level": risk, "total": "480.00"}
    capture = {"capture_url": f"{company.outside.base_url}/hook/capture"}
    fire(company.tenant, "order.risk_analyzed", {**payload, **capture})


def held_order(company):
    order = Order.objects.get(pk=company.held.pk)
    return order.status, order.note


@pytest.mark.parametrize("risk", ["MEDIUM", "LOW"])
def test_c6_a_payment_without_much_risk_is_captured_at_once(company, worker_groups, risk):
    analyse(company, risk)

    [run] = company.ended()
    assert (run.status, steps(run)) == ("completed", ["find_order", "by_risk", "capture"])
    [call] = company.received("hook")
    assert call.body == {"order": "1001", "total": "480.00"}
    assert held_order(company) == ("confirmed", "")
    assert slack_texts(company) == []
    assert not WorkflowApproval.objects.filter(tenant=company.tenant).exists()


def test_c6_a_held_order_is_released_through_a_signed_link(company, worker_groups, web):
    analyse(company, "HIGH")
    approval = asked(company)
    assert held_order(company) == ("confirmed", "HOLD: risk HIGH")
    assert slack_texts(company) == ["Order 1001 over 480.00 waits for a review"]
    assert company.received("hook") == []
    link, phone = link_for(approval, f"user:{company.rana.username}"), web()

    status, page = phone.get(link)
    assert (status, "Release order 1001?" in page) == (200, True)
    assert company.runs().get().status == "waiting"  # to look decides nothing
    assert phone.post_form(link, choice="release", **{"answer.comment": "Known"})[0] == 303
    # The link is used up: whoever has it now, changes nothing.
    again, _ = phone.post_form(link, choice="cancel")
    [run] = company.ended()

    assert (run.status, again) == ("completed", 303)
    approval.refresh_from_db()
    signed = f"user:{company.rana.username}"
    assert (approval.choice, approval.decided_by, approval.decided_via) == (
        "release",
        signed,
        "link",
    )
    assert output(run, "review")["answers"] == {"comment": "Known"}
    assert held_order(company) == ("confirmed", f"Released by {signed}")
    [call] = company.received("hook")
    assert call.body == {"order": "1001", "total": "480.00"}
    assert company.received("smtp") == []


def test_c6_a_cancelled_order_calls_for_a_refund_by_hand(company, worker_groups):
    analyse(company, "HIGH")
    approval = asked(company)
    assert approval.run_id == company.runs().get().pk
    travel(company.runs())
    wait_until(lambda: len(slack_texts(company)) == 2)
    assert slack_texts(company)[1].startswith("Order 1001 still waits (1): http")
    assert str(asked(company).pk) in slack_texts(company)[1]  # the same question, not a new one

    with pytest.raises(MayNotDecide):
        answer(company, approval, company.reader, "cancel")
    answer(company, approval, company.jad, "cancel")
    [run] = company.ended()

    assert run.status == "completed"
    assert held_order(company) == ("cancelled", f"Cancelled by user:{company.jad.username}")
    assert mails(company) == [("ops@example.com", "Refund order 1001 by hand")]
    assert company.received("hook") == []


# C7: a refund above the limit is decided by somebody else than who asks for it.


def request_refund(company, price=1450, actor=""):
    company.publish(case("c7_refund_approval"))
    company.refunded = company.order(number="42", status="confirmed")
    payload = {
        "order_id": "42",
        "price": price,
        "user_email": "c@x.example",
        "reason": "damaged",
        "refund_url": f"{company.outside.base_url}/hook/refund",
    }
    fire(company.tenant, "refund.requested", payload, actor=actor)


def refunded_order(company):
    order = Order.objects.get(pk=company.refunded.pk)
    return order.status, order.note


@pytest.mark.parametrize("price", [1000, "999.99"])
def test_c7_a_small_refund_needs_nobody(company, worker_groups, price):
    request_refund(company, price)

    [run] = company.ended()
    assert (run.status, steps(run)[-1]) == ("completed", "small_done")
    assert refunded_order(company) == ("refunded", "")
    assert not WorkflowApproval.objects.filter(tenant=company.tenant).exists()
    assert (slack_texts(company), mails(company)) == ([], [])


def test_c7_another_person_decides_and_their_words_go_on(company, worker_groups):
    request_refund(company, actor=f"user:{company.rana.username}")
    approval = asked(company)
    assert refunded_order(company) == ("confirmed", "PENDING_REFUND")
    assert mails(company) == [("c@x.example", "Your refund")]

    with pytest.raises(MayNotDecide) as refused:
        answer(company, approval, company.rana, "refund")
    assert refused.value.reason == "own_request"
    assert asked(company) == approval

    answer(company, approval, company.jad, "investigate", message="Third one this week")
    [run] = company.ended()

    assert run.status == "completed"
    assert refunded_order(company) == ("confirmed", "UNDER_INVESTIGATION")
    assert slack_texts(company)[1:] == ["Please look at order 42: Third one this week"]
    decided = output(run, "decide")
    approval.refresh_from_db()
    assert (decided["choice"], decided["decided_by"]) == (
        "investigate",
        f"user:{company.jad.username}",
    )
    assert decided["decided_at"] == approval.decided_at.isoformat()
    assert decided["timed_out"] is False
    assert approval.requested_by == f"user:{company.rana.username}"
    assert company.received("hook") == []


def test_c7_a_refund_that_failed_is_tried_again_without_asking_again(company, worker_groups):
    company.outside.behave("hook", "fail", status=404, path="/hook/refund", times=1)
    request_refund(company)
    answer(company, asked(company), company.jad, "refund")
    [failed] = company.ended()
    assert (failed.status, failed.error_step) == ("failed", "pay_back")
    assert refunded_order(company) == ("confirmed", "PENDING_REFUND")

    retry_failed_step(company.tenant, failed.pk)
    [run] = wait_until(lambda: company.runs().filter(status="completed"))

    assert run.pk == failed.pk
    assert refunded_order(company)[0] == "refunded"
    assert WorkflowApproval.objects.filter(tenant=company.tenant).count() == 1
    assert len({call.idempotency_key for call in company.received("hook")}) == 1


def test_c7_nobody_decides_for_a_week_and_the_refund_is_refused(company, worker_groups):
    request_refund(company)
    approval = asked(company)
    assert abs(approval.expires_at - approval.created_at - timedelta(days=7)) < timedelta(minutes=1)

    for day in range(1, 7):
        travel(company.runs())
        wait_until(lambda reminders=day: len(slack_texts(company)) == 1 + reminders)
        asked(company)
    travel(company.runs())
    [run] = company.ended()

    assert run.status == "completed"
    assert refunded_order(company) == ("confirmed", "REFUND_REFUSED, nobody decided")
    assert (output(run, "decide")["choice"], len(slack_texts(company))) == ("refuse", 7)
    assert mails(company)[1:] == [("c@x.example", "Your refund was refused")]
    with pytest.raises(AlreadyDecided):
        answer(company, approval, company.jad, "refund")
    assert company.received("hook") == []


# C8: who signs up is looked at, welcomed, and asked again if they have not ordered.

GOOD = {"id": 9, "company": "Nour Trading", "email": "x@nour.example", "tax_id": "310123456700003"}


def sign_up(company, **changes):
    company.publish(case("c8_signup_review"))
    crm = {"crm_url": f"{company.outside.base_url}/hook/crm"}
    fire(company.tenant, "signup.submitted", {**GOOD, **crm, **changes})
    return asked(company)


@pytest.mark.parametrize(
    ("changes", "flagged"),
    [
        ({}, False),
        ({"email": "x@Mailinator.com"}, True),
        ({"tax_id": "310"}, True),
        ({"tax_id": "410123456700003"}, True),
    ],
    ids=repr,
)
def test_c8_what_looks_odd_is_flagged_for_who_decides(company, worker_groups, changes, flagged):
    approval = sign_up(company, **changes)

    assert approval.message.startswith("Check this one: " if flagged else "Looks fine: ")
    [entry] = company.runs().get().step_results
    assert (entry["step_name"], entry["status"]) == (
        "suspicious",
        "completed" if flagged else "skipped",
    )


def test_c8_who_is_rejected_is_told_why_and_nothing_else_happens(company, worker_groups):
    approval = sign_up(company, email="x@mailinator.com")

    answer(company, approval, company.rana, "reject", reason="No throw-away addresses.")
    [run] = company.ended()

    assert (run.status, steps(run)[-1]) == ("completed", "rejected")
    [mail] = company.received("smtp")
    assert (mail.to, mail.subject) == ("x@mailinator.com", "Your account")
    assert mail.text.strip() == (
        "We cannot open an account for Nour Trading. No throw-away addresses."
    )
    assert company.received("hook") == []


WELCOME = [
    ("x@nour.example", "Welcome, Nour Trading"),
    ("sales@example.com", "New customer: Nour Trading"),
]


def settle_in(company):
    """Return the run once it waits for the first order."""
    return wait_until(company.runs().filter(status="waiting", wait_type="time").first)


def test_c8_who_has_not_ordered_after_five_days_is_asked(company, live, worker_groups):
    approval = sign_up(company)
    with pytest.raises(AnswerInvalid):
        answer(company, approval, company.rana, "approve", group="friends")
    assert asked(company) == approval

    answer(company, approval, company.rana, "approve", group="wholesale")
    parked = settle_in(company)
    assert mails(company) == WELCOME
    [crm] = company.received("hook")
    assert (crm.method, crm.body) == ("PUT", {"id": 9, "group": "wholesale"})
    assert abs(parked.due_at - parked.started_at - timedelta(days=5)) < timedelta(minutes=1)
    # An order of the other company is none.
    live[1].order(customer_email="x@nour.example")

    travel(company.runs())
    [run] = company.ended()

    assert run.status == "completed"
    assert mails(company)[2:] == [("x@nour.example", "Can we help, Nour Trading?")]


def test_c8_who_has_ordered_meanwhile_is_left_alone(company, worker_groups):
    answer(company, sign_up(company), company.rana, "approve")
    settle_in(company)
    # It comes while the run waits: what counts is what is there afterwards.
    company.order(customer_email="x@nour.example")

    travel(company.runs())
    [run] = company.ended()

    assert run.status == "completed"
    assert output(run, "orders_since")["count"] == 1
    assert run.step_results[-1]["status"] == "skipped"
    assert mails(company) == WELCOME
    assert company.received("hook")[0].body["group"] == "retail"
