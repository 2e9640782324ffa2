"""What a workflow does, in one line."""

import pytest

from workflows.presentation.documents.summary import summary

STEPS = [{"name": "confirm", "label": "Confirm the order"}, {"name": "tell_customer"}]


def rows(**group):
    return {"trigger_type": "new_order", "steps": STEPS, "trigger_filter": group}


BIG = {"field": "trigger.total_amount", "operator": "greater_than", "value": "100"}
WEB = {"field": "trigger.source", "operator": "equals", "value": "web"}


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({}, ""),
        (
            {"trigger_type": "new_order", "steps": STEPS},
            "When “New order” happens: Confirm the order, Tell customer.",
        ),
        ({"trigger_type": "own_event"}, "When “own_event” happens: nothing yet."),
        (
            rows(all=[BIG, WEB]),
            "When “New order” happens, if Total amount is greater than “100” and Source is "
            "“Web shop”: Confirm the order, Tell customer.",
        ),
        (
            rows(any=[WEB]),
            "When “New order” happens, if Source is “Web shop”: Confirm the order, Tell customer.",
        ),
        (
            rows(any=[WEB, BIG]),
            "When “New order” happens, if its start condition holds: "
            "Confirm the order, Tell customer.",
        ),
        (
            rows(all=[{"any": [WEB]}]),
            "When “New order” happens, if its start condition holds: "
            "Confirm the order, Tell customer.",
        ),
        (
            {"trigger_type": "new_order", "steps": [{"name": f"s{n}"} for n in range(9)]},
            "When “New order” happens: S0, S1, S2, S3, S4, S5, 3 more.",
        ),
    ],
)
def test_a_workflow_in_one_line(document, line):
    assert summary(document) == line
