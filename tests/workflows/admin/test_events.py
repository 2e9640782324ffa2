"""An event's page says what listened, and why it did or did not start."""

import pytest

from workflows.models.event import WorkflowEvent
from workflows.wording import evaluations


def test_an_event_shows_its_record_its_payload_and_its_runs(support, world, page):
    content = support.get(page(world.event)).content.decode()

    assert f"Order {world.order.number}" in content
    assert page(world.run) in content
    assert f"“{world.secret}” (version 1) started." in content
    assert "In the queue: it starts as soon as a worker is free." in content


def test_an_event_that_nothing_listens_to_says_so(support, world, page):
    event = WorkflowEvent.objects.create(tenant=world.tenant, type="unheard_of")

    content = support.get(page(event)).content.decode()

    assert "No active workflow starts on this kind of event." in content


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
            "“W” did not start: it wants “trigger.source” equals “web”, and that is “phone”.",
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
            "“W” did not start: it wants “trigger.note” exists, and that is empty.",
        ),
        ({"reason": "from_the_future"}, "“W” did not start: from_the_future"),
        ({}, "“W” did not start: "),
    ],
)
def test_why_a_workflow_did_or_did_not_start(evaluation, sentence):
    assert evaluations.sentence({"name": "W", **evaluation}) == sentence


@pytest.mark.parametrize("reason", ["chain_too_long", "problem"])
def test_other_reasons_have_a_sentence_too(reason):
    details = {"code": "missing_value", "params": {"path": "trigger.x"}}

    assert len(evaluations.sentence({"name": "W", "reason": reason, "details": details})) > 30
