"""Whatever happens to workflows, in whatever order: the promises of the engine hold after it.

A failure prints the things that happened, one line each, and the seed. `make stateful
ARGS="--seed N"` does the same things again; `ARGS="--minutes 20"` goes on for long.
"""

import os
from collections import Counter
from random import Random
from time import monotonic

import pytest

from tests.workflows.runtime.fates import Fate
from tests.workflows.runtime.stateful import chance as st
from tests.workflows.runtime.stateful import documents
from tests.workflows.runtime.stateful.laws import LAWS, LAWS_OF_QUIET, broken
from tests.workflows.runtime.stateful.recorder import OF_CALLS, OF_WRITES
from tests.workflows.runtime.stateful.world import TROUBLES, World, is_current, unknown_step
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.services.runs.entries import entries_of

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = float(os.environ.get("SAYR_STATEFUL_SECONDS", "60"))
SEED = os.environ.get("SAYR_STATEFUL_SEED")  # only this one
FIRST_SEED = int(os.environ.get("SAYR_STATEFUL_FIRST_SEED", "0"))
WITHOUT = frozenset(os.environ.get("SAYR_STATEFUL_WITHOUT", "").split(","))
STEPS = 40
# Why nobody may say what became of a step that stopped its run for exactly that.
MAY_NOT_BE_SAID = ("nothing_unclear", "is_a_part", "unknown_run", "program_unreadable")
NOTHING = object()  # was done: there is nothing to look at
MOST_AT_ONCE = 6  # runs that an event started

which = st.integers(0, 1)
orders = st.sampled_from(documents.ORDERS)
any_run = st.integers(0, 50)
choices = st.sampled_from(["approve", "reject"])


RULES = []  # what can happen: its name, how often, and what is drawn for it


def happens(*, often=1, **given):
    """Make a rule of a function, after which every law is looked at if it did anything."""

    def decorate(function):
        RULES.append((function.__name__, often, given))
        return function

    return decorate


class Life:
    """One tenant's workflows, with everything that can happen to them."""

    def __init__(self, world, rng):
        self.world, self.rng = world, rng
        self.told = []  # what happened

    def live(self):
        """Let things happen, and everything come to its end."""
        self._publish_both()
        # In each life other things are frequent.
        weights = [often * self.rng.choice((0, 1, 1, 2, 4)) for _, often, _ in RULES]
        for _ in range(STEPS):
            name, _often, given = self.rng.choices(RULES, weights)[0]
            drawn = {key: one.draw(self.rng) for key, one in given.items()}
            self.told.append(f"{name}({', '.join(f'{k}={v!r}' for k, v in drawn.items())})")
            if getattr(self, name)(**drawn) is not NOTHING:
                self.check()
        self.told.append("the end")
        self._end()

    def _publish_both(self):
        draw = self.rng
        self.document = documents.documents().draw(draw)
        callee = documents.documents(calls=False).draw(draw)
        given, given_callee = (documents.settings().draw(draw) for _ in range(2))
        self.told += [f"{given} {self.document}", f"called: {given_callee} {callee}"]
        self.world.publish(documents.CALLEE, callee, given_callee, "never")
        self.world.publish("w", self.document, given, "new_order")
        for order in documents.ORDERS:
            self.world.order(order, yes=draw.random() < 0.5)

    # What comes in.

    @happens(order=orders, yes=st.booleans())
    def order(self, order, yes):
        live = WorkflowRun.objects.filter(parent_run=None, due_at__isnull=False)
        if live.count() >= MOST_AT_ONCE:
            return NOTHING
        return self.world.order(order, yes=yes)

    @happens(order=orders)
    def pay(self, order):
        self.world.pay(order)

    @happens(number=any_run)
    def correct_the_record(self, number):
        run = self._chosen(self._roots(), number)
        return NOTHING if run is None else self.world.correct(run)

    # Workers.

    @happens(often=4, worker=which, turns=st.integers(1, 4), claims_first=st.booleans())
    def work(self, worker, turns, claims_first):
        had = [self.world.work(worker, claims_first=claims_first) for _ in range(turns)]
        return None if any(had) else NOTHING

    @happens(worker=which)
    def work_on_many(self, worker):
        self.world.work(worker, limit=4)

    @happens(often=4, worker=which, moment=st.integers(1, 6), is_found=st.booleans())
    def die(self, worker, moment, is_found):
        self.world.recorder.fate = Fate(at=moment)
        self.world.work(worker)
        if is_found:
            self.world.take_over(1 - worker)

    @happens(worker=which)
    def take_over(self, worker):
        self.world.take_over(worker)
        self.world.end_rests()

    @happens(often=2, worker=which, number=st.integers(1, 10), how=st.sampled_from(TROUBLES))
    def database_trouble(self, worker, number, how):
        self.world.trouble = (number, how)
        self.world.work(worker)
        self.world.take_over(worker)

    @happens(often=2, worker=which, moment=st.integers(1, 6), order=orders)
    def pay_meanwhile(self, worker, moment, order):
        def pay():
            self.world.pay(order)
            self.world.match(1 - worker)

        self.world.work_meanwhile(worker, moment, pay)

    @happens(worker=which, moment=st.integers(1, 6), number=any_run, choice=choices)
    def somebody_acts_meanwhile(self, worker, moment, number, choice):
        def act():
            questions = self.world.open_questions()
            if number % 2 and questions:
                self.world.decide(questions[number % len(questions)], choice)
            else:
                self._cancel(number // 2)

        self.world.work_meanwhile(worker, moment, act)

    @happens(worker=which, moment=st.integers(1, 6))
    def another_works_meanwhile(self, worker, moment):
        self.world.work_meanwhile(worker, moment, lambda: self.world.nested(1 - worker))

    @happens()
    def all_is_quiet(self):
        self.all_that_is_due()

    def all_that_is_due(self):
        assert self.world.work_until_quiet(), "the runs go on for ever"
        self.check_quiet()

    # Others' servers, and what is written.

    @happens(often=4, worker=which, how=st.sampled_from(OF_CALLS))
    def a_call_fails(self, worker, how):
        self.world.recorder.next_call = how
        return self._work_until(worker, lambda: not self.world.recorder.next_call)

    @happens(often=2, worker=which, how=st.sampled_from(OF_WRITES))
    def a_write_fails(self, worker, how):
        self.world.recorder.next_write = how
        return self._work_until(worker, lambda: not self.world.recorder.next_write)

    @happens(address=st.sampled_from(documents.ADDRESSES))
    def go_down_or_come_back(self, address):
        self.world.recorder.down ^= {address}
        return NOTHING

    def _work_until(self, worker, is_over, turns=4):
        for turn in range(turns):
            if not self.world.work(worker):
                return None if turn else NOTHING
            if is_over():
                break
        return None

    # Time.

    @happens(often=4, number=any_run)
    def go_on(self, number):
        """Let everything be done, and one thing come that somebody waits for."""
        self.world.resume()
        self.all_that_is_due()
        run = self._chosen(WorkflowRun.objects.filter(status="waiting"), number)
        if run is None:
            return
        questions = [one for one in self.world.open_questions() if one.run_id == run.pk]
        if questions:
            self.world.decide(questions[0], "approve")
        elif (run.wait_type or "").startswith("event"):
            self.world.pay(run.pending["input"]["match"]["order"])
        else:
            self.world.pass_time(WorkflowRun.objects.filter(pk=run.pk))

    @happens(often=2)
    def time_passes(self):
        self.world.pass_time()

    @happens(number=any_run, is_deadline=st.booleans())
    def time_of_one_passes(self, number, is_deadline):
        found = self._chosen(WorkflowRun.objects.filter(status="waiting"), number)
        if found is None:
            return NOTHING
        one = WorkflowRun.objects.filter(pk=found.pk)
        return self.world.pass_time(one, past_deadline=is_deadline)

    @happens(worker=which)
    def deadline_passes_during_a_call(self, worker):
        self.world.deadline_during_call()
        self.world.work(worker)

    # People.

    @happens(number=any_run, choice=choices)
    def decide(self, number, choice):
        questions = self.world.open_questions()
        if not questions:
            return NOTHING
        self.world.decide(questions[number % len(questions)], choice)
        return None

    @happens(number=any_run, choice=choices)
    def answer_an_old_question(self, number, choice):
        old = [one for one in WorkflowApproval.objects.order_by("id") if not is_current(one)]
        if not old:
            return NOTHING
        approval = old[number % len(old)]
        before = _row(approval)
        is_taken = self.world.decide(approval, choice)
        # Of a run that a worker has nobody but this worker can say where it stands.
        if WorkflowRun.objects.get(pk=approval.run_id).status != "running":
            assert not is_taken, f"an answer was taken that nobody waits for: {approval.step_name}"
            assert _row(approval) == before
        return None

    @happens(often=3, number=any_run, with_record=st.booleans())
    def retry(self, number, with_record):
        run = self._chosen(self._roots("failed", "cancelled"), number)
        if run is None:
            return NOTHING
        if with_record:
            self.world.correct(run)
        self.world.retry(run, with_record=with_record)
        return None

    @happens(often=3, number=any_run, done=st.booleans())
    def settle(self, number, done):
        failed = WorkflowRun.objects.filter(status="failed").order_by("id")
        unclear = [run for run in failed if unknown_step(run)]
        if not unclear:
            return NOTHING
        self._settle(unclear[number % len(unclear)], done=done)
        return None

    def _settle(self, run, *, done):
        """Say what became of a step; return whether that was taken."""
        before = len(self.world.refusals)
        is_taken = self.world.settle(run, done=done)
        # That there is nothing to settle is no refusal to go on.
        refusals = self.world.refusals[before:]
        del self.world.refusals[before:]
        if run.error_code == "outcome_unknown" and run.error_step == unknown_step(run):
            self.world.unsettled += [one for one in refusals if one[1] in MAY_NOT_BE_SAID]
        return is_taken

    @happens(number=any_run, step=st.integers(-3, 5), newest=st.booleans(), corrects=st.booleans())
    def start_again(self, number, step, newest, corrects):
        ends = ("failed", "completed", "completed_with_errors", "cancelled", "skipped")
        run = self._chosen(self._roots(*ends), number)
        if run is None:
            return NOTHING
        names = [one["name"] for one in self.document["steps"]]
        name = names[step] if 0 <= step < len(names) else ""
        payload = {**run.trigger_payload, documents.WHOSE: "2"} if corrects else None
        self.world.start_again(run, from_step=name, newest=newest, payload=payload)
        return None

    @happens(number=any_run)
    def cancel(self, number):
        return self._cancel(number)

    def _cancel(self, number):
        live = WorkflowRun.objects.filter(parent_run=None, due_at__isnull=False)
        run = self._chosen(live, number)
        return NOTHING if run is None else self.world.cancel(run)

    @happens(given=documents.settings(), of_callee=st.booleans())
    def publish_again(self, given, of_callee):
        if of_callee:
            steps = [{"name": "m", "action": "mark", "params": {"to": "a"}}]
            self.world.publish(documents.CALLEE, {"name": "W", "steps": steps}, given, "never")
        else:
            self.world.publish("w", self.document, given, "new_order")

    @happens()
    def pause(self):
        self.world.pause()

    @happens()
    def resume(self):
        self.world.resume()

    def _end(self):
        """Let everything through: every run ends, and a person can let the failed ones go on."""
        self.world.calm()
        assert self.world.work_until_quiet(), "the runs go on for ever"
        self.check_quiet()
        self._let_everything_through()
        for number in range(3):
            failed = WorkflowRun.objects.filter(status="failed").order_by("id")
            for run in [one for one in failed if unknown_step(one)]:
                self._settle(run, done=bool(number % 2))
            for run in self._roots("failed", "cancelled"):
                self.world.retry(run, with_record=number == 1)
            self._let_everything_through()

    def _let_everything_through(self):
        stuck = self.world.let_everything_through(self.check_quiet)
        assert not stuck, f"never ends: {[(r.pk, r.status, r.wait_type) for r in stuck]}"
        self.check()

    def check_quiet(self):
        self.check(is_quiet=True)

    def check(self, *, is_quiet=False):
        sentences = broken(self.world, WITHOUT, is_quiet=is_quiet)
        assert not sentences, "\n".join(sentences)

    def _roots(self, *statuses):
        roots = WorkflowRun.objects.filter(parent_run=None).order_by("id")
        return roots.filter(status__in=statuses) if statuses else roots

    def _chosen(self, runs, number):
        found = list(runs.order_by("id"))
        return found[number % len(found)] if found else None


def as_it_stands():
    """Yield a line for each run: how it stands, and what it did."""
    runs = list(WorkflowRun.objects.order_by("id"))
    entries = {run.pk: entries_of(run) for run in runs}
    for run in runs:
        above = f" in {str(run.parent_run)[-6:]}" if run.parent_run else ""
        error = f", {run.error_step} {run.error_code}" if run.error_code else ""
        yield (
            f"{str(run.pk)[-6:]}{above}: {run.status}{error}, version {run.version}, step "
            f"{run.current_step}, {run.wait_type}, due {run.due_at}, {run.pending}"
        )
        for entry in entries[run.pk]:
            yield f"    {entry['step_name']} {entry['status']} {entry.get('then', '')} " + " ".join(
                f"{key}={entry[key]}"
                for key in ("turn", "started_at", "error", "attempts", "children")
                if key in entry
            )


def _row(approval):
    fields = ("status", "due_at", "pending", "lease_token", "current_step", "step_results")
    run = WorkflowRun.objects.filter(pk=approval.run_id).values(*fields).get()
    row = WorkflowApproval.objects.filter(pk=approval.pk).values("choice", "decided_at").get()
    return run, row


def test_a_stateful_life_keeps_every_law(tenant, library, capsys):
    end, tally = monotonic() + SECONDS, Counter()
    number = first = FIRST_SEED if SEED is None else int(SEED)
    while True:
        # Each life has a seed of its own: the same one does the same things.
        life = Life(World(tenant, library, tally), Random(number))
        try:
            life.live()
        except BaseException as failure:
            failure.add_note("\n".join([*life.told, *as_it_stands(), f"The seed: {number}"]))
            raise
        finally:
            life.world.close()
        number += 1
        if SEED is not None or monotonic() > end:
            break
    if "SAYR_STATEFUL_SECONDS" in os.environ:
        with capsys.disabled():
            print(f"\n{number - first} lives, from seed {first} on")
            print("".join(f"{tally[key]:8} {key}\n" for key in sorted(tally)))


def test_every_stateful_law_says_what_it_promises():
    assert all(check.__doc__.endswith(".") for check in (LAWS | LAWS_OF_QUIET).values())
