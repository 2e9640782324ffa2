"""What the editor's light knows of a document before it is published: whether it runs through."""

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from tenants.models.order import Order
from tests.support.company import Company, case
from workflows.definition.programs.compiler import compile_document
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.dry_run.context import Limits
from workflows.services.definitions.catalogue import validated
from workflows.services.dry_run import trial
from workflows.services.dry_run.trial import SampleSource, TrialState, Why, trial_of
from workflows.services.events.fire import fire


@pytest.fixture(autouse=True)
def nothing_remembered():
    cache.clear()


@pytest.fixture
def company(tenant, outside):
    outside.journal.forget()
    company = Company(tenant, outside)
    company.connect()
    company.write_templates()
    return company


def document(*steps, **more):
    return {"name": "Tried", "trigger_type": "tried", "steps": list(steps), **more}


def note(name, text):
    return {"name": name, "action": "log_note", "params": {"text": text}}


def found_out(found):
    return found.state, found.why, found.step, found.code


def test_the_last_event_is_what_it_is_tried_with(company):
    order = company.order()

    found = trial_of(company.tenant, case("seed_new_order"), None)

    assert (found.state, found.source) == (TrialState.RAN, SampleSource.EVENT)
    assert order.number in found.about
    assert not WorkflowRun.objects.exists()
    assert not company.outside.journal.received()


def test_a_step_that_fails_with_a_real_value_is_named(tenant):
    fire(tenant, "tried", {"phone": ""})
    steps = note("before", "x"), note("tell", "{{ trigger.phone | phone }}")

    found = trial_of(tenant, document(*steps), None)

    assert found_out(found) == (TrialState.FAILS, None, "tell", "not_a_phone")


def test_a_step_inside_a_list_is_named_and_not_the_list(tenant):
    fire(tenant, "tried", {"lines": ["1", "x"]})
    inside = note("count", "{{ item | plus: 1 }}")
    params = {"items": "{{ trigger.lines }}", "steps": [inside], "if_one_fails": "stop"}
    each = {"name": "each", "action": "for_each", "params": params}

    found = trial_of(tenant, document(each), None)

    assert found_out(found) == (TrialState.FAILS, None, "count", "not_a_number")


def test_of_several_events_the_newest_that_would_start_it_counts(tenant):
    for city in ("Riyadh", "Beirut"):
        fire(tenant, "tried", {"city": city})
    only = {"all": [{"field": "trigger.city", "operator": "equals", "value": "Riyadh"}]}
    says = note("say", "{% if trigger.city == 'Beirut' %}{{ trigger.nothing }}{% endif %}ok")

    assert trial_of(tenant, document(says), None).state is TrialState.FAILS
    assert trial_of(tenant, document(says, trigger_filter=only), None).state is TrialState.RAN


def test_where_no_event_would_start_it_nothing_is_claimed(tenant):
    fire(tenant, "tried", {"city": "Beirut"})
    only = {"all": [{"field": "trigger.city", "operator": "equals", "value": "Riyadh"}]}

    found = trial_of(tenant, document(note("say", "x"), trigger_filter=only), None)

    assert (found.state, found.why) == (TrialState.UNKNOWN, Why.NOT_STARTED)


def test_before_any_event_the_newest_record_serves(tenant):
    Order.objects.create(tenant=tenant, number="C-1", customer_name="R", total_amount="1")
    says = {**document(note("say", "{{ trigger.order_number }}")), "trigger_type": "new_order"}
    trial_of(tenant, says, None)
    WorkflowRun.objects.all().delete()

    found = trial_of(tenant, says, None)

    assert found.state is TrialState.RAN


def test_values_that_are_made_up_refuse_nothing(tenant):
    change = {"table": "orders", "id": "{{ trigger.order_id }}", "fields": {"status": "shipped"}}
    step = {"name": "ship", "action": "update_record", "params": change}

    found = trial_of(tenant, {**document(step), "trigger_type": "new_order"}, None)

    assert found_out(found) == (TrialState.UNKNOWN, Why.MADE_UP, "ship", "record_not_found")


def test_what_another_system_answers_is_not_guessed_at(tenant):
    fire(tenant, "tried", {})
    params = {"method": "GET", "url": "https://shop.example/x"}
    fetch = {"name": "fetch", "action": "http_request", "params": params}

    found = trial_of(tenant, document(fetch, note("say", "{{ steps.fetch.output.body.id }}")), None)

    assert (found.state, found.why, found.step) == (TrialState.UNKNOWN, Why.ANSWER, "fetch")


def test_a_failure_that_is_gone_on_from_is_told(tenant):
    fire(tenant, "tried", {})
    fails = {**note("tell", "{{ trigger.phone }}"), "on_error": "continue"}

    found = trial_of(tenant, document(fails, note("then", "x")), None)

    assert found_out(found) == (TrialState.RAN, None, "tell", "missing_value")


def test_a_document_with_problems_is_not_tried(tenant):
    assert trial_of(tenant, document(note("say", "{{ ")), None).state is TrialState.INVALID


def test_the_very_same_document_is_tried_once(tenant, monkeypatch):
    fire(tenant, "tried", {})
    trials = []
    really = trial._tried
    monkeypatch.setattr(trial, "_tried", lambda *given: trials.append(1) or really(*given))

    for text in ("x", "x", "y"):
        trial_of(tenant, document(note("say", text)), None)
    fire(tenant, "tried", {})
    trial_of(tenant, document(note("say", "y")), None)

    assert len(trials) == 3


def test_what_takes_too_long_is_stopped_and_nothing_is_claimed(tenant, monkeypatch):
    monkeypatch.setattr(trial, "LIMITS", Limits(steps=3))
    fire(tenant, "tried", {})

    found = trial_of(tenant, document(*(note(f"n{number}", "x") for number in range(5))), None)

    assert (found.state, found.why) == (TrialState.UNKNOWN, Why.STOPPED)


def test_an_example_of_the_answer_is_what_a_call_answers_and_is_no_part_of_the_program(tenant):
    fire(tenant, "tried", {})
    params = {"method": "GET", "url": "https://shop.example/x", "example": '{"id": 7}'}
    fetch = {"name": "fetch", "action": "http_request", "params": params}
    reads = note("say", "{{ steps.fetch.output.body.id }}")

    assert trial_of(tenant, document(fetch, reads), None).state is TrialState.RAN
    wrong = note("say", "{{ steps.fetch.output.body.number }}")
    assert trial_of(tenant, document(fetch, wrong), None).step == "say"
    program = compile_document(validated(tenant, document(fetch)))
    assert '"id": 7' not in str(program)


def test_what_is_checked_in_the_background_takes_less_than_its_bound(tenant):
    """Twenty steps of every effect: counted, since a clock would lie on a busy machine."""
    fire(tenant, "tried", {})
    steps = [note(f"n{number}", "{{ now | date: '%Y' }}") for number in range(20)]

    with CaptureQueriesContext(connection) as asked:
        assert trial_of(tenant, document(*steps), None).state is TrialState.RAN

    assert len(asked) < 40


def test_an_event_that_cannot_be_read_is_passed_over(tenant):
    fire(tenant, "tried", {"city": "Riyadh"})
    broken = fire(tenant, "tried", {})
    WorkflowEvent.objects.filter(pk=broken.event_id).update(payload=["no object"])

    found = trial_of(tenant, document(note("say", "{{ trigger.city }}")), None)

    assert found.state is TrialState.RAN


def test_what_a_run_has_locked_is_not_waited_for(tenant, monkeypatch):
    def locked(*_given):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(trial, "_first_that_starts", locked)

    found = trial_of(tenant, document(note("say", "x")), None)

    assert (found.state, found.why) == (TrialState.UNKNOWN, Why.STOPPED)
