"""Starting a run again: from where, on which version, with which payload."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from actions.errors import PermanentFailure
from actions.spec import Effect
from tests.support.time_travel import travel
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.refusals import NotRetryable
from workflows.services.runs.retry import retry_failed_step, start_again, steps_to_start_at
from workflows.services.runs.summaries import repeats_of

pytestmark = pytest.mark.django_db(transaction=True)


NEVER = {"all": [{"field": "trigger.phone", "operator": "equals", "value": "never"}]}


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


A_MOMENT = timedelta(seconds=30)
KEYED = {"concurrency_key": "{{ trigger.phone }}", "max_running": 1, "deadline": "2h"}


def test_another_version_gives_its_lane_and_its_deadline(tenant, failed):
    document = {"name": "W", "trigger_type": "x", "steps": [step("first")], "settings": KEYED}
    publish(tenant, "tester", failed.definition, document)

    again = start_again(tenant, failed.pk, "user:rana", newest=True)

    run = WorkflowRun.objects.get(pk=again)
    assert (run.version, run.lane) == (2, "bad")
    assert timedelta(0) <= run.created_at + timedelta(hours=2) - run.deadline_at < A_MOMENT


def test_a_corrected_payload_renders_the_key_anew(tenant, worker, publish_steps, calls):
    publish_steps(tenant, step("first"), step("second"), settings=KEYED)
    fire(tenant, "x", {"phone": "bad"})
    [run] = worker.work()

    corrected = start_again(tenant, run.pk, "user:rana", payload={"phone": "ok"})
    worker.work()
    unnamed = start_again(tenant, run.pk, "user:rana", payload={"other": "1"})
    worker.work()
    same = start_again(tenant, run.pk, "user:rana")

    lanes = dict(WorkflowRun.objects.values_list("pk", "lane"))
    assert (lanes[corrected], lanes[unnamed], lanes[same]) == ("ok", "", "bad")
    event = WorkflowEvent.objects.get(runs=unnamed)
    assert event.evaluations[0]["details"]["without_lane"]["code"] == "missing_value"


def test_the_deadline_of_a_run_that_starts_again_starts_anew(tenant, worker, publish_steps, calls):
    publish_steps(tenant, step("first"), step("second"), settings=KEYED)
    fire(tenant, "x", {"phone": "bad"})
    [run] = worker.work()
    WorkflowRun.objects.update(deadline_at=F("created_at"))

    again = start_again(tenant, run.pk, "user:rana", from_step="second")

    made = WorkflowRun.objects.get(pk=again)
    assert timedelta(0) <= made.created_at + timedelta(hours=2) - made.deadline_at < A_MOMENT


def done(name):
    return {"name": name, "action": "probe", "params": {"to": "ok"}}


NEVER = {"all": [{"field": "trigger.phone", "operator": "equals", "value": "x"}]}
AT_ONCE = {"all": [{"field": "trigger.phone", "operator": "equals", "value": "bad"}]}
EACH = {"items": [1], "steps": [done("in_list")]}
ARMS = [{"name": "a", "steps": [done("in_arm")]}, {"name": "b", "steps": [done("in_other")]}]
CASES = [{"label": "never", "when": NEVER, "steps": [done("in_case")]}]
AGAIN = {"steps": [done("in_round")], "until": AT_ONCE, "every": "1m", "at_most": 2}
NESTED = (
    done("before"),
    {"name": "each", "action": "for_each", "params": EACH},
    {"name": "both", "action": "parallel", "params": {"branches": ARMS}},
    {"name": "choice", "action": "branch", "params": {"cases": CASES}},
    {"name": "again", "action": "repeat", "params": AGAIN},
    {**step("second"), "on_error": {"steps": [done("in_error")], "then": "stop"}},
)


@pytest.mark.parametrize(
    ("from_step", "refused"),
    [
        ("before", ""),
        ("each", ""),
        ("choice", ""),
        ("in_round", ""),
        ("second", ""),
        ("in_list", "inside_a_step"),
        ("in_arm", "inside_a_step"),
        ("in_other", "inside_a_step"),
        ("in_error", "inside_a_step"),
        ("in_failure", "inside_a_step"),
    ],
)
def test_a_run_starts_again_only_where_a_whole_run_comes_to(
    tenant, worker, publish_steps, calls, from_step, refused
):
    publish_steps(tenant, *NESTED, on_failure=[done("in_failure")])
    fire(tenant, "x", {"phone": "bad"})
    run = next(one for one in worker.work() if one.parent_run is None)
    assert run.status == "failed"

    if refused:
        with pytest.raises(NotRetryable) as why:
            start_again(tenant, run.pk, "user:rana", from_step=from_step)
        assert why.value.code == refused
        assert WorkflowRun.objects.filter(retried_from=run.pk).count() == 0
    else:
        assert start_again(tenant, run.pk, "user:rana", from_step=from_step)
    assert (from_step in steps_to_start_at(run)) == (not refused)


def test_what_stopped_the_first_run_is_not_why_the_second_one_fails(
    tenant, worker, publish_steps, calls
):
    params = {"steps": [step("try")], "until": NEVER, "every": "1s", "at_most": 9}
    loop = {"name": "loop", "action": "repeat", "params": params}
    sorry = {"steps": [step("sorry", params={"to": "ok"})], "then": "stop"}
    publish_steps(tenant, loop, step("last", on_error=sorry))
    fire(tenant, "x", {"phone": "ok"})
    worker.work()
    WorkflowRun.objects.update(trigger_payload={"phone": "bad"})  # from the second round on
    travel()
    [first] = worker.work()
    assert (first.status, first.error_step) == ("failed", "try")

    with pytest.raises(NotRetryable) as refused:
        start_again(tenant, first.pk, "user:rana", from_step="last")
    assert refused.value.code == "results_missing"  # the loop is not done
    again = start_again(tenant, first.pk, "user:rana", from_step="try")
    worker.work()

    second = WorkflowRun.objects.get(pk=again)
    assert states(second) == [("loop", "reused"), ("try", "failed")]
    calls.clear()
    retry_failed_step(tenant, again)
    worker.work()
    assert [call[0] for call in calls] == ["try"]
