"""Every kind of step is built from an empty form, by clicking and typing only, and published."""

import pytest

from tests.browser.editor import Editor
from tests.browser.robot import Robot
from tests.support.company import case
from tests.workflows.definition.shapes import reminder
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.catalogue import problems_of
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def step(name, action, /, **params):
    return {"name": name, "action": action, "params": params}


def note(name, text="Noted", **more):
    return {**step(name, "log_note", text=text), **more}


def asks(path, operator, value):
    return {"all": [{"field": path, "operator": operator, "value": value}]}


BIG = asks("trigger.total_amount", "greater_than", "100")
DOCUMENTS = {
    "branch and stop": [
        step(
            "by_amount",
            "branch",
            cases=[
                {"label": "Big ones", "when": BIG, "steps": [note("big")]},
                {
                    "label": "From the shop",
                    "when": asks("trigger.source", "equals", "web"),
                    "steps": [step("refuse", "stop", outcome="failed", message="Not these")],
                },
            ],
            otherwise=[note("small")],
        )
    ],
    "waits": [
        step("a_while", "wait", **{"for": "2h"}),
        step("until_due", "wait", until="{{ trigger.order_number }}", before="30m"),
        step("hours", "wait", window={"days": ["mon", "sun"], "from": "09:00", "to": "17:00"}),
        step("both", "wait", **{"for": "1d", "window": {"from": "08:30", "to": "12:00"}}),
    ],
    "repeat and emit": [
        step(
            "poll",
            "repeat",
            steps=[step("ask", "http_request", url="https://a.example", method="GET")],
            until=asks("steps.ask.output.status", "equals", "200"),
            every="5m",
            at_most=12,
        ),
        step("tell", "emit_event", type="order.checked", payload={"id": "{{ trigger.order_id }}"}),
    ],
    "each, side by side": [
        step(
            "lines",
            "for_each",
            items="{{ trigger.lines }}",
            steps=[note("one_line", "{{ item }}")],
            concurrency=2,
            result="{{ item }}",
            if_one_fails="stop",
        ),
        step(
            "lanes",
            "parallel",
            branches=[
                {"label": "Stock", "name": "stock", "steps": [note("count")]},
                {"label": "Money", "name": "money", "steps": [note("charge")], "result": "paid"},
                {"label": "Third", "name": "third", "steps": [note("more")]},
            ],
        ),
        step("other", "run_workflow", workflow="refunds", input={"id": "{{ trigger.order_id }}"}),
    ],
    "wait for an event": [
        step(
            "goods",
            "wait_for_event",
            type="goods.fetched",
            match={"orderId": "{{ trigger.order_id }}"},
            look_back="1h",
            timeout="2d",
            on_timeout=[note("late"), step("give_up", "stop")],
            reminders=[reminder(note("still_waiting"), after="4h", every="1d", at_most=2)],
        ),
        note("came", "{{ steps.goods.output.payload.orderId }}"),
    ],
    "approval": [
        step(
            "review",
            "approval",
            title="Release?",
            message="Total {{ trigger.total_amount }}",
            approvers=["role:operations", "rana", "head@company.example"],
            choices=[
                {"key": "release", "label": "Release"},
                {"key": "keep", "label": "Keep it back"},
            ],
            form=[
                {"key": "why", "label": "Why?", "type": "choice", "options": ["Price", "Stock"]},
                {"key": "comment", "label": "Comment", "type": "long_text", "required": True},
                {"key": "until", "label": "Until?", "type": "text", "required_for": ["keep"]},
            ],
            timeout="7d",
            timeout_choice="keep",
            allow_self=True,
            reminders=[reminder(note("ping", "{{ steps.review.output.link }}"), after="1d")],
        ),
        note(
            "released",
            "{{ steps.review.output.answers.why }}",
            condition=asks("steps.review.output.choice", "equals", "release"),
        ),
    ],
    "errors": [
        {
            **step("call", "team_notify", connection="slack", text="Hello"),
            "on_error": {"steps": [note("sorry")], "then": "continue", "codes": ["http_404"]},
            "after_crash": "repeat",
        },
        note("last"),
    ],
}


# What no registered event has: a list in its payload.
TRIGGERS = {"each, side by side": "basket.packed"}


@pytest.fixture
def editor(visitor, company):
    fire(company, "goods.fetched", {"orderId": "1234", "shelf": "B7"})
    for name, payload in EVENTS.items():
        fire(company, name, payload)
    other = {"name": "Refunds", "trigger_type": "refund", "steps": [note("noted")]}
    publish(company, "user:rana", WorkflowDefinition(tenant=company, key="refunds"), other)
    return Editor(visitor()).open()


EVENTS = {
    "basket.packed": {"order_id": "1001", "lines": ["TS-M", "TS-L"]},
    "refund.requested": {
        "order_id": 42,
        "price": 1450,
        "user_email": "c@x.y",
        "reason": "damaged",
        "refund_url": "https://a.example",
    },
}


def without_labels(value):
    """Leave out what the robot said of steps, for a document that says nothing."""
    if isinstance(value, list):
        return [without_labels(one) for one in value]
    if not isinstance(value, dict):
        return value
    is_step = "action" in value and "params" in value
    inner = {key: without_labels(one) for key, one in value.items()}
    return {key: one for key, one in inner.items() if not (is_step and key == "label")}


def built(editor, company, document):
    """Build and publish the document; return what is stored."""
    Robot(editor).build(document)
    assert problems_of(company, editor.document()) == []
    editor.save()
    stored = WorkflowDefinition.objects.get(name=document["name"])
    assert stored.version == 1
    return without_labels({k: v for k, v in stored.definition.items() if k != "language"})


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_each_kind_is_built_and_published(editor, company, name):
    document = {
        "name": "Built",
        "trigger_type": TRIGGERS.get(name, "new_order"),
        "steps": DOCUMENTS[name],
    }

    assert built(editor, company, document) == document


def test_the_settings_and_what_follows_a_failure_are_built(editor, company):
    document = {
        "name": "Head",
        "trigger_type": "new_order",
        "trigger_filter": BIG,
        "values": {"fee": "5"},
        "settings": {
            "concurrency_key": "{{ trigger.order_id }}",
            "when_busy": "replace",
            "max_running": 20,
            "deadline": "7d",
        },
        "steps": [note("one")],
        "on_failure": [note("oh_no", "{{ run.error.code }}")],
        "output": {"fee": "{{ values.fee }}"},
    }

    assert built(editor, company, document) == document


def test_a_case_is_built_from_an_empty_form(editor, company):
    document = usual_left_out(case("c7_refund_approval"))

    assert built(editor, company, document) == document


def usual_left_out(value):
    """Leave out what says what its absence says: nobody chooses it by hand."""
    if isinstance(value, list):
        return [usual_left_out(one) for one in value]
    if not isinstance(value, dict):
        return value
    left = {key: usual_left_out(one) for key, one in value.items()}
    return {key: one for key, one in left.items() if (key, one) != ("allow_self", False)}
