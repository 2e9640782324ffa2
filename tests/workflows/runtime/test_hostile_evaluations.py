"""Steps of claimed runs whose values take long to work out: what ends them, what they leave."""

from datetime import timedelta
from threading import Event, Thread
from time import monotonic
from uuid import uuid4

import pytest
from django.db import connections

from actions.spec import Effect
from tests.support.live import wait_until
from tests.workflows.runtime.conftest import publish_steps
from tests.workflows.runtime.dispatchers import working
from workflows.models.run import WorkflowRun
from workflows.runtime.dry_run.context import Limits
from workflows.runtime.runs.execute import execute
from workflows.runtime.steps.evaluations import TURNS
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.session import DispatcherSession
from workflows.services.dry_run.run import dry_run
from workflows.services.events.fire import fire
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)


def sorting(items, rounds):
    """Return a template that sorts a list of so many items so often."""
    body = f"{{% for i in (1..{rounds}) %}}{{% assign z = l | sort %}}{{% endfor %}}"
    return f"{{% assign l = (1..{items}) | reverse %}}{body}"


ENDLESS = sorting(900, 9999)
LONG = sorting(300, 200)  # within the budget, and beyond what may be worked out at once
LONGER = sorting(300, 600)  # within the budget of a step, and beyond a dry run's


@pytest.fixture
def worker(tenant):
    session = DispatcherSession("north", 4, LEASE)
    yield session
    session.close()


@pytest.fixture
def crowded():
    """Let another thread have its turn, until the test is over."""
    other = _Other()
    yield other
    other.leave()


class _Other:
    def __init__(self):
        self._over, taken = Event(), Event()

        def hold():
            TURNS.take(uuid4(), lambda: None)
            taken.set()
            self._over.wait(60)
            TURNS.leave()

        self._thread = Thread(target=hold)
        self._thread.start()
        taken.wait(20)

    def leave(self):
        self._over.set()
        self._thread.join(20)


def values(name, text, **more):
    return {"name": name, "action": "set_values", "params": {"values": {"v": text}}, **more}


def started(tenant, worker, *steps, watch=None, **document):
    """Begin the run that an event starts, on a thread of its own as a slot would."""
    publish_steps(tenant, *steps, **document)
    fire(tenant, "x", {})
    watch = watch or Watch(LEASE)
    [claim] = worker.claim(1)
    watch.take(claim, monotonic())

    def slot():
        execute(claim, watch)
        connections.close_all()

    thread = Thread(target=slot)
    thread.start()
    return watch, thread


def ended(thread):
    thread.join(60)
    assert not thread.is_alive()
    return WorkflowRun.objects.get()


def waits():
    return TURNS.waiting() > 0


def test_a_hostile_template_fails_its_step_and_says_so(tenant, worker):
    _watch, thread = started(tenant, worker, values("it", ENDLESS))

    run = ended(thread)

    assert (run.status, run.error_code, run.error_step) == ("failed", "too_much_work", "it")
    assert run.error_message


def test_a_hostile_template_that_waits_for_its_turn_is_cancelled(tenant, worker, crowded):
    watch, thread = started(tenant, worker, values("it", LONG))
    wait_until(waits)
    run = WorkflowRun.objects.get()
    cancel(tenant, run.pk)

    # As the dispatcher does.
    watch.note_cancelled(worker.cancelled_among(watch.followed()))

    run = ended(thread)
    assert (run.status, run.step_results) == ("cancelled", [])
    assert watch.followed() == []


def test_a_hostile_template_that_waits_for_its_turn_ends_by_the_deadline(tenant, worker, crowded):
    settings = {"deadline": "1s"}
    _watch, thread = started(tenant, worker, values("it", LONG), settings=settings)

    run = ended(thread)

    assert (run.status, run.error_code) == ("failed", "deadline_passed")


def test_a_hostile_template_that_waits_for_its_turn_ends_by_the_steps_timeout(
    tenant, worker, crowded
):
    step = values("it", LONG, timeout="1s", retry={"attempts": 1})
    _watch, thread = started(tenant, worker, step)

    run = ended(thread)

    assert (run.status, run.error_code) == ("failed", "step_timed_out")


def test_a_hostile_template_of_a_lost_run_writes_nothing(tenant, worker, crowded):
    watch, thread = started(tenant, worker, values("it", LONG))
    wait_until(waits)
    before = WorkflowRun.objects.values().get()
    for claim, _until in list(watch._leases.values()):
        watch.drop(claim)

    ended(thread)

    assert WorkflowRun.objects.values().get() == before


def test_a_hostile_template_is_left_to_another_worker_by_one_that_stops(tenant, worker, crowded):
    watch, thread = started(tenant, worker, values("it", LONG))
    wait_until(waits)
    watch.stop()

    run = ended(thread)

    assert (run.status, run.pending["walks_on"], run.crashes) == ("queued", True, 0)
    crowded.leave()
    [claim] = worker.claim(1)
    watch = Watch(LEASE)
    watch.take(claim, monotonic())
    execute(claim, watch)
    assert WorkflowRun.objects.get().status == "completed"


def test_a_hostile_template_behind_a_change_holds_no_lock_while_it_waits(
    tenant, worker, library, crowded
):
    library(Effect.DATABASE, lambda params, context: {})
    change = {"name": "change", "action": "probe", "params": {}}
    _watch, thread = started(tenant, worker, change, values("it", LONG))
    wait_until(waits)

    # What was done is written, and the run can be locked by anybody.
    run = WorkflowRun.objects.get()
    assert [entry["step_name"] for entry in run.step_results] == ["change"]
    assert run.pending["walks_on"]
    crowded.leave()
    assert ended(thread).status == "completed"


def test_a_step_that_is_still_to_be_worked_out_is_not_in_doubt(tenant, worker, library):
    sent = []
    library(Effect.NOT_REPEATABLE, lambda params, context: sent.append(1) or {})
    library(Effect.DATABASE, lambda params, context: {}, name="change")
    post = {"name": "it", "action": "probe", "params": {"from": LONG}}
    publish_steps(tenant, {"name": "change", "action": "change", "params": {}}, post)
    fire(tenant, "x", {})
    WorkflowRun.objects.update(
        pending={"walks_on": True, "begun": 1},
        current_step=1,
        started_at="2026-11-30T00:00:00Z",
        step_results=[
            {
                "step_name": "change",
                "action": "change",
                "status": "completed",
                "output": {},
                "started_at": "2026-11-30T00:00:00+00:00",
                "duration_ms": 1,
            }
        ],
    )
    [claim] = worker.claim(1)
    watch = Watch(LEASE)
    watch.take(claim, monotonic())

    execute(claim, watch)

    assert (WorkflowRun.objects.get().status, sent) == ("completed", [1])


def test_a_hostile_list_is_ended_while_it_is_reshaped(tenant, worker, crowded):
    sorts = [{"sort": {"by": "."}}] * 12
    step = {
        "name": "it",
        "action": "transform",
        "params": {"items": "{{ values.l }}", "do": sorts},
        "timeout": "1s",
        "retry": {"attempts": 1},
    }
    _watch, thread = started(tenant, worker, step, values={"l": list(range(4000))})

    run = ended(thread)

    assert (run.status, run.error_code) == ("failed", "step_timed_out")


def test_a_hostile_retry_begins_with_a_whole_budget(tenant, worker):
    _watch, thread = started(tenant, worker, values("it", ENDLESS))
    run = ended(thread)
    retry_failed_step(tenant, run.pk)
    [claim] = worker.claim(1)
    watch = Watch(LEASE)
    watch.take(claim, monotonic())

    execute(claim, watch)

    assert WorkflowRun.objects.get().error_code == "too_much_work"


def test_a_pump_hears_of_a_cancel_while_hostile_templates_wait(tenant, monkeypatch, crowded):
    publish_steps(tenant, values("it", LONG))
    with working(monkeypatch):
        fire(tenant, "x", {})
        wait_until(waits)
        cancel(tenant, WorkflowRun.objects.get().pk)

        wait_until(lambda: WorkflowRun.objects.get().status == "cancelled", 20)


def test_a_hostile_rehearsal_has_less_to_spend(tenant, worker):
    document = {"name": "W", "trigger_type": "x", "steps": [values("it", LONGER)]}

    assert dry_run(tenant, document, {}).error["error"]["code"] == "too_much_work"
    _watch, thread = started(tenant, worker, values("it", LONGER))
    assert ended(thread).status == "completed"


def test_a_hostile_rehearsal_ends_in_its_time_whatever_it_is_in_the_middle_of(tenant):
    document = {"name": "W", "trigger_type": "x", "steps": [values("it", LONG)]}

    rehearsal = dry_run(tenant, document, {}, limits=Limits(seconds=0))

    assert rehearsal.halt["code"] == "rehearsal_limit"
