"""All filters asked about one event share a budget; light ones are decided all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.definitions import publish_log
from workflows.definition.budget import (
    EVENT_OPERATIONS,
    FILTER_OPERATIONS,
    LEAST_OPERATIONS,
    EventBudget,
)
from workflows.definition.errors import ExpressionError
from workflows.services.events.fire import fire

TEXTS = [f"text {number}" for number in range(9_000)]
HEAVY = {"all": [{"field": "trigger.l", "operator": "not_contains", "value": "no"}] * 50}
LIGHT = {"all": [{"field": "trigger.kind", "operator": "equals", "value": "a"}]}
KEYS = [f"heavy{number:02}" for number in range(8)]


@pytest.mark.django_db
def test_hostile_filters_keep_no_light_one_from_being_decided(tenant):
    for key in KEYS:
        publish_log(tenant, key, "tea", trigger_filter=HEAVY)
    publish_log(tenant, "light", "tea", trigger_filter=LIGHT)

    fired = fire(tenant, "tea", {"kind": "a", "l": TEXTS})

    found = {one.name: (one.reason, one.details.get("code")) for one in fired.evaluations}
    assert sorted(found.values()) == [("problem", "too_much_work")] * 8 + [("started", None)]
    assert len(fired.run_ids) == 1


@given(st.lists(st.lists(st.integers(0, FILTER_OPERATIONS), max_size=8), max_size=40))
def test_hostile_filters_of_one_event_spend_no_more_than_it_has(filters):
    event, let_through = EventBudget(), []
    for asked in filters:
        budget = event.for_a_filter()
        assert LEAST_OPERATIONS <= budget.most <= FILTER_OPERATIONS
        try:
            for operations in asked:
                budget.charge(operations)
                let_through.append(operations)
        except ExpressionError as problem:
            assert problem.code == "too_much_work"  # noqa: PT017  # most examples raise nothing

    assert sum(let_through) <= EVENT_OPERATIONS + len(filters) * LEAST_OPERATIONS


def test_hostile_filters_that_the_count_misjudges_are_ended_by_the_processors_time():
    now = [0.0]
    event = EventBudget(lambda: now[0])
    first = event.for_a_filter()
    first.charge(300_000)
    now[0] = 0.5

    with pytest.raises(ExpressionError):
        first.charge(300_000)

    now[0] = 0.7
    assert event.for_a_filter().seconds == 0
