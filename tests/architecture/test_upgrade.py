"""A database of version 0.1 with runs in it is migrated, and its runs go on where they stood."""

import json
import pydoc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_q.models import Schedule

from tests.support.live import LiveDatabase, connected_to
from tests.support.machine import Machine
from workflows.engine.decide import Then
from workflows.models.notification import WorkflowNotification
from workflows.models.run import WorkflowRun
from workflows.services.operations.periodic_tasks import CHORES
from workflows.services.runs.retry import retry_failed_step

VERSION_0_1 = ("workflows", "0003_rehearsals")
# Its document, and what version 0.1 compiled of it.
STORED = json.loads(Path(__file__).with_name("version_0_1.json").read_text())
PAST = datetime(2026, 1, 1, tzinfo=UTC)
QUESTION = UUID(int=0x1900 << 96)
ITEMS = ["a", "b"]
WAS_BROKEN = {"code": "broken", "params": {}}
EACH = {"step_name": "each", "action": "for_each", "input": {"items": ITEMS}}


@pytest.fixture(scope="module")
def old_database(django_db_setup, django_db_blocker):
    """A database as version 0.1 left it, connected to."""
    with django_db_blocker.unblock():
        database = LiveDatabase("sayr_upgrade", migrations=VERSION_0_1)
        database.migrate("django_q")
        with connected_to(database):
            yield database
        database.close()


def entry(name, status="completed", **more):
    times = {"started_at": PAST.isoformat(), "duration_ms": 1}
    return {"step_name": name, "action": "log_note", "status": status, **times, **more}


class OldRelease:
    """Writes rows as version 0.1 did."""

    def __init__(self):
        loader = MigrationLoader(connection)
        timetable = loader.graph.leaf_nodes("django_q")
        apps = self.apps = loader.project_state([VERSION_0_1, *timetable]).apps
        self.runs = apps.get_model("workflows", "WorkflowRun").objects
        self.tenant = apps.get_model("tenants", "Tenant").objects.create(key="old", name="Old")
        definitions = apps.get_model("workflows", "WorkflowDefinition").objects
        self.definition = definitions.create(
            tenant=self.tenant,
            key="old",
            name="Old",
            definition=STORED["document"],
            version=1,
            is_active=True,
            trigger_types=["old"],
        )
        apps.get_model("workflows", "WorkflowVersion").objects.create(
            tenant=self.tenant,
            definition=self.definition,
            version=1,
            document=STORED["document"],
            program=STORED["program"],
        )

    def run(self, status, number, **values):
        payload = {"items": ITEMS, "amount": 149.5}
        return self.runs.create(
            id=UUID(int=(0x1900 << 96) | (7 << 76) | (2 << 62) | number),
            tenant=self.tenant,
            definition=self.definition,
            version=1,
            status=status,
            **{"trigger_payload": payload, "started_at": PAST, **values},
        ).pk

    def told(self):
        """An approver was mailed, and superusers are left in peace until then."""
        self.apps.get_model("workflows", "WorkflowIdempotency").objects.create(
            tenant=self.tenant, source="approval_mail", key=f"{QUESTION.hex}:digest"
        )
        self.apps.get_model("django_q", "Schedule").objects.create(
            name="sayr.superusers_told", func="", repeats=0, next_run=PAST
        )


@pytest.fixture(scope="module")
def old_runs(old_database, django_db_blocker):
    """Runs of version 0.1 in every state in which something is stored; then it is migrated."""
    with django_db_blocker.unblock():
        old = OldRelease()
        nap = {"step": 0, "step_name": "nap", "action": "wait", "forgiven": 0}
        nap |= {"wake_at": PAST.isoformat(), "since": PAST.isoformat(), "input": {"for": "1h"}}
        family = {"step": 1, **EACH, "forgiven": 0, "awaits": "children", "since": PAST.isoformat()}
        found = {
            "queued": old.run("queued", 1, due_at=PAST, started_at=None),
            "waiting": old.run("waiting", 2, due_at=PAST, wait_type="time", pending=nap),
        }
        napped = [entry("nap", action="wait", output={})]
        # The first item came from an earlier visit, the second is under way.
        parent = found["parent"] = old.run(
            "waiting",
            3,
            due_at=datetime(9999, 12, 31, tzinfo=UTC),
            wait_type="children",
            children_open=1,
            current_step=1,
            step_results=napped,
        )
        item = {"entry": 3, "trigger_payload": {}, "current_step": 3, "due_at": PAST}
        child = old.run("queued", 4, parent_run=parent, item_index=1, item="b", **item)
        kept = {"oldest": str(child), "first": str(child), "last": str(child)}
        kept |= {"done": {"0": {"result": "a"}}}
        old.runs.filter(pk=parent).update(pending={**family, "children": kept})
        # An item failed in its second step, and the list with it.
        failed = found["failed"] = old.run("failed", 5, current_step=1)
        item = {"entry": 3, "trigger_payload": {}, "parent_run": failed}
        done = old.run("completed", 6, item_index=0, item="a", output={"result": "a"}, **item)
        broken = entry("second", "failed", error=WAS_BROKEN, then=Then.STOP)
        last = old.run(
            "failed",
            7,
            item_index=1,
            item="b",
            current_step=4,
            step_results=[entry("first"), broken],
            error_step="second",
            error_code="broken",
            completed_at=PAST,
            **item,
        )
        why = {"code": "item_failed", "params": {"item": 2, **WAS_BROKEN}}
        stopped = {**entry("each", "failed", error=why, then=Then.STOP), **EACH}
        stopped |= {"children": [str(done), str(last)], "done": {"0": {"result": "a"}}}
        old.runs.filter(pk=failed).update(
            step_results=[*napped, stopped],
            error_step="each",
            error_code="item_failed",
            error_fingerprint="f",
            completed_at=PAST + timedelta(seconds=9),
        )
        old.told()
        old_database.migrate()
        yield found


@pytest.fixture
def machine(old_runs, django_db_blocker):
    with django_db_blocker.unblock():
        worker = Machine()
        yield worker
        worker.close()


def steps(run_id):
    run = WorkflowRun.objects.get(pk=run_id)
    return run.status, [one["step_name"] for one in run.step_results]


def test_runs_that_were_under_way_go_on(machine, old_runs):
    machine.work()
    WorkflowRun.objects.filter(pk=old_runs["queued"]).update(due_at=PAST)
    machine.work()

    assert steps(old_runs["waiting"]) == ("completed", ["nap", "each", "last"])
    assert steps(old_runs["parent"]) == ("completed", ["nap", "each", "last"])
    each = WorkflowRun.objects.get(pk=old_runs["parent"]).step_results[1]
    assert each["output"]["results"] == ITEMS
    # Its version keeps its meaning: in language 1 a number with decimals is text.
    last = WorkflowRun.objects.get(pk=old_runs["waiting"]).step_results[-1]
    assert last["input"] == {"text": "149.5"}


def test_a_retry_goes_on_in_the_item_that_had_failed(machine, old_runs):
    run = WorkflowRun.objects.get(pk=old_runs["failed"])

    retry_failed_step(run.tenant, run.pk)
    machine.work()

    assert steps(run.pk) == ("completed", ["nap", "each", "last"])
    items = WorkflowRun.objects.filter(parent_run=run.pk).order_by("item_index")
    told = [[one["step_name"] for one in item.step_results] for item in items]
    assert told == [[], ["first", "second"]]
    assert [item.status for item in items] == ["completed", "completed"]


def test_who_was_told_stays_told(machine, old_runs):
    known = WorkflowNotification.objects.order_by("kind")
    columns = ("tenant__key", "kind", "subject", "recipient")

    assert list(known.values_list(*columns)) == [
        ("old", "approval", str(QUESTION), "digest"),
        (None, "work_waits", "", ""),
    ]
    assert known.last().sent_at == PAST - timedelta(hours=1)
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("name", CHORES)
def test_what_the_timetable_has_is_found_under_its_name(name):
    assert callable(pydoc.locate(f"workflows.services.chores.{name}"))


@pytest.mark.parametrize(
    "name", ["workflows.services.cancel_all.cancel_until", "workflows.services.backtest.work"]
)
def test_what_an_older_version_queued_is_found_under_its_name(name):
    assert callable(pydoc.locate(name))  # as django-q2 looks it up
