"""An event's page says what listened, and why it did or did not start."""

import pytest

from tests.workflows.admin.conftest import NOON
from workflows.definition.operators import OPERATORS
from workflows.models.event import WorkflowEvent
from workflows.presentation import vocabulary
from workflows.presentation.documents.comparisons import comparison
from workflows.presentation.runs import evaluations


def test_an_event_shows_its_record_its_payload_and_its_runs(support, world, page):
    content = support.get(page(world.event)).content.decode()

    assert f"Order {world.order.number}" in content
    assert page(world.run) in content
    assert f"<bdi>{world.secret}</bdi>" in content
    assert "Started" in content
    assert "In the queue: it starts as soon as a worker is free." in content


def test_an_event_that_nothing_listens_to_says_so(support, world, page):
    event = WorkflowEvent.objects.create(tenant=world.tenant, type="unheard_of")

    content = support.get(page(event)).content.decode()

    assert "No active workflow started on this kind of event when it happened." in content


@pytest.mark.parametrize("term", ["pk", "number", "03 123 456"])
def test_an_event_is_found_by_id_number_and_phone(term, support, world, page):
    world.make_order("another", customer_phone="70 999 888")
    asked = {"pk": str(world.event.pk), "number": world.order.number}.get(term, term)

    found = support.get(page(WorkflowEvent), {"q": asked}).context["cl"].result_list

    assert list(found) == [world.event]


@pytest.mark.parametrize(
    ("evaluation", "sentence"),
    [
        ({"reason": "started", "version": 3}, "“W” (version 3) started."),
        (
            {"reason": "own_change"},
            "“W” did not start: the event was its own doing."
            " Only a workflow that allows it starts on its own changes.",
        ),
        (
            {"reason": "filtered_out", "details": {"matched": False}},
            "“W” did not start: its start condition does not hold.",
        ),
        (
            {
                "reason": "filtered_out",
                "details": {
                    "field": "trigger.source",
                    "operator": "equals",
                    "value": "web",
                    "actual": "phone",
                },
            },
            "“W” did not start: it starts only if Source is “Web shop”, and here it is “Phone”.",
        ),
        (
            {
                "reason": "filtered_out",
                "details": {
                    "field": "trigger.note",
                    "operator": "exists",
                    "value": None,
                    "actual": None,
                },
            },
            "“W” did not start: it starts only if Note is there, and here it is empty.",
        ),
        ({"reason": "from_the_future"}, "“W” did not start: from_the_future"),
        ({}, "“W” did not start: "),
    ],
)
def test_why_a_workflow_did_or_did_not_start(evaluation, sentence):
    assert evaluations.sentence({"name": "W", **evaluation}, "new_order") == sentence


@pytest.mark.parametrize("reason", ["chain_too_long", "problem"])
def test_other_reasons_have_a_sentence_too(reason):
    details = {"code": "missing_value", "params": {"path": "trigger.x"}}

    assert len(evaluations.sentence({"name": "W", "reason": reason, "details": details})) > 30


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"field": "trigger.total_amount", "operator": "greater_than", "value": "100"},
            "Total amount is greater than “100”",
        ),
        (
            {"field": "trigger.status", "operator": "in", "value": ["shipped", "refunded"]},
            "Status is one of “Shipped”, “Refunded”",
        ),
        (
            {"field": "previous.status", "operator": "equals", "value": "new"},
            "Status (before) is “New”",
        ),
        ({"field": "trigger.status", "operator": "changed", "value": None}, "Status has changed"),
        ({"field": "trigger.vip", "operator": "equals", "value": True}, "Vip is yes"),
        (
            {"field": "trigger.x", "operator": "from_the_future", "value": 1},
            "X from the future “1”",
        ),
    ],
)
def test_a_comparison_in_words(row, words):
    assert comparison(row, "new_order") == words


def test_every_operator_of_the_language_has_words():
    assert set(vocabulary.OPERATORS) == set(OPERATORS)


def test_what_was_compared_stands_on_the_page_with_the_value_that_was_there(support, world, page):
    event = WorkflowEvent.objects.create(
        tenant=world.tenant,
        type="new_order",
        evaluations=[
            {
                "definition_id": str(world.definition.pk),
                "version": 1,
                "name": "Big orders",
                "started": False,
                "reason": "filtered_out",
                "details": {
                    "field": "trigger.total_amount",
                    "operator": "greater_than",
                    "value": "100",
                    "actual": "44.50",
                },
            }
        ],
    )

    content = support.get(page(event)).content.decode()

    assert "Why did nothing run?" in content
    assert "Total amount is greater than “100”" in content
    assert "“44.50”" in content
    assert page(world.definition) in content


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"is_active": False}, "but it is switched off."),
        ({"is_active": False, "archived_at": NOON}, "but it is in the archive."),
        ({}, "When this one happened, it did not yet"),
    ],
)
def test_a_workflow_that_was_not_asked_is_named(state, words, support, world, page):
    type(world.definition).objects.filter(pk=world.definition.pk).update(**state)
    event = WorkflowEvent.objects.create(tenant=world.tenant, type="new_order")

    assert words in support.get(page(event)).content.decode()


def test_what_changed_is_shown_before_and_after(support, world, page):
    event = WorkflowEvent.objects.create(
        tenant=world.tenant,
        type="order_updated",
        payload={"status": "shipped", "source": "web"},
        previous={"status": "new", "source": "web"},
    )

    answer = support.get(page(event))

    shown = [(one.label, one.before.text, one.after.text) for one in answer.context["changes"]]
    assert shown == [("Status", "New", "Shipped")]


@pytest.mark.parametrize(
    ("evaluations_", "shown"),
    [
        ([], [("nothing", "Nothing listened")]),
        ([{"started": True}, {"started": True}], [("started", "2 started")]),
        (
            [{"reason": "filtered_out"}, {"reason": "problem"}, {"started": True}],
            [
                ("started", "1 started"),
                ("problem", "1 with a problem"),
                ("not_meant", "1 left out by its condition"),
            ],
        ),
    ],
)
def test_the_list_says_at_a_glance_what_became_of_an_event(evaluations_, shown):
    assert evaluations.glance(evaluations_) == shown
