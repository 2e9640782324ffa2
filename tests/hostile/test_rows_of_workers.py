"""Whatever stands in a row, written past every check: it is put aside, and all else goes on.

Every column of every model is poisoned, or excused with a reason (`columns.EXCUSED`): for each a
company of its own, all at once, beside one that must not notice. If anything is wrong, each column
is tried by itself, to say which it was.
"""

import logging
from pprint import pformat

import pytest
from django.core import mail
from django.db.models import F
from django.db.models.functions import Now

from tests.hostile.columns import CLASSES, columns, poison
from tests.hostile.company import EVERYTHING, PARTS, Company, Snapshot, settle, superuser
from tests.support.machine import LEASE, Machine
from workflows.models.approval import WorkflowApproval
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import WorkflowRehearsal
from workflows.models.run import WorkflowRun
from workflows.models.schedule import WorkflowSchedule
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.approvals import mails as approval_mails
from workflows.services.dry_run import backtest
from workflows.services.operations import alerts, overdue, periodic_tasks
from workflows.services.operations.health import look
from workflows.services.operations.pace import Pace
from workflows.services.schedules.firing import fire_due

pytestmark = pytest.mark.django_db(transaction=True)

LIVE = ("queued", "running", "waiting")
ROUNDS = 2  # what is put aside at the first look is left alone at the second


class Stage:
    """The companies, and a worker group that looks after all of them."""

    def __init__(self, kind):
        superuser("root")
        self.columns = columns(kind)
        self.good = Company("good", EVERYTHING)
        self.bad = [
            Company(f"bad{number}", PARTS[model])
            for number, (model, _field) in enumerate(self.columns)
        ]
        machine = Machine()
        settle(machine)
        machine.close()
        self.snapshot = Snapshot()

    def play(self, value, only):
        """Poison each company's column and let everything work; return what is wrong then."""
        self.snapshot.put_back()
        self.taken = {
            number
            for number, (model, field) in enumerate(self.columns)
            if number in only and poison(model, field, self.bad[number].tenant, value)
        }
        mail.outbox.clear()
        self.pace = Pace()
        machine = Machine("south")
        try:
            faults = [fault for _ in range(ROUNDS) for fault in self.look_once(machine)]
        finally:
            machine.close()
        return [*faults, *self.unfinished(), *self.tried_for_ever()]

    def look_once(self, machine):
        """Let each part of a worker group look once, as its clock would."""
        session = machine.session
        parts = [
            lambda: take_over_from_the_dead(session.connection(), LEASE, sweep=True),
            machine.work,
            lambda: WorkflowRun.objects.filter(status="queued").update(due_at=Now()),
            lambda: fire_due(self.pace),
            lambda: approval_mails.tell_approvers(self.pace),
            lambda: alerts.tell_owners(self.pace),
            lambda: overdue._tell(look()),
            periodic_tasks.refresh_run_stats,
            periodic_tasks.forget_empty_lanes,
            periodic_tasks.forget_rehearsals,
            periodic_tasks.forget_idempotency_keys,
            periodic_tasks.forget_notifications,
            periodic_tasks.count_problems,
            periodic_tasks.carry_on_bulk_retries,
            periodic_tasks.forget_bulk_retries,
            *(
                (lambda key=str(one): backtest.work(key))
                for one in WorkflowRehearsal.objects.values_list("pk", flat=True)
            ),
            machine.work,
        ]
        for part in parts:
            try:
                part()
            except Exception as fault:  # noqa: BLE001  # told together
                yield repr(fault)[:300]

    def unfinished(self):
        """Yield what should have been done for the good company, and was not."""
        tenant = self.good.tenant
        runs = WorkflowRun.objects.filter(tenant=tenant).exclude(definition__name="Refunds")
        for run in runs.exclude(definition__key="fails"):
            expected = "completed_with_errors" if run.definition.key == "sends" else "completed"
            if run.status != expected:
                yield f"{run.definition.key}: {run.status} {run.error_code}"
        if WorkflowSchedule.objects.get(tenant=tenant).last_at is None:
            yield "no schedule"
        told = [one for sent in mail.outbox for one in sent.recipients()]
        wanted = ["boss@good.example", "boss@good.example", "root@root.example"]
        if sorted(one for one in told if "good" in one or "root@" in one) != wanted:
            yield f"told: {told}"
        yield from (one for one in told if "evil" in one)
        done = WorkflowRehearsal.objects.get(tenant=tenant, kind="backtest")
        if (done.status, done.done) != ("done", done.total):
            yield f"backtest {done.status}"

    def tried_for_ever(self):
        """Yield what neither ended well nor says why not."""
        others = {"tenant__key__startswith": "bad"}
        live = WorkflowRun.objects.filter(
            due_at__lte=Now(), status__in=LIVE, tenant__paused_at=None, **others
        )
        ended = WorkflowRun.objects.filter(status="failed", error_code=None, **others)
        silent = WorkflowSchedule.objects.filter(
            error_code=None, is_active=True, next_at__lte=Now(), **others
        )
        untold = WorkflowApproval.objects.filter(notified_at=None, mail_failures=None, **others)
        new = WorkflowEvent.objects.filter(matched_at=None, **others)
        # One bad event, or run, is no reason to learn nothing of all others.
        of_rows = [
            one.tenant
            for one, (model, field) in zip(self.bad, self.columns, strict=True)
            # An event of another type is none that the workflow would be tried on.
            if model in {WorkflowEvent, WorkflowRun} and field.name != "type"
        ]
        tests = WorkflowRehearsal.objects.filter(kind="backtest", tenant__in=of_rows)
        undone = tests.exclude(status="done", done=F("total"))
        for found in (undone, live, ended, silent, untold, new):
            for key in found.values_list("tenant__key", flat=True):
                yield f"{found.model.__name__} of {key}"

    def faults_by_column(self, value, numbers):
        """Return what is wrong with each column by itself, found by halves."""
        faults = self.play(value, numbers)
        if not faults or len(numbers) == 1:
            named = {
                f"{self.columns[one][0].__name__}.{self.columns[one][1].name}" for one in numbers
            }
            return {name: faults[:4] for name in named if faults}
        half = len(numbers) // 2
        found = self.faults_by_column(value, numbers[:half])
        found |= self.faults_by_column(value, numbers[half:])
        return found or {"together": faults[:4]}


@pytest.mark.parametrize("kind", CLASSES)
def test_a_hostile_row_is_put_aside_and_all_others_go_on(kind, caplog):
    caplog.set_level(logging.CRITICAL)
    stage = Stage(kind)
    everything = list(range(len(stage.columns)))
    untried = set(everything)
    faults = {}
    try:
        assert stage.play(None, only=()) == []
        for name, value in CLASSES[kind][1].items():
            found = stage.play(value, everything)
            untried -= stage.taken
            if found:
                faults[name] = stage.faults_by_column(value, everything)
    finally:
        stage.snapshot.drop()

    assert not faults, pformat(faults, width=150)
    # The tables themselves refuse whatever is tried of these.
    assert {stage.columns[one] for one in untried} == set()
