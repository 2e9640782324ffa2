"""A dry run says what the real run then does, for every case, and has sent nothing itself."""

import json
import re

import pytest

from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import wait_until
from tests.support.people import make_member
from tests.support.time_travel import travel
from workflows.models.approval import WorkflowApproval
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import WorkflowRehearsal
from workflows.models.run import WorkflowRun
from workflows.services.approvals.approvers import Via, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.dry_run.run import dry_run
from workflows.services.events.drafts import EventDraft
from workflows.services.events.fire import fire, fire_all

pytestmark = pytest.mark.worker

CUSTOMER = {"email": "c@x.example", "phone": "03 123 456"}
RISK = {"order_id": "42", "total": "480.00", "risk_level": "HIGH"}
REFUND = {"order_id": "42", "price": 1450, "user_email": "c@x.example", "reason": "damaged"}
SIGNUP = {"id": "7", "company": "Cedar", "email": "s@mailinator.com", "tax_id": "3" + "0" * 14}
# Case, its payload, and what people say: {"choice", "answers"} to an approval, {"payload"} for the
# event that comes, {"error"} of a server that refuses.
CASES = [
    ("c1_order_fulfilment", {"orderId": "42", "orderValue": "20", "customer": CUSTOMER}, {}),
    ("c1_order_fulfilment", {"orderId": "42", "orderValue": "2000", "customer": CUSTOMER}, {}),
    (
        "c2_refund_alert",
        {"order_number": "42", "status": "refunded", "total_amount": "129.00", "currency": "USD"},
        {},
    ),
    (
        "c5_low_stock",
        {
            "variant_id": "TS-M",
            "title": "T-shirt M",
            "quantity": 4,
            "quantity_prior": 8,
            "supplier_email": "s@x.example",
        },
        {},
    ),
    ("c6_risk_review", {**RISK, "risk_level": "LOW"}, {}),
    ("c6_risk_review", RISK, {"review": {"choice": "release", "answers": {}}}),
    ("c6_risk_review", RISK, {"review": {"choice": "cancel", "answers": {"comment": "No"}}}),
    ("c6_risk_without_approval", {"order_number": "42", "risk_level": "HIGH"}, {}),
    ("c6_risk_without_approval", {"order_number": "42", "risk_level": "LOW"}, {}),
    ("c6_risk_without_approval", {"order_number": "none", "risk_level": "LOW"}, {}),
    ("c7_refund_approval", {**REFUND, "price": 10}, {}),
    ("c7_refund_approval", REFUND, {"decide": {"choice": "refund", "answers": {}}}),
    ("c7_refund_approval", REFUND, {"decide": {"choice": "refuse", "answers": {"message": "No"}}}),
    ("c7_refund_approval", REFUND, {"decide": {"choice": "investigate", "answers": {}}}),
    ("c8_signup_review", SIGNUP, {"review": {"choice": "approve", "answers": {"group": "retail"}}}),
    ("c8_signup_review", SIGNUP, {"review": {"choice": "reject", "answers": {"reason": "No"}}}),
]
ADDRESSES = ("payment_url", "capture_url", "refund_url", "crm_url")
BEFORE = {"c2_refund_alert": {"status": "confirmed", "total_amount": "129.00"}}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(\+\d\d:\d\d|Z)?")
# What only the other side, or the clock, can say.
THEIRS = {"message_id", "channel", "headers", "body", "event_id", "until", "decided_at", "runs"}


@pytest.mark.parametrize(("name", "payload", "said"), CASES)
def test_what_was_rehearsed_comes_true(live, worker_groups, name, payload, said):
    company, other = live
    company.order(number="42", total_amount="480.00", status="new")
    other.order(number="42")
    payload = {**payload, **dict.fromkeys(ADDRESSES, f"{company.outside.base_url}/hook/x")}
    boss = make_member(company.tenant, f"boss-{company.tenant.key}", "operations")
    answers = {step: {**one, "decided_by": f"user:{boss.username}"} for step, one in said.items()}
    document, previous = case(name), BEFORE.get(name)
    before = traces(company)

    rehearsal = dry_run(company.tenant, document, payload, previous=previous, answers=answers)

    assert traces(company) == before
    assert company.outside.journal.received() == []
    company.publish(document)
    draft = EventDraft(document["trigger_type"], payload, previous)
    fire_all(company.tenant.facts(), [draft])
    run = carried_to_its_end(company, boss, said)
    assert run.status == rehearsal.status
    assert [comparable(one) for one in run.step_results] == [
        comparable(one) for one in rehearsal.entries
    ]
    sent = [one for one in rehearsal.would_send if one["kind"] != "http"]
    assert len(company.outside.journal.received()) >= len(sent)


def test_nothing_stays_of_a_rehearsal_that_breaks_off(live, worker_groups):
    company, _ = live
    company.order(number="42", status="new")
    before = traces(company)
    payload = {**REFUND, "refund_url": "http://nowhere.example/"}
    refused = {"pay_back": {"error": {"code": "http_500", "params": {"status": 500}}}}
    said = {"decide": {"choice": "refund"}, **refused}

    rehearsal = dry_run(company.tenant, case("c7_refund_approval"), payload, answers=said)

    assert (rehearsal.status, rehearsal.error["step_name"]) == ("failed", "pay_back")
    assert traces(company) == before
    assert company.outside.journal.received() == []


def traces(company):
    """Return everything that a dry run could have left."""
    counted = (WorkflowEvent, WorkflowRun, WorkflowApproval, WorkflowRehearsal)
    orders = Order.objects.filter(tenant=company.tenant).order_by("id")
    return [model.objects.count() for model in counted], list(orders.values())


def carried_to_its_end(company, boss, said):
    """Let time pass, decide, and send the goods, until the run has ended."""

    def ended():
        run = company.runs().filter(parent_run=None).first()
        if run.status == "waiting":
            help_on(company, run, boss, said)
        return run if run.due_at is None else None

    return wait_until(ended, 30, every=0.1)


def help_on(company, run, boss, said):
    if run.wait_type == "time":
        travel(WorkflowRun.objects.filter(pk=run.pk))
    elif run.wait_type == "approval":
        asked = WorkflowApproval.objects.filter(run_id=run.pk, decided_at=None).first()
        if asked is not None:
            given = said[asked.step_name]
            answer = GivenAnswer(given["choice"], given["answers"])
            decide(company.tenant, asked.pk, user_decider(company.tenant, boss, Via.ADMIN), answer)
    elif run.wait_type.startswith("event:"):
        fire(company.tenant, "goods.fetched", {"orderId": "42"})


def comparable(entry):
    """Return what a dry run must foresee of a step."""
    kept = {key: entry.get(key) for key in ("step_name", "action", "status", "input", "then")}
    output = entry.get("output")
    if isinstance(output, dict):
        output = {key: value for key, value in output.items() if key not in THEIRS}
    error = (entry.get("error") or {}).get("code")
    return MOMENT.sub("…", json.dumps({**kept, "output": output, "error": error}, sort_keys=True))
