"""Every kind of trouble of the database, at every write of a run: nothing known is lost.

Each write fails once, before anything of it was done, or after its commit, so that only the answer
is lost. What was done is done once, its result is kept, and no crash is counted.
"""

from contextlib import suppress
from time import monotonic

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg_pool import PoolTimeout

from actions.spec import Effect
from tenants.models.order import Order
from tests.support.machine import LEASE, Machine
from tests.support.time_travel import travel
from workflows.engine.history import folding
from workflows.engine.statuses import RunStatus
from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowDefinition, WorkflowLane
from workflows.models.run import WorkflowRun
from workflows.runtime.database import is_trouble
from workflows.runtime.runs import children as families
from workflows.runtime.runs import ending, execute, fence, store
from workflows.runtime.runs.execute import execute as execute_run
from workflows.runtime.waits import look_back
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.runs.entries import entries_of

pytestmark = pytest.mark.django_db(transaction=True)

# What PostgreSQL says, by its code.
STATES = {
    "lock_not_available": "55P03",
    "statement_timeout": "57014",
    "deadlock_detected": "40P01",
    "serialization_failure": "40001",
    "admin_shutdown": "57P01",
    "crash_shutdown": "57P02",
    "cannot_connect_now": "57P03",
    "read_only_after_a_failover": "25006",
    "idle_in_transaction": "25P03",
    "connection_failure": "08006",
    "too_many_connections": "53300",
    "disk_full": "53100",
    "out_of_memory": "53200",
    "cached_plan": "0A000",
}


def said(state):
    return made(OperationalError, psycopg.errors.lookup(state)(f"{state} once"))


def made(kind, cause):
    """Return Django's error as it is raised over the driver's."""
    error = kind(str(cause))
    error.__cause__ = cause
    return error


TROUBLES = {
    **{name: (lambda state=state: said(state)) for name, state in STATES.items()},
    "server_gone": lambda: made(OperationalError, psycopg.OperationalError("server closed")),
    "closed": lambda: InterfaceError("connection already closed"),
    "no_connection_in_time": lambda: made(OperationalError, PoolTimeout("no connection")),
}
ANSWERS_LOST = {"before": False, "after": True}


class Accident:
    """Lets one call go wrong: instead of being made, or after it was made and committed."""

    def __init__(self, monkeypatch):
        self.error, self.after, self.cuts = None, False, False
        self._commits_badly = False
        real = BaseDatabaseWrapper._commit

        def commit(wrapper):
            real(wrapper)
            if self._commits_badly:
                self._commits_badly = False
                self._strike()

        monkeypatch.setattr(BaseDatabaseWrapper, "_commit", commit)

    def prepare(self, name, *, after):
        self.error, self.after, self.cuts = TROUBLES[name](), after, name == "server_gone"

    def around(self, call):
        if self.error is None:
            return call()
        if not self.after:
            self._strike()
        made = call()
        if connection.in_atomic_block:
            self._commits_badly = True
            return made
        return self._strike()

    def _strike(self):
        error, self.error = self.error, None
        if self.cuts and connections["default"].connection is not None:
            connections["default"].connection.close()
        raise error


@pytest.fixture
def accident(monkeypatch):
    return Accident(monkeypatch)


@pytest.fixture
def machine(tenant):
    worker = Machine()
    yield worker
    with suppress(psycopg.Error):
        worker.close()


@pytest.fixture
def calls(library):
    """Count what each action did; `make` writes to the database, the others call out."""
    done = []

    def call(params, context):
        done.append(context.step_name)
        return {"of": context.step_name}

    def make(params, context):
        number = str(Order.objects.count() + 1)
        Order.objects.create(tenant_id=context.tenant.id, number=number)
        return {"number": number}

    library(Effect.NOT_REPEATABLE, call, name="call")
    library(Effect.DATABASE, make, name="make")
    return done


def call(name):
    return {"name": name, "action": "call", "params": {}}


MAKE = {"name": "make", "action": "make", "params": {}}
REST = {"name": "rest", "action": "wait", "params": {"for": "1s"}}
EACH = {
    "name": "each",
    "action": "for_each",
    "params": {"items": [1, 2], "steps": [call("item")], "concurrency": 2},
}
ASK = {
    "name": "ask",
    "action": "approval",
    "params": {"title": "?", "message": "?", "approvers": ["a@example.com"]},
}
LISTEN = {
    "name": "listen",
    "action": "wait_for_event",
    "params": {"type": "paid", "match": {"order": "1"}, "look_back": "1h"},
}
OTHER = {"name": "other", "action": "run_workflow", "params": {"workflow": "other"}}


def progress_of(status, **facts):
    """Say which writes are meant: of this status, and with these parts of their progress."""

    def is_meant(progress):
        there = [bool(getattr(progress, name)) == wanted for name, wanted in facts.items()]
        return progress.status is status and all(there)

    return is_meant


# Which write goes wrong, in which workflow; the calls that are made of it, in order; its end.
WAITING, RUNNING, COMPLETED = RunStatus.WAITING, RunStatus.RUNNING, RunStatus.COMPLETED
WRITES = {
    "a checkpoint": ([call("a"), call("b")], progress_of(RUNNING), ["a", "b"], "completed"),
    "a wait": ([call("a"), REST, call("b")], progress_of(WAITING), ["a", "b"], "completed"),
    "a list begins": (
        [call("a"), EACH, call("b")],
        progress_of(WAITING, spawn=True),
        ["a", "item", "item", "b"],
        "completed",
    ),
    "a question": ([call("a"), ASK], progress_of(WAITING, question=True), ["a"], "waiting"),
    "a listener": ([call("a"), LISTEN], progress_of(WAITING, awaited=True), ["a"], "waiting"),
    "a call of a workflow": (
        [call("a"), OTHER, call("b")],
        progress_of(WAITING, spawn=True),
        ["a", "called", "b"],
        "completed",
    ),
    "the end": ([call("a")], progress_of(COMPLETED), ["a"], "completed"),
    "the end of a child": (
        [EACH, call("b")],
        progress_of(COMPLETED),
        ["item", "item", "b"],
        "completed",
    ),
    "a database step": ([MAKE, call("b")], progress_of(RUNNING), ["b"], "completed"),
    "a database step at the end": ([MAKE], progress_of(COMPLETED), [], "completed"),
}


def publish_all(tenant, steps):
    for key, inner in (("other", [call("called")]), ("w", steps)):
        known = WorkflowDefinition.objects.filter(tenant=tenant, key=key).first()
        definition = known or WorkflowDefinition(tenant=tenant, key=key, is_active=True)
        kind = "x" if key == "w" else "never"
        publish(tenant, "t", definition, {"name": key, "trigger_type": kind, "steps": inner})


def work(machine):
    for _ in range(10):
        travel(WorkflowRun.objects.filter(wait_type="time"))
        if not machine.turn():
            return
    raise AssertionError("the run goes on for ever")


def forget(calls):
    calls.clear()
    for model in (WorkflowApproval, WorkflowRun, Order):
        model.objects.all().delete()


def everything_once(root, steps):
    """Whether each step of the run has one entry, and nothing stands beside it twice."""
    root.refresh_from_db()
    names = [entry["step_name"] for entry in root.step_results]
    assert len(names) == len(set(names))
    assert Order.objects.filter(number__in=["1", "2"]).count() == steps.count(MAKE)
    assert WorkflowApproval.objects.count() == steps.count(ASK)
    children = 2 * steps.count(EACH) + steps.count(OTHER)
    assert WorkflowRun.objects.exclude(pk=root.pk).count() == children


@pytest.mark.parametrize("when", ANSWERS_LOST)
@pytest.mark.parametrize("what", WRITES)
def test_trouble_at_a_write_loses_nothing(
    tenant, machine, calls, accident, monkeypatch, what, when
):
    steps, is_meant, expected, end = WRITES[what]
    publish_all(tenant, steps)
    real = store.write

    def write(claim, progress, *more):
        if not is_meant(progress):
            return real(claim, progress, *more)
        return accident.around(lambda: real(claim, progress, *more))

    monkeypatch.setattr(store, "write", write)
    for name in TROUBLES:
        accident.prepare(name, after=ANSWERS_LOST[when])
        [run_id] = fire(tenant, "x", {}).run_ids
        work(machine)

        root = WorkflowRun.objects.get(pk=run_id)
        assert accident.error is None, f"{name} did not happen"
        assert (root.status, root.error_code, calls) == (end, None, expected), name
        assert set(WorkflowRun.objects.values_list("crashes", flat=True)) == {0}, name
        everything_once(root, steps)
        forget(calls)


MOVES = {
    "a checkpoint": (RUNNING, [call("a"), call("b")]),
    "a database step": (RUNNING, [MAKE, call("b")]),
    "a wait": (WAITING, [call("a")]),
    "the end": (RunStatus.COMPLETED_WITH_ERRORS, [call("a")]),
}


@pytest.mark.parametrize("when", ANSWERS_LOST)
@pytest.mark.parametrize("what", MOVES)
def test_trouble_at_a_write_that_moves_entries_to_the_history_loses_nothing(
    tenant, machine, calls, accident, monkeypatch, what, when
):
    status, inner = MOVES[what]
    never = {"all": [{"field": "trigger.never", "operator": "is_true"}]}
    params = {"steps": inner, "until": never, "every": "1s", "at_most": 3}
    loop = {"name": "loop", "action": "repeat", "params": params, "on_error": "continue"}
    publish_all(tenant, [loop])
    monkeypatch.setattr(folding, "MAX_SUPERSEDED", 0)
    is_meant, real = progress_of(status, fold=True), store.write

    def write(claim, progress, *more):
        if not is_meant(progress):
            return real(claim, progress, *more)
        return accident.around(lambda: real(claim, progress, *more))

    monkeypatch.setattr(store, "write", write)
    names = [step["name"] for step in inner]
    for name in TROUBLES:
        accident.prepare(name, after=ANSWERS_LOST[when])
        [run_id] = fire(tenant, "x", {"never": False}).run_ids
        work(machine)

        run = WorkflowRun.objects.get(pk=run_id)
        assert accident.error is None, f"{name} did not happen"
        assert (run.status, run.error_code) == ("completed_with_errors", "not_in_time"), name
        assert calls == 3 * [one for one in names if one != "make"], name
        assert Order.objects.count() == 3 * names.count("make"), name
        entries = [entry["step_name"] for entry in entries_of(run)]
        assert entries == [*(3 * ["loop", *names]), "loop"], name
        assert run.crashes == 0
        forget(calls)


@pytest.mark.parametrize("when", ANSWERS_LOST)
def test_trouble_at_putting_down_loses_nothing(tenant, machine, calls, accident, monkeypatch, when):
    publish_all(tenant, [call("a"), call("b")])
    real = fence.put_down
    monkeypatch.setattr(fence, "put_down", lambda claim: accident.around(lambda: real(claim)))
    for name in TROUBLES:
        accident.prepare(name, after=ANSWERS_LOST[when])
        fire(tenant, "x", {})
        watch = Watch(LEASE)
        [claim] = machine.session.claim(1)
        watch.take(claim, monotonic())
        watch.stop()
        execute_run(claim, watch)

        run = WorkflowRun.objects.get()
        assert (run.status, run.crashes, calls) == ("queued", 0, ["a"]), name
        work(machine)
        run.refresh_from_db()
        assert (run.status, run.crashes, calls) == ("completed", 0, ["a", "b"]), name
        forget(calls)


@pytest.mark.parametrize("when", ANSWERS_LOST)
def test_trouble_at_the_look_back_misses_no_event(
    tenant, machine, calls, accident, monkeypatch, when
):
    publish_all(tenant, [call("a"), LISTEN, call("b")])
    fire(tenant, "paid", {"order": "1"})
    machine.work()
    real = look_back.look_back
    monkeypatch.setattr(
        look_back, "look_back", lambda *asked: accident.around(lambda: real(*asked))
    )
    for name in TROUBLES:
        accident.prepare(name, after=ANSWERS_LOST[when])
        fire(tenant, "x", {})
        work(machine)

        run = WorkflowRun.objects.get()
        assert accident.error is None, f"{name} did not happen"
        assert (run.status, run.crashes, calls) == ("completed", 0, ["a", "b"]), name
        forget(calls)


READS = {
    "what the run needs": (execute, "facts_of", [call("a")]),
    "the workflow to call": (families, "callee_of", [call("a"), OTHER]),
    "the children": (families, "family_of", [call("a"), EACH]),
}


@pytest.mark.parametrize("what", READS)
def test_trouble_at_a_look_is_no_crash_and_no_doubt(
    tenant, machine, calls, accident, monkeypatch, what
):
    module, function, steps = READS[what]
    publish_all(tenant, steps)
    real = getattr(module, function)
    monkeypatch.setattr(module, function, lambda *asked: accident.around(lambda: real(*asked)))
    for name in TROUBLES:
        accident.prepare(name, after=False)
        [run_id] = fire(tenant, "x", {}).run_ids
        work(machine)

        root = WorkflowRun.objects.get(pk=run_id)
        assert accident.error is None, f"{name} did not happen"
        assert (root.status, root.crashes, calls.count("a")) == ("completed", 0, 1), name
        forget(calls)


@pytest.mark.parametrize("when", ANSWERS_LOST)
def test_trouble_on_the_way_into_a_lane_keeps_nobody_out(
    tenant, machine, calls, accident, monkeypatch, when
):
    document = {
        "name": "w",
        "trigger_type": "x",
        "steps": [call("a")],
        "settings": {"concurrency_key": "{{ trigger.key }}", "max_running": 1},
    }
    publish(tenant, "t", WorkflowDefinition(tenant=tenant, key="w", is_active=True), document)
    real = ending.enter_lanes
    monkeypatch.setattr(ending, "enter_lanes", lambda *who: accident.around(lambda: real(*who)))
    for name in TROUBLES:
        accident.prepare(name, after=ANSWERS_LOST[when])
        for _ in range(3):
            fire(tenant, "x", {"key": "k"})
        machine.work()

        runs = WorkflowRun.objects.values_list("status", "crashes")
        assert accident.error is None, f"{name} did not happen"
        assert (list(runs), calls) == ([("completed", 0)] * 3, ["a"] * 3), name
        assert set(WorkflowLane.objects.values_list("holders", flat=True)) == {0}, name
        forget(calls)


def test_trouble_that_lasts_gives_the_run_back_without_a_crash(tenant, machine, calls, monkeypatch):
    """The database is back before the run's lease is over, and nobody had begun anything."""
    publish_all(tenant, [call("a")])
    fire(tenant, "x", {})
    [claim] = machine.session.claim(1)

    def fail(*asked):
        raise said("53300")

    with monkeypatch.context() as patch:
        patch.setattr(execute, "facts_of", fail)
        assert execute_run(claim, Watch(LEASE)) is None

    run = WorkflowRun.objects.get()
    assert (run.status, run.crashes, run.worker) == ("queued", 0, None)
    assert not run.pending
    assert take_over_from_the_dead(machine.session.connection(), LEASE, sweep=True) == 0
    machine.work()
    run.refresh_from_db()
    assert (run.status, run.crashes, calls) == ("completed", 0, ["a"])


def test_a_result_that_cannot_be_written_while_the_lease_lasts_is_not_said_to_be_a_death(
    tenant, machine, calls, monkeypatch
):
    publish_all(tenant, [call("a"), call("b")])
    fire(tenant, "x", {})
    [claim] = machine.session.claim(1)
    watch = Watch(LEASE)
    watch.take(claim, monotonic())

    def fail(*asked):
        watch.drop(claim)
        raise said("25006")

    with monkeypatch.context() as patch:
        patch.setattr(store, "write", fail)
        assert execute_run(claim, watch) is None
    machine.work()

    run = WorkflowRun.objects.get()
    assert (run.status, run.error_code, run.crashes, calls) == (
        "failed",
        "outcome_unknown",
        0,
        ["a"],
    )
    assert run.step_results[0]["error"]["params"] == {"reason": "not_recorded"}
    assert "died" not in run.error_message


def test_a_step_that_drives_the_database_away_fails_in_the_end(
    tenant, machine, library, calls, monkeypatch
):
    tries = []

    def cut(params, context):
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    library(Effect.DATABASE, cut, name="cut")
    publish_all(tenant, [{"name": "cut", "action": "cut", "params": {}, "retry": {"attempts": 1}}])
    fire(tenant, "x", {})
    monkeypatch.setattr("workflows.runtime.runs.fence.MAX_PAUSE_SECONDS", 0.02)

    machine.work()

    run = WorkflowRun.objects.get()
    assert (run.status, run.error_code, run.crashes) == ("failed", "database_trouble", 0)
    assert len(tries) == 10


def test_a_zombie_of_an_earlier_write_changes_nothing(tenant, machine, calls):
    """A statement whose connection broke may come to the row after it was written again."""
    publish_all(tenant, [call("a"), call("b"), call("c")])
    fire(tenant, "x", {})
    late = []
    real = store.write

    def write(claim, progress, *more):
        written = real(claim, progress, *more)
        for one in late:
            with pytest.raises(fence.LeaseLost):
                real(*one)
        late.append((claim, progress))
        return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "write", write)
        machine.work()

    run = WorkflowRun.objects.get()
    assert [entry["step_name"] for entry in run.step_results] == ["a", "b", "c"]
    assert (run.status, len(late)) == ("completed", 3)


@pytest.mark.parametrize("name", TROUBLES)
def test_what_is_trouble(name):
    assert is_trouble(TROUBLES[name]())


REFUSALS = ["22003", "22021", "22P02", "22P05", "23503", "23505", "23514", "54000", "54001"]


@pytest.mark.parametrize("state", [*REFUSALS, "42703", "P0001"])
def test_what_is_a_refusal(state):
    assert not is_trouble(made(DatabaseError, psycopg.errors.lookup(state)("no")))
    assert not is_trouble(ValueError("no"))
