"""Rows are locked in one order, whoever ends what: no two ever wait for each other."""

import time
from contextlib import suppress
from random import Random
from threading import Thread
from time import monotonic

import psycopg
import pytest
from django.db import connection, connections
from django.db.models import F

from actions.errors import PermanentFailure, TemporaryFailure
from actions.spec import Effect
from tests.support.live import wait_until
from tests.support.machine import Machine
from tests.support.time_travel import travel
from tests.workflows.runtime.test_lane_laws import laws_hold
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.runtime.workers.session import _direct_parameters
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.refusals import Refused
from workflows.services.runs.cancel import cancel
from workflows.services.runs.retry import retry_failed_step, start_again

pytestmark = pytest.mark.django_db(transaction=True)

PAUSE = {"name": "pause", "action": "wait", "params": {"for": "1h"}}
CALL = {"name": "call", "action": "run_workflow", "params": {"workflow": "called"}}
REPLACE = {"concurrency_key": "one", "when_busy": "replace"}
SECONDS, WORKERS = 12, 3


def workflow(tenant, key, trigger, *steps, **more):
    document = {"name": key, "trigger_type": trigger, "steps": list(steps), **more}
    definition = WorkflowDefinition(tenant=tenant, key=key, is_active=True)
    publish(tenant, "tester", definition, document)
    return definition


def waiting_for_locks():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone()[0]


def deadlocks():
    """Return how many PostgreSQL has seen in this database. Sessions report with a delay."""
    time.sleep(1.2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def in_thread(act):
    def all_of_it():
        try:
            act()
        finally:
            connections.close_all()

    thread = Thread(target=all_of_it)
    thread.start()
    return thread


def test_a_called_run_that_ends_while_a_newer_one_replaces_it(tenant, library):
    workflow(tenant, "called", "direct", PAUSE, settings=REPLACE)
    workflow(tenant, "caller", "x", CALL)
    first, second = Machine(), Machine("south")
    fire(tenant, "x", {})
    first.work()
    parent, called = WorkflowRun.objects.order_by("id")
    before = deadlocks()
    # The called one is about to end, and the newer one about to take its place.
    travel(WorkflowRun.objects.filter(pk=called.pk))
    [ends] = first.session.claim(1)
    fire(tenant, "direct", {})
    [replaces] = second.session.claim(1)

    # Both need the caller's row, which somebody else has for a moment.
    with psycopg.connect(**_direct_parameters()) as held:
        held.execute("SELECT 1 FROM workflow_runs WHERE id = %s FOR UPDATE", [parent.pk])
        threads = [in_thread(lambda: first.execute(ends))]
        wait_until(lambda: waiting_for_locks() == 1)
        threads.append(in_thread(lambda: second.execute(replaces)))
        wait_until(lambda: waiting_for_locks() == 2)
    for thread in threads:
        thread.join(20)

    assert deadlocks() == before
    called.refresh_from_db()
    assert called.status == "completed"
    first.work()
    parent.refresh_from_db()
    newer = WorkflowRun.objects.get(pk=replaces.run_id)
    assert (parent.status, newer.status, newer.holds_lane) == ("completed", "waiting", True)
    laws_hold()
    first.close()
    second.close()


def test_nothing_waits_for_each_other_in_a_storm(tenant, library):
    """Lists, branches, called workflows and lanes; people and clocks that end them anywhere."""
    chance = Random(20261130)

    def probe(params, context):
        dice = chance.random()
        if dice < 0.08:
            raise PermanentFailure("refused")
        if dice < 0.12:
            raise TemporaryFailure("busy")
        return {}

    library(Effect.REPEATABLE, probe)
    make_workflows(tenant)
    before, troubles = deadlocks(), []
    end = monotonic() + SECONDS
    acts = [lambda n=n: work(f"worker-{n}", end, troubles) for n in range(WORKERS)]
    acts += [lambda n=n: disturb(tenant, Random(n), end, troubles) for n in range(2)]
    for thread in [in_thread(act) for act in acts]:
        thread.join(SECONDS + 60)

    assert deadlocks() == before
    assert troubles == []
    come_to_rest(tenant)
    live = WorkflowRun.objects.filter(due_at__isnull=False)
    assert [(run.status, run.wait_type, run.lane, run.children_open) for run in live] == []
    assert set(WorkflowRun.objects.values_list("children_open", flat=True)) == {0}


def make_workflows(tenant):
    act = {"name": "act", "action": "probe", "params": {"to": "ok"}}
    short = {"name": "short", "action": "wait", "params": {"for": "1h"}}
    workflow(tenant, "called", "direct", act, short, settings={**REPLACE, "max_running": 3})
    keyed = {"concurrency_key": "{{ trigger.key }}", "max_running": 2, "deadline": "2h"}
    workflow(tenant, "turns", "direct", act, short, settings=keyed)
    turns = {**CALL, "name": "turns", "params": {"workflow": "turns", "input": {"key": "a"}}}
    called = {**CALL, "name": "called", "on_error": "continue"}
    arms = [{"name": "one", "steps": [called]}, {"name": "two", "steps": [turns]}]
    both = {"name": "both", "action": "parallel", "params": {"branches": arms}}
    each = {
        "name": "each",
        "action": "for_each",
        "params": {"items": [1, 2, 3], "steps": [both], "concurrency": 2, "if_one_fails": "stop"},
    }
    workflow(tenant, "family", "x", each, settings={"max_running": 4})


def work(group, end, troubles):
    machine = Machine(group)
    try:
        while monotonic() < end:
            # A claim waits half a second for a row that another is changing; the dispatcher, too,
            # comes back for it.
            with suppress(psycopg.errors.LockNotAvailable):
                machine.turn(limit=3)
    except Exception as trouble:
        troubles.append(repr(trouble))
        raise
    finally:
        machine.close()


def disturb(tenant, chance, end, troubles):
    """Do what people and clocks do."""
    past = {"due_at": F("created_at"), "deadline_at": F("created_at")}
    try:
        while monotonic() < end:
            dice = chance.random()
            live = WorkflowRun.objects.filter(due_at__isnull=False)
            if dice < 0.3:
                fire(tenant, chance.choice(["x", "direct"]), {"key": chance.choice("ab")})
            elif dice < 0.6:
                travel()
            elif dice < 0.8:
                one_of(chance, live, lambda run: cancel(tenant, run.pk))
            elif dice < 0.9:
                failed = WorkflowRun.objects.filter(status="failed", parent_run=None)
                one_of(chance, failed, lambda run: retry_failed_step(tenant, run.pk))
            elif dice < 0.95:
                ended = WorkflowRun.objects.filter(due_at=None, parent_run=None)
                one_of(chance, ended, lambda run: start_again(tenant, run.pk, "user:x"))
            else:
                late = live.exclude(deadline_at=None).filter(status__in=["waiting", "queued"])
                WorkflowRun.objects.filter(
                    pk__in=list(late.values_list("pk", flat=True)[:1])
                ).filter(due_at__isnull=False).update(**past)
            time.sleep(0.01)
    except Exception as trouble:
        troubles.append(repr(trouble))
        raise


def one_of(chance, rows, act):
    found = list(rows.order_by("-id")[:40])
    if found:
        try:
            act(chance.choice(found))
        except Refused:
            return


def come_to_rest(tenant):
    """Let some time pass, then cancel what is left."""
    machine = Machine()
    try:
        for _ in range(5):
            machine.work(2000)
            laws_hold()
            travel()
        for run in WorkflowRun.objects.filter(due_at__isnull=False, parent_run=None):
            cancel(tenant, run.pk)
            laws_hold()
        machine.work(2000)
        laws_hold()
    finally:
        machine.close()
