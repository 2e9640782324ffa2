"""Many runs retried as one job: nothing twice, nothing lost, a reason for what is left."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone, translation

from actions.errors import PermanentFailure
from actions.spec import Effect
from tenants.models.order import Order
from workflows.models.bulk_retry import WorkflowBulkRetry, WorkflowBulkRetryItem
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.bulk_reasons import bulk_reason
from workflows.services.bulk_retries import carrying_on, choosing, hindrances
from workflows.services.bulk_retries.carrying_on import carry_on
from workflows.services.bulk_retries.choosing import choose, go_on, reasons_of, start, stop
from workflows.services.bulk_retries.report import Became, counts_of, first_of, runs_of
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.runs.retry import retry_failed_step, start_again

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def calls(library):
    """A step that fails as long as `calls.broken`, and all its calls."""

    class Calls(list):
        broken = True

    made = Calls()

    def call(params, context):
        made.append(params["to"])
        if made.broken:
            raise PermanentFailure("refused")
        return {}

    library(Effect.REPEATABLE, call)
    return made


@pytest.fixture
def failed(tenant, worker, publish_steps, calls):
    """Six runs that failed, and none of their calls."""
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {"to": "{{trigger.n}}"}})
    for number in range(6):
        fire(tenant, "x", {"n": str(number)})
    runs = worker.work()
    assert {run.status for run in runs} == {"failed"}
    calls.clear()
    calls.broken = False
    return runs


def everything(tenant):
    return choose(tenant, "user:ops", WorkflowRun.objects.filter(tenant=tenant))


def begin(job, *, one_first=False, **more):
    return start(
        job, "user:ops", **{"per_minute": 600, "with_record": False, "one_first": one_first, **more}
    )


def let_time_pass(job):
    WorkflowBulkRetry.objects.filter(pk=job.pk).update(next_at=timezone.now() - timedelta(hours=1))


def finish(job):
    for _ in range(50):
        let_time_pass(job)
        carry_on()
        job.refresh_from_db()
        if job.status not in {"first", "running"}:
            return job
    raise AssertionError(job.status)


def test_one_first_then_the_rest(tenant, worker, failed, calls):
    job = begin(everything(tenant), one_first=True)

    assert finish(job).status == "asking"
    worker.work()
    assert len(calls) == 1
    assert first_of(job).run.status == "completed"

    go_on(job)
    assert finish(job).status == "done"
    worker.work()
    assert sorted(calls) == [str(number) for number in range(6)]
    counts = counts_of(job)
    assert (counts[Became.WELL], sum(counts.values())) == (6, 6)
    assert job.ended_at


def test_no_faster_than_was_asked_for(tenant, failed):
    job = begin(everything(tenant), per_minute=1)

    assert [carry_on() for _ in range(3)] == [1, 0, 0]

    # Whoever was away for long makes up for nothing.
    let_time_pass(job)
    assert [carry_on() for _ in range(3)] == [1, 0, 0]


def test_what_was_retried_meanwhile_is_left_alone(tenant, worker, failed, calls):
    calls.broken = True
    job = everything(tenant)
    retry_failed_step(tenant, failed[0].pk)
    retry_failed_step(tenant, failed[1].pk)
    worker.work()  # both failed again

    finish(begin(job))
    worker.work()

    assert reasons_of(job) == {"changed_meanwhile": 2}
    assert calls.count("0") == calls.count("1") == 1
    assert counts_of(job)[Became.FAILED_AGAIN] == 4


def test_two_jobs_of_the_same_runs_do_each_once(tenant, worker, failed, calls):
    calls.broken = True
    jobs = [everything(tenant), everything(tenant)]

    for job in jobs:
        begin(job)
    for _ in range(8):
        for job in jobs:
            let_time_pass(job)
        carry_on()
        worker.work()

    assert sorted(calls) == [str(number) for number in range(6)]
    assert sum(reasons_of(job).get("changed_meanwhile", 0) for job in jobs) == 6


def test_several_workers_at_once_do_each_once(tenant, worker, failed, calls):
    job = begin(everything(tenant))

    def work(_number):
        try:
            for _ in range(12):
                let_time_pass(job)
                carry_on()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    worker.work()

    assert sorted(calls) == [str(number) for number in range(6)]
    job.refresh_from_db()
    assert job.status == "done"


def test_a_click_that_comes_twice_begins_once(tenant, failed):
    job = begin(everything(tenant))

    with pytest.raises(choosing.NotInThatState):
        begin(job)


def test_stopped_it_does_no_further_one_and_goes_on_where_it_was(tenant, worker, failed, calls):
    job = begin(everything(tenant), per_minute=1)
    carry_on()
    stop(job)
    let_time_pass(job)
    assert carry_on() == 0
    worker.work()
    assert len(calls) == 1

    go_on(job)
    finish(job)
    worker.work()
    assert len(calls) == 6


def test_who_dies_in_the_middle_of_one_leaves_it_to_the_next(
    tenant, worker, failed, calls, monkeypatch
):
    job = begin(everything(tenant))
    real = carrying_on._paced

    def dies(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(carrying_on, "_paced", dies)
    with pytest.raises(KeyboardInterrupt):
        carry_on()
    monkeypatch.setattr(carrying_on, "_paced", real)
    assert not WorkflowRun.objects.filter(status="queued").exists()

    finish(job)
    worker.work()
    assert sorted(calls) == [str(number) for number in range(6)]


def test_of_every_status_it_is_told_before_what_is_left_alone_and_why(
    tenant, other_tenant, worker, failed, calls, publish_steps
):
    by_status = ["completed", "cancelled", "skipped", "waiting"]
    for run, status in zip(failed, by_status, strict=False):
        due = timezone.now() + timedelta(hours=1) if status == "waiting" else None
        prints = {"error_fingerprint": None}
        WorkflowRun.objects.filter(pk=run.pk).update(status=status, due_at=due, **prints)
    entry = {**failed[4].step_results[0], "status": "unknown"}
    WorkflowRun.objects.filter(pk=failed[4].pk).update(step_results=[entry])

    job = everything(tenant)

    assert reasons_of(job) == {
        "nothing_wrong": 2,
        "was_cancelled": 1,
        "under_way": 1,
        "is_unclear": 1,
    }
    assert (job.total, job.unexamined) == (6, 0)
    assert counts_of(job)[Became.WAITING] == 1
    assert everything(other_tenant).total == 0
    [unclear] = [one for one in runs_of(job, Became.LEFT, 10) if one.reason == "is_unclear"]
    assert unclear.told.run == failed[4]


def test_a_run_that_was_started_again_is_left_alone(tenant, worker, failed):
    start_again(tenant, failed[0].pk, "user:ops")

    assert reasons_of(everything(tenant)) == {"was_started_again": 1, "under_way": 1}


def test_what_became_unclear_before_its_turn_is_left_alone(tenant, worker, failed, calls):
    job = everything(tenant)
    entry = {**failed[0].step_results[0], "status": "unknown"}
    WorkflowRun.objects.filter(pk=failed[0].pk).update(step_results=[entry])

    finish(begin(job))
    worker.work()

    assert (reasons_of(job), len(calls)) == ({"is_unclear": 1}, 5)


@pytest.mark.parametrize(
    "columns",
    [
        {"step_results": [7, {"status": 3}, {"step_name": "a", "status": "failed"}]},
        {"step_results": {"a": 1}},
        {"step_results": None, "current_step": 2_000_000_000},
        {"pending": {"resume": [], "retry": 3}},
        {"version": 77},
        {"status": "what"},
    ],
)
def test_a_row_that_cannot_be_read_does_not_hold_up_the_others(
    tenant, worker, failed, calls, columns
):
    columns = {key: value for key, value in columns.items() if value is not None}
    early, late = failed[0], failed[1]
    WorkflowRun.objects.filter(pk=early.pk).update(**columns)
    job = everything(tenant)
    WorkflowRun.objects.filter(pk=late.pk).update(**columns)

    assert finish(begin(job)).status == "done"

    worker.work()
    assert {"2", "3", "4", "5"} <= set(calls)
    counts = counts_of(job)
    assert counts[Became.WAITING] == 0
    assert sum(counts.values()) == 6


def test_runs_that_are_gone_are_told_so(tenant, worker, failed):
    job = begin(everything(tenant))
    WorkflowRun.objects.filter(pk=failed[0].pk).delete()

    assert finish(job).status == "done"
    assert reasons_of(job) == {"unknown_run": 1}


def test_a_run_that_somebody_holds_waits_and_the_others_do_not(tenant, worker, failed):
    job = begin(everything(tenant))
    import psycopg

    settings = connection.get_connection_params()
    known = {key: settings[key] for key in ("dbname", "user", "host", "port") if key in settings}
    with psycopg.connect(**known, password=settings.get("password")) as other:
        other.execute("SELECT 1 FROM workflow_runs WHERE id = %s FOR UPDATE", [failed[5].pk])
        for _ in range(10):
            let_time_pass(job)
            carry_on()
        assert counts_of(job)[Became.WAITING] == 1

    assert finish(job).status == "done"


OLD, NEW = "70 88 12", "03 881 234"


@pytest.mark.parametrize("with_record", [True, False])
def test_with_the_values_of_today_where_they_differ_from_what_failed(
    tenant, worker, library, with_record
):
    sent = []

    def call(params, context):
        sent.append(params["to"])
        if params["to"] == OLD:
            raise PermanentFailure("bad_phone", phone=OLD)
        raise PermanentFailure("away")

    library(Effect.REPEATABLE, call)
    step = {"name": "a", "action": "probe", "params": {"to": "{{trigger.customer_phone}}"}}
    definition = WorkflowDefinition(tenant=tenant, key="o", is_active=True)
    publish(tenant, "x", definition, {"name": "W", "trigger_type": "new_order", "steps": [step]})
    for number, phone in enumerate((OLD, OLD, "03 1")):
        Order.objects.create(
            tenant=tenant, number=str(number), customer_phone=phone, total_amount="1.00"
        )
    worker.work()
    # One is corrected, one is not; of the third another value changed than what failed.
    Order.objects.filter(number__in=["0", "2"]).update(customer_phone=NEW)
    sent.clear()

    job = everything(tenant)
    assert job.changed == 1
    finish(begin(job, with_record=with_record))
    worker.work()

    assert sorted(sent) == sorted([NEW if with_record else OLD, OLD, "03 1"])


def test_of_a_run_that_went_on_what_failed_is_done_again_alone(
    tenant, worker, publish_steps, calls
):
    steps = [
        {"name": name, "action": "probe", "params": {"to": name}, "on_error": "continue"}
        for name in ("bad", "good")
    ]
    publish_steps(tenant, *steps)
    fire(tenant, "x", {})
    [run] = worker.work()
    assert run.status == "completed_with_errors"
    calls.clear()
    calls.broken = False

    finish(begin(everything(tenant)))
    worker.work()

    run.refresh_from_db()
    assert calls == ["bad"]


def test_jobs_that_nobody_started_are_forgotten(tenant, failed):
    old, new = everything(tenant), everything(tenant)
    WorkflowBulkRetry.objects.filter(pk=old.pk).update(created_at=F("created_at") - choosing.KEPT)

    assert choosing.forget_unstarted() == 1
    assert list(WorkflowBulkRetry.objects.values_list("pk", flat=True)) == [new.pk]
    assert not WorkflowBulkRetryItem.objects.filter(bulk_retry=old.pk).exists()


def test_more_than_one_job_takes_is_refused(tenant, failed, monkeypatch):
    monkeypatch.setattr(choosing, "MAX_RUNS", 5)

    with pytest.raises(choosing.TooManyRuns):
        everything(tenant)

    assert not WorkflowBulkRetry.objects.exists()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_reason_has_a_sentence(language):
    named = [code for name, code in vars(hindrances).items() if name.isupper()]
    codes = {one for one in named if isinstance(one, str) and one.isidentifier()}
    assert {"is_unclear", "was_started_again", "unknown_run"} <= codes

    with translation.override(language):
        said = {code: bulk_reason(code) for code in codes}

    assert all(said[code] != code for code in codes)
