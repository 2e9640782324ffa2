"""Whatever happens to workflows, in whatever order: the promises of the engine hold after it.

A failure prints the things that happened, one line each, and the seed. `make stateful
ARGS="--seed N"` does the same things again; `ARGS="--minutes 20"` goes on for long.
"""

import os
import sys
from functools import wraps
from time import monotonic

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests.workflows.runtime.fates import Fate
from tests.workflows.runtime.stateful import documents
from tests.workflows.runtime.stateful.laws import LAWS, broken
from tests.workflows.runtime.stateful.recorder import OF_CALLS, OF_WRITES
from tests.workflows.runtime.stateful.world import World, is_current
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = float(os.environ.get("SAYR_STATEFUL_SECONDS", "60"))
SEED = os.environ.get("SAYR_STATEFUL_SEED")  # only this one
FIRST_SEED = int(os.environ.get("SAYR_STATEFUL_FIRST_SEED", "0"))
WITHOUT = frozenset(os.environ.get("SAYR_STATEFUL_WITHOUT", "").split(","))
STEPS = 30
EXAMPLES = 5  # of one seed
MOST_AT_ONCE = 6  # runs that an event started

which = st.integers(0, 1)
any_run = st.integers(0, 50)
choices = st.sampled_from(["approve", "reject"])


def happens(**given):
    """Make a rule of a function, after which every law is looked at."""

    def decorate(function):
        @rule(**given)
        @wraps(function)
        def and_then(self, **arguments):
            function(self, **arguments)
            self.check()

        return and_then

    return decorate


class Life(RuleBasedStateMachine):
    """One tenant's workflows, with everything that can happen to them."""

    make_world = None  # given by the test

    def __init__(self):
        super().__init__()
        self.world = type(self).make_world()

    @initialize(
        document=documents.documents(),
        callee=documents.documents(calls=False),
        given=documents.settings(),
        given_callee=documents.settings(),
    )
    def publish_both(self, document, callee, given, given_callee):
        self.document = document
        self.world.publish(documents.CALLEE, callee, given_callee, "never")
        self.world.publish("w", document, given, "x")
        self.world.fire("1", yes=True)

    # What comes in.

    @happens(order=st.sampled_from(documents.ORDERS), yes=st.booleans())
    def fire(self, order, yes):
        if WorkflowRun.objects.filter(parent_run=None, due_at__isnull=False).count() < MOST_AT_ONCE:
            self.world.fire(order, yes=yes)

    @happens(order=st.sampled_from(documents.ORDERS))
    def pay(self, order):
        self.world.pay(order)

    # Workers.

    @happens(worker=which, turns=st.integers(1, 4), claims_first=st.booleans())
    def work(self, worker, turns, claims_first):
        for _ in range(turns):
            if not self.world.work(worker, claims_first=claims_first):
                break

    @happens(worker=which)
    def work_on_many(self, worker):
        self.world.work(worker, limit=4)

    @happens(worker=which, moment=st.integers(1, 6), is_found=st.booleans())
    def die(self, worker, moment, is_found):
        self.world.recorder.fate = Fate(at=moment)
        self.world.work(worker)
        if is_found:
            self.world.take_over(1 - worker)

    @happens(worker=which)
    def take_over(self, worker):
        self.world.take_over(worker)
        self.world.end_rests()

    @happens(worker=which, statement=st.integers(1, 10))
    def database_trouble(self, worker, statement):
        self.world.trouble_at = statement
        self.world.work(worker)
        self.world.take_over(worker)

    # Others' servers, and what is written.

    @happens(how=st.sampled_from(OF_CALLS))
    def next_call_fails(self, how):
        self.world.recorder.next_call = how

    @happens(how=st.sampled_from(OF_WRITES))
    def next_write_fails(self, how):
        self.world.recorder.next_write = how

    @happens(address=st.sampled_from(documents.ADDRESSES))
    def go_down_or_come_back(self, address):
        self.world.recorder.down ^= {address}

    # Time.

    @happens()
    def time_passes(self):
        self.world.pass_time()

    @happens(number=any_run, is_deadline=st.booleans())
    def time_of_one_passes(self, number, is_deadline):
        found = self._chosen(WorkflowRun.objects.filter(status="waiting"), number)
        if found is not None:
            one = WorkflowRun.objects.filter(pk=found.pk)
            self.world.pass_time(one, past_deadline=is_deadline)

    @happens(worker=which)
    def deadline_passes_during_a_call(self, worker):
        self.world.deadline_during_call()
        self.world.work(worker)

    # People.

    @happens(number=any_run, choice=choices)
    def decide(self, number, choice):
        questions = self.world.open_questions()
        if questions:
            self.world.decide(questions[number % len(questions)], choice)

    @happens(number=any_run, choice=choices)
    def answer_an_old_question(self, number, choice):
        old = [one for one in WorkflowApproval.objects.order_by("id") if not is_current(one)]
        if not old:
            return
        approval = old[number % len(old)]
        before = _row(approval)
        is_taken = self.world.decide(approval, choice)
        # Of a run that a worker has nobody but this worker can say where it stands.
        if WorkflowRun.objects.get(pk=approval.run_id).status != "running":
            assert not is_taken, f"an answer was taken that nobody waits for: {approval.step_name}"
            assert _row(approval) == before

    @happens(number=any_run)
    def retry(self, number):
        run = self._chosen(self._roots("failed", "cancelled"), number)
        if run is not None:
            self.world.retry(run)

    @happens(number=any_run, done=st.booleans())
    def settle(self, number, done):
        run = self._chosen(self._roots("failed"), number)
        if run is not None:
            before = len(self.world.refusals)
            self.world.settle(run, done=done)
            # That there is nothing to settle is no refusal to go on.
            del self.world.refusals[before:]

    @happens(number=any_run, step=st.integers(-3, 5), newest=st.booleans(), corrects=st.booleans())
    def start_again(self, number, step, newest, corrects):
        ends = ("failed", "completed", "completed_with_errors", "cancelled", "skipped")
        run = self._chosen(self._roots(*ends), number)
        if run is None:
            return
        names = [one["name"] for one in self.document["steps"]]
        name = names[step] if 0 <= step < len(names) else ""
        payload = {"order": "2", "yes": True} if corrects else None
        self.world.start_again(run, from_step=name, newest=newest, payload=payload)

    @happens(number=any_run)
    def cancel(self, number):
        live = WorkflowRun.objects.filter(parent_run=None, due_at__isnull=False)
        run = self._chosen(live, number)
        if run is not None:
            self.world.cancel(run)

    @happens(given=documents.settings(), of_callee=st.booleans())
    def publish_again(self, given, of_callee):
        if of_callee:
            steps = [{"name": "m", "action": "mark", "params": {"to": "a"}}]
            self.world.publish(documents.CALLEE, {"name": "W", "steps": steps}, given, "never")
        else:
            self.world.publish("w", self.document, given, "x")

    @happens()
    def pause(self):
        self.world.pause()

    @happens()
    def resume(self):
        self.world.resume()

    def teardown(self):
        try:
            if sys.exc_info()[0] is None:
                self._end()
        finally:
            self.world.close()

    def _end(self):
        """Let everything through: every run ends, and a person can let the failed ones go on."""
        self.world.calm()
        assert self.world.work_until_quiet(), "the runs go on for ever"
        self.check()
        stuck = self.world.let_everything_through()
        assert not stuck, f"never ends: {[(r.pk, r.status, r.wait_type) for r in stuck]}"
        self.check()
        for _ in range(3):
            for run in self._roots("failed"):
                if not self.world.settle(run, done=False):
                    self.world.refusals.pop()
                    self.world.retry(run)
            stuck = self.world.let_everything_through()
            assert not stuck, f"never ends: {[(r.pk, r.status, r.wait_type) for r in stuck]}"
            self.check()

    def check(self):
        sentences = broken(self.world, WITHOUT)
        assert not sentences, "\n".join(sentences)

    def _roots(self, *statuses):
        return WorkflowRun.objects.filter(parent_run=None, status__in=statuses).order_by("id")

    def _chosen(self, runs, number):
        found = list(runs.order_by("id"))
        return found[number % len(found)] if found else None


def _row(approval):
    fields = ("status", "due_at", "pending", "lease_token", "current_step", "step_results")
    run = WorkflowRun.objects.filter(pk=approval.run_id).values(*fields).get()
    row = WorkflowApproval.objects.filter(pk=approval.pk).values("choice", "decided_at").get()
    return run, row


def test_a_stateful_life_keeps_every_law(tenant, library):
    end = monotonic() + SECONDS
    number = FIRST_SEED if SEED is None else int(SEED)
    while True:
        # Each seed is a run of its own: the same one does the same things.
        life = seed(number)(type("Life", (Life,), {"make_world": lambda: World(tenant, library)}))
        how = settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            # No shrinking: each example is a second of a real database's work.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        try:
            run_state_machine_as_test(life, settings=how)
        except BaseException as failure:
            failure.add_note(f"The seed: {number}")
            raise
        number += 1
        if SEED is not None or monotonic() > end:
            return


def test_every_stateful_law_says_what_it_promises():
    assert all(check.__doc__.endswith(".") for check in LAWS.values())
