"""What people, providers, time and death do to workflows, one function each."""

from contextlib import ExitStack, suppress
from datetime import datetime
from time import monotonic, sleep
from unittest import mock
from uuid import uuid4

from django.db import OperationalError, connection, connections

from tenants.models.order import Order
from tests.support.approvals import NEVER
from tests.support.time_travel import travel
from tests.workflows.runtime.fates import Death, Fate, die
from tests.workflows.runtime.machine import LEASE, Machine
from tests.workflows.runtime.stateful.documents import ORDERS, PERSON, PHONE, WHOSE, WORD
from tests.workflows.runtime.stateful.recorder import ANSWERED, TORN, Recorder
from workflows.engine.history import folding
from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.runtime import database
from workflows.runtime.database import database_now
from workflows.runtime.runs import store
from workflows.runtime.runs.execute import execute
from workflows.runtime.steps import live
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.reaper import take_over_from_the_dead
from workflows.services.approvals.approvers import Via, mail_decider
from workflows.services.approvals.decide import GivenAnswer, decide, open_ones
from workflows.services.approvals.refusals import NotDecided
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.operations.pause import pause, resume
from workflows.services.refusals import NotRetryable, RunHasEnded
from workflows.services.runs.cancel import cancel
from workflows.services.runs.entries import entries_of
from workflows.services.runs.one_step import do_again, mark_done
from workflows.services.runs.retry import retry_failed_step, start_again

ACTOR = "user:tester"
TABLES = (
    "workflow_approvals",
    "workflow_run_history",
    "workflow_runs",
    "workflow_lanes",
    "workflow_events",
    "workflow_versions",
    "workflow_definitions",
    "orders",
)
DEADLINE_SECONDS = 0.03
STILL_ROUNDS = 4  # in which nothing comes of anything any more
# How a statement, or a commit, of a worker fails: before it was done, or only its answer is lost.
BEFORE, AFTER, AT_COMMIT = "before", "after", "at_commit"
TROUBLES = (BEFORE, AFTER, AT_COMMIT)
MOST_KEPT = 0  # entries of earlier visits that a row keeps: every loop moves some


class Meanwhile(Fate):
    """Lets something happen at one of the moments at which a worker could die."""

    def __init__(self, at, act):
        super().__init__(at)
        self._act = act

    def passes(self):
        """Go through one more moment."""
        self.moment += 1
        # The test has one connection: not into the worker's transaction.
        if self._act is not None and self.moment >= self.at and not connection.in_atomic_block:
            act, self._act = self._act, None
            act()


class Worker(Machine):
    """A worker that does with a run what the dispatcher does, one turn at a time."""

    def turn(self, limit=1, *, held=None, claims_first=False):
        """Match and claim (or claim and match, as after a notification), and execute."""
        if not claims_first:
            self.session.match_events()
        claims = self.session.claim(limit)
        if claims_first:
            self.session.match_events()
        if held is not None:
            held.update(claim.run_id for claim in claims)
        watch = Watch(LEASE)
        for claim in claims:
            watch.take(claim, monotonic())
            if execute(claim, watch) is None:
                self.session.end_lease(claim)
        return len(claims)


class World:
    """One tenant with two workflows, two workers, and an outside that remembers."""

    def __init__(self, tenant, library, tally):
        forget()
        self.tally = tally  # what happened how often, in all lives
        self.tenant = tenant
        self.recorder = Recorder()
        self.recorder.declare(library)
        self.workers = [Worker("north"), Worker("south")]
        self.touched = set()  # runs whose worker died while it held them
        self.revived = {}  # root: when a person last let it go on after a failure
        self.refusals = []  # what was refused to a person, and must not have been
        self.unsettled = []  # runs whose unclear step nobody may settle, and why
        self.timed = {}  # run: when its time, or its deadline, was let pass
        self.paid = []  # (order, when)
        self.decided = {}  # approval: the choice that was taken
        self.trouble = (0, BEFORE)  # the statement or commit of a turn that fails, and how
        self.written = {}  # run: what stood in its entries when the laws were looked at last
        self._stack = ExitStack()
        self._inject()

    def close(self):
        """Leave nothing behind."""
        self._count()
        self._stack.close()
        for worker in self.workers:
            with suppress(Exception):
                worker.close()
        forget()

    def _count(self):
        """Count what came of everything."""
        for run in WorkflowRun.objects.all():
            self.tally[f"{'part' if run.parent_run else 'run'} {run.status}"] += 1
            self.tally["with a history"] += bool(run.entries_numbered)
        for call in self.recorder.calls:
            self.tally[f"call {call.end}"] += 1
            self.tally["call with the record's values"] += bool(call.revision)

    # What workflows there are.

    def publish(self, key, document, settings, trigger):
        """Publish a version of one of the two workflows."""
        definition = WorkflowDefinition.objects.filter(tenant=self.tenant, key=key).first()
        definition = definition or WorkflowDefinition(tenant=self.tenant, key=key, is_active=True)
        whole = {**document, "trigger_type": trigger, "settings": settings}
        publish(self.tenant, "tester", definition, whole)

    # What happens.

    def order(self, order, *, yes):
        """Let an order come in."""
        says = {WHOSE: order, WORD: "yes" if yes else "no", PHONE: "01"}
        Order.objects.create(tenant=self.tenant, number=uuid4().hex, **says)

    def correct(self, run):
        """Write another number into the order that a run is about."""
        order = Order.objects.get(pk=run.subject_id)
        setattr(order, PHONE, f"{int(getattr(order, PHONE)) + 1:02}")
        order.save()

    def pay(self, order):
        """Let the event come that runs wait for."""
        fire(self.tenant, "paid", {"order": order})
        self.paid.append((order, database_now()))

    def work(self, which, *, limit=1, claims_first=False):
        """Let one worker look once; return how many runs it had."""
        held = set()
        self.recorder.in_hand = None
        try:
            return self.workers[which].turn(limit, held=held, claims_first=claims_first)
        except Death:
            self._bury(which, held)
            return len(held)
        finally:
            self.recorder.fate = Fate()
            self.trouble = (0, BEFORE)

    def work_meanwhile(self, which, moment, act):
        """Let one worker look once, and something happen in the middle of its turn."""
        self.recorder.fate = Meanwhile(moment, act)
        return self.work(which)

    def nested(self, which):
        """Let a worker look while another is in the middle of its turn."""
        recorder, trouble = self.recorder, self.trouble
        fate, in_hand = recorder.fate, recorder.in_hand
        recorder.fate = Fate()
        try:
            self.work(which)
        finally:
            recorder.fate, recorder.in_hand, self.trouble = fate, in_hand, trouble

    def match(self, which):
        """Let a worker bring new events to the runs that wait for them."""
        self.workers[which].session.match_events()

    def take_over(self, which=0):
        """Let a worker look for the runs of the dead, and for leases that ended."""
        take_over_from_the_dead(self.workers[which].session.connection(), LEASE, sweep=True)

    def end_rests(self):
        """Let the rests pass that a run has after its worker died."""
        resting = WorkflowRun.objects.filter(status="queued", crashes__gt=0, due_at__lt=NEVER)
        resting.update(due_at=database_now())

    def pass_time(self, runs=None, *, past_deadline=False):
        """Let what some runs wait for be there now, or their deadline be past."""
        runs = WorkflowRun.objects.filter(status="waiting") if runs is None else runs
        now = database_now()
        moving = runs.filter(status="waiting", due_at__lt=NEVER)
        if past_deadline:
            moving = moving.exclude(deadline_at=None)
        self._note_time(moving.values_list("pk", flat=True), now)
        travel(runs, past_deadline=past_deadline)

    def deadline_during_call(self):
        """Let the deadline of whatever calls next pass while its call is under way."""

        def happens():
            sleep(2 * DEADLINE_SECONDS)

        statement = """UPDATE workflow_runs SET deadline_at = now() + %s * interval '1 second'
            WHERE deadline_at IS NOT NULL AND due_at <= now() AND status IN ('queued', 'waiting')
            RETURNING id"""
        with connection.cursor() as cursor:
            cursor.execute(statement, [DEADLINE_SECONDS])
            late = [row[0] for row in cursor.fetchall()]
        self._note_time(late, database_now())
        self.recorder.before_answer = happens

    def decide(self, approval, choice):
        """Answer a question; return whether the answer was taken."""
        try:
            decide(self.tenant, approval.pk, mail_decider(PERSON, Via.LINK), GivenAnswer(choice))
        except NotDecided:
            return False
        self.decided[approval.pk] = choice
        return True

    def retry(self, run, *, with_record=False):
        """Let a run that failed, or was cancelled, go on; return whether it does."""
        how = f"retried {run.status}{' with its record' * with_record}"

        def act():
            retry_failed_step(self.tenant, run.pk, with_record=with_record)

        return self._let_go_on(run, act, how)

    def settle(self, run, *, done):
        """Say what became of a step that nobody knows of; return whether that was taken."""
        step = unknown_step(run)

        def act():
            (mark_done if done else do_again)(self.tenant, run.pk, ACTOR)

        how = f"settled {'part' if run.parent_run else 'run'} as {'' if done else 'not '}done"
        is_taken = self._let_go_on(run, act, how, is_call=not done)
        # A worker that died may not have called at all.
        if is_taken and done and (calls := self.recorder.calls_of(run.pk, step)):
            calls[-1].end = ANSWERED
        return is_taken

    def start_again(self, run, **how):
        """Start a run again; return whether it was."""
        try:
            start_again(self.tenant, run.pk, ACTOR, **how)
        except NotRetryable:
            return False
        return True

    def cancel(self, run):
        """Cancel a run; return whether there was anything to cancel."""
        try:
            cancel(self.tenant, run.pk)
        except RunHasEnded:
            return False
        return True

    def pause(self):
        """Stop everything of the tenant."""
        pause(self.tenant, ACTOR)

    def resume(self):
        """Let it go on."""
        resume(self.tenant, ACTOR)

    # The end.

    def calm(self):
        """Nothing fails any more."""
        self.recorder.next_call = self.recorder.next_write = ""
        self.recorder.before_answer = None
        self.recorder.down.clear()
        self.trouble = (0, BEFORE)
        self.resume()

    def work_until_quiet(self, turns=300):
        """Let both workers work and take over until nothing is due; whether that came to an end."""
        for turn in range(turns):
            self.end_rests()
            self.take_over()
            if not self.work(turn % 2, limit=4) and not self.work(1 - turn % 2, limit=4):
                return True
        return False

    def let_everything_through(self, look):
        """Pay, decide and let time pass for as long as anything comes of it.

        Looks whenever nobody has anything to do. Returns the runs that have not ended then.
        """
        still = 0
        before = None
        while still < STILL_ROUNDS:
            self.work_until_quiet()
            live_runs = WorkflowRun.objects.filter(due_at__isnull=False).order_by("id")
            if not live_runs.exists():
                return []
            after = list(live_runs.values_list("id", "lease_token"))
            still = still + 1 if after == before else 0
            before = after
            for order in ORDERS:
                self.pay(order)
            for approval in self.open_questions():
                self.decide(approval, "approve")
            self.work_until_quiet()
            look()
            self.pass_time(WorkflowRun.objects.filter(wait_type__in=["time", "retry"]))
        return list(WorkflowRun.objects.filter(due_at__isnull=False).order_by("id"))

    def open_questions(self):
        """Return the questions that runs wait for at this moment."""
        rows = open_ones(WorkflowApproval.objects.order_by("id"))
        return [row for row in rows if is_current(row)]

    def _note_time(self, runs, now):
        for run_id in runs:
            self.timed.setdefault(run_id, []).append(now)

    def _let_go_on(self, run, act, how, *, is_call=True):
        before = database_now()
        try:
            act()
        except NotRetryable as refusal:
            self.refusals.append((run.pk, refusal.code))
            self.tally[f"{how}: {refusal.code}"] += 1
            return False
        self.tally[how] += 1
        root = self.recorder.root_of(run.pk)
        if run.status == "failed":
            # Of one that was cancelled, what had failed before still counts.
            self.revived[root] = before
        if is_call:
            self.recorder.persons[str(root)] = self.recorder.persons.get(str(root), 0) + 1
        return True

    def _bury(self, which, held):
        """Put another worker in the place of one that died."""
        if self.recorder.in_hand is not None:
            self.recorder.in_hand.end = TORN
        self.touched |= held
        die(self.workers[which])
        self.workers[which] = Worker(["north", "south"][which])

    def _inject(self):
        """Put the moments of death, and the trouble of the database, into the engine's seams."""
        real_write, real_carry_out = store.write, live.LiveExecutor.carry_out
        real_execute, real_commit = database.execute, connections["default"].commit

        def write(*arguments, **more):
            self.recorder.fate.passes()
            written = real_write(*arguments, **more)
            if not connection.in_atomic_block:
                self.recorder.in_hand = None
            self.recorder.fate.passes()
            return written

        def carry_out(*arguments, **more):
            progress = real_carry_out(*arguments, **more)
            self.recorder.in_hand = None
            self.recorder.fate.passes()
            return progress

        def run_statement(statement, values):
            how = self._trouble_now(BEFORE, AFTER)
            if how == BEFORE:
                raise OperationalError("canceling statement due to lock timeout")
            found = real_execute(statement, values)
            if how == AFTER:
                raise OperationalError("server closed the connection unexpectedly")
            return found

        def commit():
            real_commit()
            if self._trouble_now(AT_COMMIT):
                raise OperationalError("server closed the connection unexpectedly")

        for target, name, new in (
            (store, "write", write),
            (live.LiveExecutor, "carry_out", carry_out),
            (database, "execute", run_statement),
            (connections["default"], "commit", commit),
            (folding, "MAX_SUPERSEDED", MOST_KEPT),
        ):
            self._stack.enter_context(mock.patch.object(target, name, new))

    def _trouble_now(self, *kinds):
        """Return which trouble comes now, if one of these does."""
        number, kind = self.trouble
        if kind not in kinds or not number:
            return None
        self.trouble = (number - 1, kind)
        return kind if number == 1 else None


def is_current(approval):
    """Whether a run waits for this very question, or reminds people of it."""
    run = WorkflowRun.objects.filter(pk=approval.run_id).first()
    return run is not None and str(approval.pk) in asked_by(run)


def asked_by(run):
    """Return the ids of the questions that a run waits for at this moment."""
    if run.due_at is None:
        return set()
    last = {entry["step_name"]: entry for entry in run.step_results}
    waits = [run.pending or {}, *(entry.get("waiting") or {} for entry in last.values())]
    return {wait["approval_id"] for wait in waits if "approval_id" in wait}


def unknown_step(run):
    """Return the name of the step that stopped a run because nobody knows what became of it."""
    unclear = [one for one in entries_of(run) if one["status"] == "unknown"]
    return unclear[-1]["step_name"] if unclear else ""


def moment(text):
    """Return the time that an entry writes."""
    return datetime.fromisoformat(text)


def forget():
    """Empty every table of the engine."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("UPDATE tenants SET paused_at = NULL")
