"""Whom the end of a dispatcher is put down to: each state of a slot, each way it ended."""

from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import OperationalError
from django.db.models import JSONField, Value
from django.utils import timezone

from actions.spec import Effect
from tests.support.live import wait_until
from tests.workflows.runtime.conftest import publish_steps
from tests.workflows.runtime.machine import LEASE, Machine
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker
from workflows.runtime.runs import execute
from workflows.runtime.workers import board as boards
from workflows.runtime.workers.blame import DIED, UNTOUCHED, Fate, fate_of, left_by
from workflows.runtime.workers.board import Board, BoardOfAnother, Cell, SlotState
from workflows.runtime.workers.reaper import UNREADABLE_CRASHES, take_over_from_the_dead
from workflows.services.events.fire import fire
from workflows.services.runs.one_step import do_again, mark_done

HERE, BESIDE, MAIN = 11, 12, 10  # threads
STATES = [SlotState.WORKING, SlotState.CALLING, SlotState.CALLING_REPEATABLE]
CALLS = [SlotState.CALLING, SlotState.CALLING_REPEATABLE]
# What the threads used of the processor, and whether the run's own thread held it then.
USED = {
    "by this run": ({HERE: 1.9, BESIDE: 0.01, MAIN: 0.02}, True),
    "by another": ({HERE: 0.02, BESIDE: 1.9, MAIN: 0.02}, False),
    "by no run": ({HERE: 0.02, BESIDE: 0.01, MAIN: 1.9}, False),
}


def cell(state, thread=HERE):
    return Cell(uuid4(), 7, thread, state)


def fate(one, *others, used):
    return fate_of(one.run_id, one.token, left_by([one, *others], used))


@pytest.mark.parametrize("how", USED)
@pytest.mark.parametrize("state", STATES)
def test_who_held_the_interpreter_counts_a_crash_and_nobody_else(state, how):
    used, is_guilty = USED[how]

    found = fate(cell(state), cell(SlotState.WORKING, BESIDE), used=used)

    assert found == Fate(counts=is_guilty, was_begun=state in CALLS, is_held=True)


@pytest.mark.parametrize("used", [{}, {HERE: 0.0, BESIDE: 0.0}])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("beside", STATES)
def test_where_no_thread_used_the_processor_those_that_worked_are_suspects(state, beside, used):
    found = fate(cell(state), cell(beside, BESIDE), used=used)

    is_last_resort = state is SlotState.CALLING_REPEATABLE and beside is not SlotState.WORKING
    counts = state is SlotState.WORKING or is_last_resort
    assert found == Fate(counts=counts, was_begun=state in CALLS, is_held=True)


def test_what_was_not_begun_is_untouched_and_without_memory_every_run_counts():
    left = left_by([cell(SlotState.WORKING)], {})
    one = cell(SlotState.WORKING)

    assert fate_of(one.run_id, one.token, left) == UNTOUCHED
    assert fate_of(one.run_id, one.token + 1, left_by([one], {})) == UNTOUCHED
    assert fate_of(one.run_id, one.token, None) == DIED


def test_a_board_says_what_its_slot_is_in_the_middle_of():
    board = Board(2, worker=5)
    seen = BoardOfAnother(boards.os.getpid(), board.descriptor)
    board.sit_down(1)
    run_id = uuid4()

    def state():
        return [(one.run_id, one.token, one.state) for one in seen.cells()]

    assert (seen.worker, state()) == (5, [])
    boards.begin(run_id, 3)
    assert state() == [(run_id, 3, SlotState.WORKING)]
    boards.mark_call(Effect.NOT_REPEATABLE)
    assert state() == [(run_id, 3, SlotState.CALLING)]
    boards.mark_call(Effect.REPEATABLE)
    assert state() == [(run_id, 3, SlotState.CALLING_REPEATABLE)]
    boards.mark_written()
    assert state() == [(run_id, 3, SlotState.WORKING)]
    boards.leave()
    assert state() == []
    board.close()
    del boards._own.seat, boards._own.board


@pytest.fixture
def machines(tenant):
    made = [Machine("north"), Machine("south")]
    yield made
    made[1].close()


FATES = {
    "not begun": (None, 0),
    "worked": ([False, False], 0),
    "worked, to blame": ([False, True], 1),
    "called": ([True, False], 0),
    "called, to blame": ([True, True], 1),
    "no memory": ("nothing", 1),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("effect", [Effect.NOT_REPEATABLE, Effect.REPEATABLE])
@pytest.mark.parametrize("how", FATES)
def test_each_run_of_an_ended_worker_stands_as_its_slot_says(
    tenant, library, machines, how, effect
):
    calls = []
    library(effect, lambda _params, context: calls.append(context.idempotency_key))
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    fire(tenant, "x", {})
    north, south = machines
    [claim] = north.session.claim(1)
    kept, crashes = FATES[how]
    if kept != "nothing":
        left = {} if kept is None else {str(claim.run_id): [claim.token, *kept]}
        WorkflowWorker.objects.filter(number=north.session.worker).update(ended_in=left)
    north.session.connection().close()
    wait_until(lambda: take_over_from_the_dead(south.session.connection(), LEASE, sweep=False))

    run = WorkflowRun.objects.get()
    assert (run.status, run.crashes) == ("queued", crashes)
    if how.endswith("to blame"):
        # It rests, and is a suspect from the first time on: a busy worker leaves it alone.
        assert run.due_at > timezone.now()
        WorkflowRun.objects.update(due_at=timezone.now())
        assert south.session.claim(1, None, timedelta(seconds=5)) == []
    is_in_doubt = how.startswith(("called", "no memory"))
    if how == "not begun":
        assert (run.pending, run.started_at) == (None, None)
    south.work()
    run.refresh_from_db()
    if is_in_doubt and effect is Effect.NOT_REPEATABLE:
        reason = "worker_died" if how == "no memory" else "worker_held"
        [entry] = run.step_results
        assert (entry["status"], entry["error"]["params"]["reason"]) == ("unknown", reason)
        assert calls == []
    else:
        assert (run.status, run.crashes, len(calls)) == ("completed", 0, 1)


@pytest.mark.django_db(transaction=True)
def test_a_poisoned_run_does_not_hide_that_its_step_may_have_been_done(tenant, library, machines):
    library(Effect.NOT_REPEATABLE, lambda _params, _context: None)
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}, "on_error": "continue"})
    fire(tenant, "x", {})
    north, south = machines
    north.close()
    WorkflowRun.objects.update(crashes=5, pending={"begun": True}, started_at=timezone.now())
    south.work()

    run = WorkflowRun.objects.get()
    [entry] = run.step_results
    assert (run.status, run.error_code, entry["status"]) == ("failed", "outcome_unknown", "unknown")


@pytest.mark.django_db(transaction=True)
def test_a_poisoned_run_says_how_many_workers_it_ended(tenant, library, machines):
    library(Effect.REPEATABLE, lambda _params, _context: None)
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    fire(tenant, "x", {})
    north, south = machines
    north.close()
    WorkflowRun.objects.update(crashes=5)
    south.work()

    run = WorkflowRun.objects.get()
    assert (run.error_code, run.crashes) == ("poisoned", 5)
    assert run.error_message.startswith("The worker died in this run 5 times")


def left_by_its_last_worker(machines, kept, **values):
    """Let a run's worker die in it for the last time; another looks, and nobody claims it again."""
    north, south = machines
    [claim] = north.session.claim(1)
    left = {str(claim.run_id): [claim.token, *kept]} if kept else None
    WorkflowWorker.objects.filter(number=north.session.worker).update(ended_in=left)
    WorkflowRun.objects.update(crashes=UNREADABLE_CRASHES - 1, **values)
    north.session.connection().close()
    wait_until(lambda: take_over_from_the_dead(south.session.connection(), LEASE, sweep=False))
    return WorkflowRun.objects.get()


BURIED = {
    "died": (None, {}, "worker_died"),
    "held itself up": ([True, True], {}, "worker_held"),
    "begun by one before": (
        [False, True],
        {"pending": {"begun": True, "left": "worker_died"}},
        "worker_held",
    ),
    "not begun": ([False, True], {}, None),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("how", BURIED)
def test_a_run_that_nobody_survives_does_not_hide_that_its_step_may_have_been_done(
    tenant, library, machines, how, effect
):
    calls = []
    library(effect, lambda _params, context: calls.append(context.idempotency_key))
    step = {"name": "a", "action": "probe", "params": {}}
    publish_steps(tenant, step, {**step, "name": "b"})
    fire(tenant, "x", {})
    kept, values, reason = BURIED[how]

    run = left_by_its_last_worker(machines, kept, **values)

    assert (run.status, run.due_at, run.error_step) == ("failed", None, "a")
    if reason is None or effect is not Effect.NOT_REPEATABLE:
        assert (run.error_code, run.step_results) == ("poisoned", [])
        return
    [entry] = run.step_results
    assert (entry["step_name"], entry["action"], entry["status"]) == ("a", "probe", "unknown")
    assert entry["error"] == {"code": "outcome_unknown", "params": {"reason": reason}}
    assert run.error_code == "outcome_unknown"
    assert "nobody knows whether" in run.error_message
    assert run.error_fingerprint
    # A person says what became of it, and the run goes on with the next step.
    mark_done(tenant, run.pk, "user:ops")
    machines[1].work()
    run.refresh_from_db()
    assert (run.status, len(calls)) == ("completed", 1)


@pytest.mark.django_db(transaction=True)
def test_it_is_called_again_with_its_key_and_input_if_a_person_says_so(tenant, library, machines):
    calls = []
    library(Effect.NOT_REPEATABLE, lambda params, context: calls.append((params, context)))
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {"to": "{{ trigger.to }}"}})
    fire(tenant, "x", {"to": "now"})
    earlier = [{"step_name": "a", "action": "probe", "status": "completed", "turn": 2}]
    pending = {"step": 0, "step_name": "a", "action": "probe", "input": {"to": "then"}}
    stored = {"pending": {**pending, "begun": True}, "step_results": earlier}

    run = left_by_its_last_worker(machines, None, **stored)
    entry = run.step_results[-1]
    assert (entry["input"], entry["turn"]) == ({"to": "then"}, 3)
    do_again(tenant, run.pk, "user:ops")
    machines[1].work()

    run.refresh_from_db()
    [(params, context)] = calls
    assert (run.status, params) == ("completed", {"to": "then"})
    assert context.idempotency_key.endswith("0-3")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("column", ["step_results", "pending"])
@pytest.mark.parametrize("value", [7, [7], "x", {"input": 1}, None])
def test_it_is_ended_whatever_its_row_holds(tenant, library, machines, column, value):
    library(Effect.NOT_REPEATABLE, lambda _params, _context: None)
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    fire(tenant, "x", {})

    run = left_by_its_last_worker(machines, None, **{column: Value(value, JSONField())})

    assert (run.status, run.due_at) == ("failed", None)
    assert run.error_code in {"poisoned", "outcome_unknown"}


MARKS = {
    "worker_died": {"begun": True, "left": "worker_died"},
    "worker_held": {"begun": True, "left": "worker_died", "held": "by_another"},
    "not_recorded": {"begun": True, "left": "not_recorded", "held": "by_another"},
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reason", MARKS)
def test_who_gives_a_run_back_keeps_what_an_earlier_worker_began(
    tenant, library, machines, monkeypatch, reason
):
    calls = []
    library(Effect.NOT_REPEATABLE, lambda _params, _context: calls.append(1))
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    fire(tenant, "x", {})
    WorkflowRun.objects.update(pending=MARKS[reason], started_at=timezone.now())
    north, south = machines

    def fail(*_asked):
        raise OperationalError("no connection") from psycopg.OperationalError("no connection")

    with monkeypatch.context() as patch:
        patch.setattr(execute, "facts_of", fail)
        assert north.turn() == 1
    run = WorkflowRun.objects.get()
    assert (run.status, run.crashes, run.pending) == ("queued", 0, MARKS[reason])
    north.close()
    south.work()

    run.refresh_from_db()
    [entry] = run.step_results
    assert (entry["status"], entry["error"]["params"]["reason"]) == ("unknown", reason)
    assert calls == []


def deaths_until_the_end(machines, kept):
    """Let each worker die in the run, first to last; return how often its step was called."""
    north, south = machines
    north.close()
    for death in range(1, 20):
        machine = Machine("north")
        claims = machine.session.claim(1)
        with suppress(KeyboardInterrupt):
            for claim in claims:
                machine.execute(claim)
        left = {str(claim.run_id): [claim.token, *kept] for claim in claims} if kept else None
        WorkflowWorker.objects.filter(number=machine.session.worker).update(ended_in=left)
        machine.session.connection().close()
        if WorkflowRun.objects.get().due_at is None:
            return death - 1
        wait_until(lambda: take_over_from_the_dead(south.session.connection(), LEASE, sweep=False))
        WorkflowRun.objects.filter(status="queued").update(due_at=timezone.now())
    return None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kept", [None, [True, True], [False, True]])
def test_each_death_in_the_first_step_counts(tenant, library, machines, kept):
    def die(_params, _context):
        raise KeyboardInterrupt

    library(Effect.REPEATABLE, die)
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    fire(tenant, "x", {})

    assert deaths_until_the_end(machines, kept) == 5
    run = WorkflowRun.objects.get()
    assert (run.error_code, run.crashes) == ("poisoned", 5)
