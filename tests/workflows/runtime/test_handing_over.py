"""Runs beside a call that holds the interpreter: others go on with them, nothing is done twice."""

import os
from contextlib import suppress

import psycopg
import pytest

from actions.spec import Effect
from tests.support.machine import Machine
from tests.workflows.runtime.conftest import publish_steps
from tests.workflows.runtime.fates import die
from tests.workflows.runtime.test_blame import BESIDE, CALLS, HERE, STATES, USED, cell
from workflows.models.run import WorkflowRun
from workflows.models.worker import WorkflowWorker
from workflows.runtime.workers import board as boards
from workflows.runtime.workers import held
from workflows.runtime.workers.board import Board, BoardOfAnother, Cell, SlotState
from workflows.runtime.workers.held import (
    HAND_OVER_CPU_SECONDS,
    SILENT_SECONDS,
    STEADY_SECONDS,
    Look,
)
from workflows.runtime.workers.reaper import (
    kept_by,
    left_by,
    take_from_the_held,
    take_over_from_the_dead,
)
from workflows.services.events.fire import fire


@pytest.mark.parametrize("how", USED)
@pytest.mark.parametrize("state", STATES)
def test_who_holds_the_interpreter_and_what_must_not_be_called_twice_stays(state, how):
    used, is_guilty = USED[how]
    one, other = cell(state), cell(SlotState.WORKING, BESIDE)

    kept = kept_by([one, other], used)

    assert (one.run_id in kept) == (is_guilty or state is SlotState.CALLING)
    assert (other.run_id in kept) == (how == "by another")


@pytest.fixture
def board():
    """The memory of a dispatcher, at which this thread sits."""
    made = Board(2, worker=5)
    made.sit_down(1)
    yield made
    made.close()
    del boards._own.seat, boards._own.board


@pytest.fixture
def seen(board):
    """The same, as its supervisor sees it."""
    return BoardOfAnother(os.getpid(), board.descriptor)


def test_a_slot_finds_out_that_runs_were_handed_over_until_its_pump_has_looked(board, seen):
    assert not boards.may_be_handed_over()
    seen.note_hand_over()
    board.beat()
    assert (boards.may_be_handed_over(), board.hand_overs, seen.worker) == (True, 1, 5)
    board.heard_of = 1
    assert not boards.may_be_handed_over()


@pytest.fixture
def machines(tenant):
    made = [Machine("north"), Machine("south")]
    yield made
    for one in made:
        with suppress(psycopg.Error):  # dead already
            one.close()


def begin(tenant, library, effect, calls):
    """Publish a step that calls, and fire it."""
    library(effect, lambda params, context: calls.append(context.idempotency_key) or {})
    publish_steps(tenant, {"name": "a", "action": "probe", "params": {}})
    return fire(tenant, "x", {}).run_ids[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("effect", [Effect.NOT_REPEATABLE, Effect.REPEATABLE])
@pytest.mark.parametrize("is_taken", [True, False])
def test_who_lost_a_run_before_its_call_does_not_make_it(
    tenant, library, machines, board, seen, effect, is_taken
):
    calls = []
    run_id = begin(tenant, library, effect, calls)
    first, second = machines
    [claim] = first.session.claim(1)
    boards.begin(run_id, claim.token)
    seen.note_hand_over()
    but = [] if is_taken else [run_id]
    left = left_by(seen.cells(), {})
    taken = take_from_the_held(second.session.connection(), first.session.worker, {}, but)

    first.execute(claim)

    assert (taken, len(calls), len(left)) == (is_taken, not is_taken, 1)
    second.work()
    run = WorkflowRun.objects.get(pk=run_id)
    assert (run.status, run.crashes, len(calls)) == ("completed", 0, 1)
    # Given, and claimed anew.
    assert run.lease_token == (3 if is_taken else 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", STATES)
def test_a_run_that_is_handed_over_stands_as_its_slot_says(tenant, library, machines, state):
    calls = []
    run_id = begin(tenant, library, Effect.NOT_REPEATABLE, calls)
    first, second = machines
    [claim] = first.session.claim(1)
    left = left_by([Cell(run_id, claim.token, BESIDE, state)], {HERE: 1.0})

    assert take_from_the_held(second.session.connection(), first.session.worker, left) == 1

    run = WorkflowRun.objects.get(pk=run_id)
    assert (run.status, run.crashes, run.worker) == ("queued", 0, None)
    assert bool((run.pending or {}).get("begun")) == (state in CALLS)


@pytest.mark.django_db(transaction=True)
def test_of_a_run_that_its_worker_gave_up_before_it_was_ended_nothing_is_known(
    tenant, library, machines
):
    run_id = begin(tenant, library, Effect.NOT_REPEATABLE, [])
    first, second = machines
    [claim] = first.session.claim(1)
    first.session.end_lease(claim)
    # No slot has it any more.
    WorkflowWorker.objects.filter(number=first.session.worker).update(ended_in={})
    die(first)

    assert take_over_from_the_dead(second.session.connection(), None, sweep=False) == 1

    run = WorkflowRun.objects.get(pk=run_id)
    assert (run.crashes, run.pending["left"]) == (1, "worker_died")


class HeldDispatcher(BoardOfAnother):
    """A dispatcher whose clock a test sets."""

    def __init__(self, beat_at):
        self.at = beat_at

    @property
    def beat_at(self):
        return self.at


@pytest.fixture
def clock(monkeypatch):
    """The time, and what the threads of the dispatcher have used of the processor."""
    state = {"now": 100.0, "used": {HERE: 5.0, BESIDE: 7.0}}
    monkeypatch.setattr(held, "monotonic", lambda: state["now"])
    monkeypatch.setattr(held, "_used_by_threads", lambda pid: dict(state["used"]))
    return state


def go_on(clock, seconds, **used):
    clock["now"] += seconds
    clock["used"][HERE] += used.get("here", 0.0)
    clock["used"][BESIDE] += used.get("beside", 0.0)


def test_only_what_one_thread_uses_while_the_pump_is_silent_counts(clock):
    look = Look(HeldDispatcher(beat_at=100.0))
    assert look.look(1) == 0.0
    go_on(clock, SILENT_SECONDS, here=4.0)
    assert look.look(1) == 0.0  # from here on it is counted
    for _ in range(10):
        go_on(clock, 0.05, here=0.02, beside=0.02)
    assert look.look(1) == pytest.approx(0.2)
    go_on(clock, 0.05, here=0.05)
    assert look.look(1) == pytest.approx(HAND_OVER_CPU_SECONDS)
    look.board.at = clock["now"]
    assert look.look(1) == 0.0


def test_a_supervisor_that_was_kept_from_looking_counts_nothing_of_that_time(clock):
    look = Look(HeldDispatcher(beat_at=100.0))
    go_on(clock, SILENT_SECONDS)
    look.look(1)
    go_on(clock, STEADY_SECONDS + 0.1, here=STEADY_SECONDS)
    assert look.look(1) == 0.0
    go_on(clock, 0.1, here=0.1)
    assert look.look(1) == pytest.approx(0.1)


def test_a_pump_is_ended_only_after_its_silence_and_the_use_of_one_thread(clock):
    look = Look(HeldDispatcher(beat_at=100.0))
    go_on(clock, held.HELD_SECONDS)
    assert not look.is_held(held.HELD_CPU_SECONDS - 0.01)
    assert look.is_held(held.HELD_CPU_SECONDS)
    clock["now"] -= 0.01
    assert not look.is_held(held.HELD_CPU_SECONDS)
