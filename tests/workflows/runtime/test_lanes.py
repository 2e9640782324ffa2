"""Runs that take turns: by key, by workflow; in order, or the newest instead of the older ones."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from actions.errors import PermanentFailure
from actions.spec import Effect
from tenants.core.database.ids import uuid7
from tests.support.machine import LEASE
from tests.support.time_travel import travel
from workflows.models.definition import WorkflowDefinition, WorkflowLane, WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.runtime.runs import ending
from workflows.runtime.runs.programs import program_of
from workflows.runtime.workers.reaper import UNREADABLE_CRASHES, take_over_from_the_dead
from workflows.services.definitions.publish import publish
from workflows.services.events import fire as fire_module
from workflows.services.events.fire import fire
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step, start_again

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def calls(library):
    asked = []
    library(Effect.REPEATABLE, lambda params, context: asked.append(params["to"]))
    return asked


def probe(name="act", to="{{ trigger.number }}"):
    return {"name": name, "action": "probe", "params": {"to": to}}


PAUSE = {"name": "pause", "action": "wait", "params": {"for": "1h"}}


def statuses():
    return list(WorkflowRun.objects.order_by("id").values_list("status", flat=True))


def let_time_pass():
    """Let the runs that wait for a moment be due."""
    travel(WorkflowRun.objects.filter(wait_type="time"))


def holders():
    return dict(WorkflowLane.objects.values_list("key", "holders"))


def test_runs_with_one_key_take_turns_in_order_of_arrival(tenant, machine, calls, publish_steps):
    publish_steps(tenant, PAUSE, probe(), settings={"concurrency_key": "{{ trigger.order }}"})
    for number in range(3):
        fire(tenant, "x", {"order": "7", "number": str(number)})
    fire(tenant, "x", {"order": "8", "number": "other"})

    machine.work()
    assert statuses() == ["waiting", "queued", "queued", "waiting"]
    assert holders() == {"7": 1, "8": 1}

    for _ in range(3):
        let_time_pass()
        machine.work()

    assert statuses() == ["completed"] * 4
    assert [one for one in calls if one != "other"] == ["0", "1", "2"]
    assert holders() == {"7": 0, "8": 0}


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_that_ends_without_ever_waiting_gives_its_room_back(
    tenant, machine, library, publish_steps, fails
):
    def act(params, context):
        if fails:
            raise PermanentFailure("refused")
        return {}

    library(Effect.REPEATABLE, act)
    publish_steps(
        tenant, probe(), settings={"concurrency_key": "{{ trigger.order }}", "max_running": 1}
    )
    for order in ("7", "7", "8"):
        fire(tenant, "x", {"order": order, "number": "1"})

    machine.work()

    assert statuses() == ["failed" if fails else "completed"] * 3
    assert holders() == {"": 0, "7": 0, "8": 0}


def test_the_newest_replaces_the_older_ones(tenant, machine, calls, publish_steps):
    settings = {"concurrency_key": "{{ trigger.order }}", "when_busy": "replace"}
    publish_steps(tenant, PAUSE, probe(), settings=settings)
    fire(tenant, "x", {"order": "7", "number": "0"})
    machine.work()
    for number in range(1, 4):
        fire(tenant, "x", {"order": "7", "number": str(number)})

    machine.work()

    assert statuses() == ["cancelled", "skipped", "skipped", "waiting"]
    assert WorkflowRun.objects.filter(error_code="replaced_by_newer").count() == 3
    let_time_pass()
    machine.work()
    assert (statuses()[-1], calls, holders()) == ("completed", ["3"], {"7": 0})


def test_no_more_runs_of_a_workflow_than_allowed(tenant, machine, publish_steps):
    publish_steps(tenant, PAUSE, settings={"max_running": 2})
    for _ in range(5):
        fire(tenant, "x", {})

    machine.work()
    assert statuses() == ["waiting", "waiting", "queued", "queued", "queued"]
    for _ in range(3):
        let_time_pass()
        machine.work()

    assert statuses() == ["completed"] * 5
    assert holders() == {"": 0}


def test_room_for_the_workflow_goes_to_a_run_whose_own_lane_has_room(
    tenant, machine, publish_steps
):
    settings = {"concurrency_key": "{{ trigger.order }}", "max_running": 2}
    publish_steps(tenant, PAUSE, settings=settings)
    for order in ("7", "8", "7", "9"):
        fire(tenant, "x", {"order": order})

    machine.work()
    assert statuses() == ["waiting", "waiting", "queued", "queued"]
    eight = WorkflowRun.objects.order_by("id")[1]
    cancel(tenant, eight.id)
    machine.work()

    assert statuses() == ["waiting", "cancelled", "queued", "waiting"]
    assert holders() == {"": 2, "7": 1, "8": 0, "9": 1}


def test_a_key_that_cannot_be_rendered_starts_without_a_lane_and_says_so(
    tenant, machine, publish_steps
):
    publish_steps(tenant, probe(to="ok"), settings={"concurrency_key": "{{ trigger.order }}"})
    fire(tenant, "x", {})

    machine.work()

    run = WorkflowRun.objects.get()
    assert (run.lane, run.status) == (None, "completed")
    [evaluation] = WorkflowEvent.objects.get().evaluations
    assert evaluation["details"]["without_lane"]["code"] == "missing_value"


def test_a_run_that_fails_or_is_cancelled_gives_its_room_away(tenant, machine, publish_steps):
    publish_steps(tenant, PAUSE, settings={"concurrency_key": "one"})
    fire(tenant, "x", {})
    fire(tenant, "x", {})
    machine.work()

    cancel(tenant, WorkflowRun.objects.earliest("id").id)
    machine.work()

    assert statuses() == ["cancelled", "waiting"]
    assert holders() == {"one": 1}


def test_a_run_that_is_started_again_takes_its_turn_too(tenant, machine, publish_steps):
    publish_steps(tenant, PAUSE, settings={"concurrency_key": "one"})
    fire(tenant, "x", {})
    machine.work()
    cancel(tenant, WorkflowRun.objects.get().id)
    fire(tenant, "x", {})
    machine.work()

    start_again(tenant, WorkflowRun.objects.earliest("id").id, "user:1")
    machine.work()

    assert statuses() == ["cancelled", "waiting", "queued"]


def runs():
    return list(WorkflowRun.objects.order_by("arrival"))


def publish_again(tenant, *steps, **more):
    definition = WorkflowDefinition.objects.get(tenant=tenant, key="w")
    document = {"name": "W", "trigger_type": "x", "steps": list(steps), **more}
    publish(tenant, "tester", definition, document)


def cancelled(tenant, run, machine):
    cancel(tenant, run.pk)


def past_its_deadline(tenant, run, machine):
    past = {"due_at": F("created_at"), "deadline_at": F("created_at")}
    WorkflowRun.objects.filter(pk=run.pk).update(**past)


def unreadable(tenant, run, machine):
    """Its version's program is one that this installation cannot execute."""
    WorkflowVersion.objects.create(
        tenant=tenant, definition=run.definition, version=9, document={}, program={}
    )
    WorkflowRun.objects.filter(pk=run.pk).update(version=9)


def buried(tenant, run, machine):
    """Its workers died too often even to read it."""
    [claim] = [one for one in machine.session.claim(1) if one.run_id == run.pk]
    lost = {"lease_until": F("created_at"), "crashes": UNREADABLE_CRASHES}
    WorkflowRun.objects.filter(pk=claim.run_id).update(**lost)
    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)


@pytest.mark.parametrize("ends", [cancelled, past_its_deadline, unreadable, buried])
@pytest.mark.parametrize("settings", [{"concurrency_key": "one"}, {"max_running": 1}])
def test_who_is_woken_and_never_enters_wakes_the_next(
    tenant, machine, publish_steps, settings, ends
):
    on_failure = [{**PAUSE, "name": "sorry"}]
    settings = {**settings, "deadline": "30d"}
    publish_steps(tenant, PAUSE, settings=settings, on_failure=on_failure)
    for _ in range(3):
        fire(tenant, "x", {})
    machine.work()
    _first, second, third = runs()
    let_time_pass()
    machine.turn(1)  # the first one ends; the second is due, and no worker has taken it yet

    ends(tenant, second, machine)
    machine.work()

    third.refresh_from_db()
    assert (third.status, third.holds_lane) == ("waiting", True)
    assert set(holders().values()) == {1}


@pytest.mark.parametrize("has_begun", [False, True])
def test_a_run_retried_while_a_newer_one_lives_ends_as_replaced(
    tenant, machine, library, publish_steps, has_begun
):
    down = [True]

    def act(params, context):
        if down.pop():
            raise PermanentFailure("down")
        down.append(False)

    library(Effect.REPEATABLE, act)
    note = {"name": "note", "action": "log_note", "params": {"text": "x"}}
    settings = {"concurrency_key": "one", "when_busy": "replace"}
    steps = [note, probe(to="ok"), PAUSE] if has_begun else [probe(to="ok"), PAUSE]
    publish_steps(tenant, *steps, settings=settings)
    fire(tenant, "x", {})
    machine.work()
    down.append(False)
    fire(tenant, "x", {})
    machine.work()
    older, newer = runs()

    retry_failed_step(tenant, older.pk)
    machine.work()

    older.refresh_from_db()
    assert (older.status, older.error_code) == ("cancelled", "replaced_by_newer")
    assert older.error_message == "A newer run with the same key has taken its place."
    assert (older.due_at, older.worker) == (None, None)
    newer.refresh_from_db()
    assert (newer.status, newer.holds_lane, holders()) == ("waiting", True, {"one": 1})


def test_room_is_given_back_only_where_it_was_taken(tenant, machine, publish_steps):
    keyed = {"concurrency_key": "{{ trigger.key }}"}
    publish_steps(tenant, PAUSE, settings=keyed)
    fire(tenant, "x", {"key": "1"})
    machine.work()
    publish_again(tenant, PAUSE, settings={**keyed, "max_running": 1})
    for key in ("2", "3"):
        fire(tenant, "x", {"key": key})
    machine.work()

    travel(WorkflowRun.objects.filter(version=1))
    machine.work()

    assert statuses() == ["completed", "waiting", "queued"]
    assert holders() == {"": 1, "1": 0, "2": 1, "3": 0}


@pytest.mark.parametrize(("before", "after", "under_way"), [(1, 3, 3), (3, 1, 3), (2, None, 3)])
def test_the_limit_is_the_newest_versions(tenant, machine, publish_steps, before, after, under_way):
    publish_steps(tenant, PAUSE, settings={"max_running": before})
    for _ in range(4):
        fire(tenant, "x", {})
    machine.work()

    publish_again(tenant, PAUSE, settings={"max_running": after} if after else {})
    fire(tenant, "x", {})
    machine.work()

    assert statuses().count("waiting") == under_way
    assert holders() == {"": min(under_way, before if after is None else under_way)}
    for _ in range(5):
        let_time_pass()
        machine.work()
    assert set(statuses()) == {"completed"}
    assert holders() == {"": 0}


def test_the_order_of_a_lane_is_the_databases_and_not_that_of_the_hosts_clocks(
    tenant, machine, publish_steps, monkeypatch
):
    publish_steps(tenant, PAUSE, settings={"concurrency_key": "one"})
    moment = [uuid7() for _ in range(4)]
    fire(tenant, "x", {"number": 1})
    machine.work()
    # The next ones come from hosts whose clocks are behind, each further than the last.
    monkeypatch.setattr(fire_module, "uuid7", moment.pop)
    for number in (2, 3):
        fire(tenant, "x", {"number": number})
    machine.work()

    let_time_pass()
    machine.work()

    by_number = {run.trigger_payload["number"]: run.status for run in runs()}
    assert by_number == {1: "completed", 2: "waiting", 3: "queued"}


def test_the_newest_is_the_one_that_was_written_last(tenant, machine, publish_steps, monkeypatch):
    settings = {"concurrency_key": "one", "when_busy": "replace"}
    publish_steps(tenant, PAUSE, settings=settings)
    moment = [uuid7(), uuid7()]
    fire(tenant, "x", {"state": "old"})
    machine.work()
    monkeypatch.setattr(fire_module, "uuid7", moment.pop)  # from a host whose clock is behind
    fire(tenant, "x", {"state": "new"})

    machine.work()

    by_state = {run.trigger_payload["state"]: run.status for run in runs()}
    assert by_state == {"old": "cancelled", "new": "waiting"}


def test_the_clock_of_the_first_step_is_the_moment_of_entering(tenant, machine, publish_steps):
    publish_steps(tenant, PAUSE, settings={"concurrency_key": "one"})
    for _ in range(2):
        fire(tenant, "x", {})
    machine.work()
    first, second = runs()
    assert second.started_at is None
    hours_ago = timezone.now() - timedelta(hours=5)
    WorkflowRun.objects.filter(pk=second.pk).update(started_at=hours_ago)

    cancel(tenant, first.pk)
    machine.work()

    second.refresh_from_db()
    assert second.status == "waiting"
    assert timezone.now() - second.started_at < timedelta(minutes=1)
    assert second.due_at - timezone.now() > timedelta(minutes=59)


def test_a_crash_in_the_first_step_does_not_move_its_clock(tenant, machine, publish_steps):
    publish_steps(tenant, PAUSE, settings={"concurrency_key": "one"})
    fire(tenant, "x", {})
    claim = machine.session.claim(1)[0]
    needed = program_of(claim.definition_id, claim.version).program.settings
    assert ending.enter_lanes(claim, needed)  # and its worker dies
    entered = runs()[0].started_at
    WorkflowRun.objects.update(lease_until=F("created_at"))

    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)
    WorkflowRun.objects.update(due_at=F("created_at"))
    [again] = machine.session.claim(1)

    assert (again.started_at, again.was_begun) == (entered, True)


def test_a_worker_that_dies_before_the_run_has_entered_has_begun_nothing(
    tenant, machine, library, publish_steps
):
    sent = []
    library(Effect.NOT_REPEATABLE, lambda params, context: sent.append(params["to"]))
    publish_steps(tenant, probe(to="ok"), settings={"concurrency_key": "one"})
    fire(tenant, "x", {})
    assert len(machine.session.claim(1)) == 1  # and its worker dies
    WorkflowRun.objects.update(lease_until=F("created_at"))
    take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True)
    WorkflowRun.objects.update(due_at=F("created_at"))

    machine.work()

    assert (statuses(), sent) == (["completed"], ["ok"])
