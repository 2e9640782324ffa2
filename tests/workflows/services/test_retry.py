"""Starting a run again: from where, on which version, with which payload."""

from decimal import Decimal

import pytest

from actions.errors import PermanentFailure
from actions.spec import Effect
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.fire import fire
from workflows.services.publish import publish
from workflows.services.refusals import NotRetryable
from workflows.services.repeats import repeats_of
from workflows.services.retry import retry_failed_step, start_again

pytestmark = pytest.mark.django_db(transaction=True)


def step(name, **more):
    return {"name": name, "action": "probe", "params": {"to": "{{trigger.phone}}"}, **more}


@pytest.fixture
def calls(library):
    """A step that refuses the number “bad”, and all its calls."""
    made = []

    def call(params, context):
        made.append((context.step_name, params["to"], context.idempotency_key))
        if params["to"] == "bad" and context.step_name != "first":
            raise PermanentFailure("bad_phone", phone=params["to"])
        return {"to": params["to"]}

    library(Effect.REPEATABLE, call)
    return made


@pytest.fixture
def failed(tenant, worker, publish_steps, calls):
    """A run of first, second, third that failed at the second."""
    publish_steps(tenant, step("first"), step("second"), step("third"))
    fire(tenant, "x", {"phone": "bad", "price": Decimal("1.50")}, subject=("orders", "7"))
    [run] = worker.work()
    assert run.error_step == "second"
    calls.clear()
    return run


def states(run):
    return [(one["step_name"], one["status"]) for one in run.step_results]


def test_a_corrected_value_goes_on_from_the_failed_step_as_a_new_run(tenant, worker, failed, calls):
    again = start_again(
        tenant,
        failed.pk,
        "user:rana",
        from_step="second",
        payload={"phone": "+96170123456", "price": Decimal("1.50")},
    )

    worker.work()
    run = WorkflowRun.objects.get(pk=again)
    assert (run.status, run.actor, run.retried_from) == ("completed", "user:rana", failed.pk)
    assert states(run) == [("first", "reused"), ("second", "completed"), ("third", "completed")]
    assert calls == [
        ("second", "+96170123456", f"{again}-1"),
        ("third", "+96170123456", f"{again}-2"),
    ]
    failed.refresh_from_db()
    assert (failed.status, failed.trigger_payload["phone"]) == ("failed", "bad")


def test_the_corrected_payload_is_an_event_of_the_person(tenant, failed, other_tenant):
    again = start_again(tenant, failed.pk, "user:rana", payload={"phone": "03 123 456"})

    run = WorkflowRun.objects.get(pk=again)
    event = WorkflowEvent.objects.get(pk=run.event_id)
    assert event.pk != failed.event_id
    assert (event.type, event.source, event.actor) == ("x", "manual", "user:rana")
    assert (event.subject_type, event.subject_id) == ("orders", "7")
    assert event.payload == run.trigger_payload == {"phone": "03 123 456"}
    assert [(one["started"], one["version"]) for one in event.evaluations] == [(True, 1)]
    assert f"{tenant.pk}:+9613123456" in event.search_keys
    assert WorkflowEvent.objects.get(pk=failed.event_id).payload["phone"] == "bad"


def test_without_a_correction_the_event_stays_the_same(tenant, failed):
    again = start_again(tenant, failed.pk, "user:rana")

    run = WorkflowRun.objects.get(pk=again)
    assert (run.event_id, run.trigger_payload) == (failed.event_id, failed.trigger_payload)
    assert WorkflowEvent.objects.count() == 1


def test_two_clicks_make_one_run(tenant, failed, worker):
    again = start_again(tenant, failed.pk, "user:rana")

    with pytest.raises(NotRetryable) as refused:
        start_again(tenant, failed.pk, "user:rana")

    assert refused.value.code == "already_under_way"
    assert [run.pk for run in repeats_of(failed)] == [again]
    worker.work()
    assert start_again(tenant, failed.pk, "user:rana")
    assert len(repeats_of(failed)) == 2


def test_the_repeats_of_a_run_with_another_payload_are_found_by_its_record(tenant, failed):
    again = start_again(tenant, failed.pk, "user:rana", payload={"phone": "1"})

    assert [run.pk for run in repeats_of(failed)] == [again]


def test_the_newest_version_is_taken_if_asked_for(tenant, worker, failed, calls):
    document = {
        "name": "W",
        "trigger_type": "x",
        "steps": [step("first"), {**step("second"), "params": {"to": "fixed"}}],
    }
    publish(tenant, "tester", failed.definition, document)

    again = start_again(tenant, failed.pk, "user:rana", from_step="second", newest=True)

    worker.work()
    run = WorkflowRun.objects.get(pk=again)
    assert (run.version, run.status) == (2, "completed")
    assert [name for name, *_rest in calls] == ["second"]


def test_a_step_that_is_new_before_the_chosen_one_has_no_result(tenant, failed):
    steps = [step("first"), step("between"), step("second")]
    publish(tenant, "tester", failed.definition, {"name": "W", "trigger_type": "x", "steps": steps})

    with pytest.raises(NotRetryable) as refused:
        start_again(tenant, failed.pk, "user:rana", from_step="second", newest=True)

    assert refused.value.code == "results_missing"


def test_behind_a_branch_only_the_steps_on_the_way_need_results(
    tenant, worker, publish_steps, calls
):
    branch = {
        "name": "which",
        "action": "branch",
        "params": {
            "cases": [
                {
                    "label": "never",
                    "when": {
                        "all": [{"field": "trigger.phone", "operator": "equals", "value": "no"}]
                    },
                    "steps": [step("elsewhere")],
                }
            ],
            "otherwise": [],
        },
    }
    publish_steps(tenant, branch, step("first"), step("second"))
    fire(tenant, "x", {"phone": "bad"})
    [run] = worker.work()
    calls.clear()

    again = start_again(tenant, run.pk, "user:rana", from_step="second", payload={"phone": "ok"})

    worker.work()
    assert states(WorkflowRun.objects.get(pk=again)) == [
        ("which", "reused"),
        ("first", "reused"),
        ("second", "completed"),
    ]
    assert [name for name, *_rest in calls] == ["second"]


@pytest.mark.parametrize(
    ("from_step", "code"), [("nothing", "unknown_step"), ("third", "results_missing")]
)
def test_a_step_without_a_way_to_it_is_refused(from_step, code, tenant, failed):
    with pytest.raises(NotRetryable) as refused:
        start_again(tenant, failed.pk, "user:rana", from_step=from_step, payload={})

    assert refused.value.code == code
    assert (WorkflowRun.objects.count(), WorkflowEvent.objects.count()) == (1, 1)


def test_a_run_that_goes_on_is_not_started_again(tenant, publish_steps, calls):
    publish_steps(tenant, step("first"))
    fire(tenant, "x", {"phone": "1"})
    run = WorkflowRun.objects.get()

    for refuse in (
        lambda: start_again(tenant, run.pk, "user:rana"),
        lambda: retry_failed_step(tenant, run.pk),
    ):
        with pytest.raises(NotRetryable):
            refuse()
    assert WorkflowRun.objects.count() == 1


def test_nobody_starts_another_tenants_run(other_tenant, failed):
    with pytest.raises(NotRetryable) as refused:
        start_again(other_tenant, failed.pk, "user:rana", payload={})

    assert refused.value.code == "unknown_run"
    assert (WorkflowRun.objects.count(), WorkflowEvent.objects.count()) == (1, 1)
