"""How many calls a host may have: what a worker counts, and what becomes of who finds no place."""

from contextlib import ExitStack, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic
from uuid import uuid4

import pytest
from django.utils import timezone

from actions.outbound.places import NoPlace, counted_by, place_at
from tests.support.live import wait_until
from tests.workflows.runtime.conftest import publish_steps
from tests.workflows.runtime.pumps import working
from workflows.models.run import WorkflowRun
from workflows.runtime.runs.execute import execute
from workflows.runtime.runs.store import cancel
from workflows.runtime.steps import call_places as places_module
from workflows.runtime.steps.call_places import CallPlaces
from workflows.runtime.workers.lease_keeper import Watch
from workflows.runtime.workers.session import DispatcherSession
from workflows.services.events.fire import fire

LEASE = timedelta(seconds=30)
HOST = "provider.test"
A, B, C = (uuid4() for _ in range(3))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Whoever finds no place gives up at once."""
    monkeypatch.setattr(places_module, "PATIENCE_SECONDS", 0.02)


class Calls:
    """The calls under way of a worker with eight slots."""

    def __init__(self, *others):
        self.companies = set(others)
        self.places = CallPlaces(8, lambda: self.companies)
        self.under_way = ExitStack()

    def begin(self, company, count=1, host=HOST):
        """Begin calls of different runs; return how many found a place."""
        self.companies.add(company)
        for begun in range(count):
            step = self.places.of(uuid4(), company)
            try:
                self.under_way.enter_context(step.place(host))
            except NoPlace:
                return begun
        return count


def test_a_company_alone_may_use_every_slot_for_one_host():
    assert Calls().begin(A, 20) == 8


def test_beside_others_a_host_has_its_share_of_the_slots():
    calls = Calls(B)
    assert (calls.begin(A, 20), calls.begin(B, 20, host="another.test")) == (4, 4)


def test_one_whose_calls_hang_keeps_no_other_from_the_same_host():
    calls = Calls(B, C)
    assert calls.begin(A, 20) == 4
    assert calls.begin(B, 20) == 2


def test_many_companies_at_a_silent_host_do_not_take_everything():
    calls = Calls()
    assert sum(calls.begin(uuid4(), 8) for _ in range(60)) <= 16


@pytest.mark.parametrize("raised", [None, ValueError(), SystemExit(), KeyboardInterrupt()])
def test_a_place_is_given_back_whatever_ends_the_call(raised):
    calls = Calls()
    with pytest.raises(type(raised)) if raised else ExitStack():  # noqa: SIM117
        with counted_by(calls.places.of(uuid4(), A)), place_at(HOST):
            assert calls.places.under_way(HOST) == 1
            if raised:
                raise raised
    assert (calls.places.under_way(HOST), calls.places._calls) == (0, {})


def test_the_second_call_of_a_step_always_has_a_place():
    """The first one was made: the step cannot be put off any more."""
    calls = Calls(B)
    step = calls.places.of(uuid4(), A)
    with step.place("another.test"):
        pass
    calls.begin(A, 4)
    with step.place(HOST):
        assert calls.places.under_way(HOST) == 5


def test_for_each_place_that_comes_free_one_run_is_woken_the_first_first():
    calls = Calls(B)
    calls.begin(A, 4)
    parked = [uuid4() for _ in range(10)]
    waits = [calls.places.wait_in_line(HOST, run_id) for run_id in parked]
    assert calls.places.to_wake() == []

    calls.under_way.close()

    assert (calls.places.to_wake(), calls.places.to_wake()) == (parked[:4], [])
    assert waits == sorted(waits)
    assert waits[0] < 1 < waits[9]


def test_ten_thousand_that_wait_look_a_few_times_in_a_second():
    places = CallPlaces(16, set)
    waits = [places.wait_in_line(HOST, uuid4()) for _ in range(4_000)]
    most = max(sum(start <= wait < start + 1 for wait in waits) for start in range(500))
    assert most <= 8


class Provider:
    """A server that answers when it is told to."""

    def __init__(self):
        self.answers, self.calls = Event(), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.calls.append(self.headers["Idempotency-Key"])
                outer.answers.wait(30)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *given):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def provider(settings):
    silent = Provider()
    host = f"127.0.0.1:{silent.server.server_port}"
    actions = {**settings.SAYR["ACTIONS"], "ALLOWED_PRIVATE_HOSTS": [host]}
    settings.SAYR = {**settings.SAYR, "ACTIONS": actions}
    yield silent
    silent.answers.set()
    silent.server.shutdown()
    silent.server.server_close()


def publish_call(tenant, provider, **more):
    step = {"name": "call", "action": "webhook", "params": {"url": provider.address, "body": {}}}
    publish_steps(tenant, {**step, "timeout": "25s"}, **more)


def quick(tenant):
    publish_steps(tenant, {"name": "a", "action": "log_note", "params": {"text": "done"}})


def parked():
    return WorkflowRun.objects.filter(status="waiting", wait_type="place")


@contextmanager
def beside_a_full_host(tenant, monkeypatch, others):
    """A worker of four slots whose host has no place for more than two, as others work there."""
    with working(monkeypatch, slots=4) as [one]:
        monkeypatch.setattr(one.pump.watch.places, "_companies", lambda: set(others))
        yield one.pump


@pytest.mark.django_db(transaction=True)
def test_beyond_the_share_runs_park_and_each_call_is_made_once(tenant, provider, monkeypatch):
    publish_call(tenant, provider)
    with beside_a_full_host(tenant, monkeypatch, [tenant.pk, B]) as pump:
        ids = [fire(tenant, "x", {}).run_ids[0] for _ in range(8)]
        wait_until(lambda: parked().count() == 6)
        wait_until(lambda: pump.slots.busy == 2)  # a slot comes free after its run has parked
        assert len(provider.calls) == 2
        waiting = parked().first()
        assert "begun" not in waiting.pending
        assert waiting.pending["no_place_at"] == "127.0.0.1"
        assert (waiting.pending["input"]["url"], waiting.step_results) == (provider.address, [])

        provider.answers.set()

        ended = WorkflowRun.objects.filter(pk__in=ids, status="completed")
        wait_until(lambda: ended.count() == 8)
        assert len(provider.calls) == len(set(provider.calls)) == 8
        assert not any("attempts" in run.step_results[0] for run in ended)
        wait_until(lambda: pump.watch.places._calls == {})


@pytest.mark.django_db(transaction=True)
def test_a_run_that_waits_for_a_place_can_be_cancelled_and_meets_its_deadline(
    tenant, provider, monkeypatch
):
    publish_call(tenant, provider, settings={"deadline": "2s"})
    with beside_a_full_host(tenant, monkeypatch, [tenant.pk, B]):
        for _ in range(4):
            fire(tenant, "x", {})
        wait_until(lambda: parked().count() == 2)
        first, second = parked()

        assert cancel(tenant.pk, first.pk) == "cancelled"

        wait_until(lambda: WorkflowRun.objects.get(pk=second.pk).status == "failed", 6)
        assert WorkflowRun.objects.get(pk=second.pk).error_code == "deadline_passed"
        assert len(provider.calls) == 2
        provider.answers.set()


@pytest.mark.django_db(transaction=True)
def test_a_paused_company_keeps_its_parked_runs(tenant, provider, monkeypatch):
    publish_call(tenant, provider)
    with beside_a_full_host(tenant, monkeypatch, [tenant.pk, B]) as pump:
        for _ in range(4):
            fire(tenant, "x", {})
        wait_until(lambda: parked().count() == 2)
        tenant.paused_at = timezone.now()
        tenant.save()
        provider.answers.set()
        wait_until(lambda: pump.slots.busy == 0)
        assert parked().count() == 2

        tenant.paused_at = None
        tenant.save()
        wait_until(lambda: not parked().exists())


@pytest.mark.django_db(transaction=True)
def test_waiting_for_a_place_takes_no_crash_from_a_run(tenant, provider):
    publish_call(tenant, provider)
    fire(tenant, "x", {})
    WorkflowRun.objects.update(crashes=1)
    session = DispatcherSession("north", 4, LEASE)
    [claim] = session.claim(4)
    watch = Watch(LEASE, slots=4)
    watch.take(claim, monotonic())
    watch.places._companies = lambda: {B}
    with ExitStack() as others:
        for _ in range(2):
            others.enter_context(watch.places.of(uuid4(), tenant.pk).place("127.0.0.1"))
        execute(claim, watch)
    session.close()

    run = parked().get()
    assert (run.crashes, run.lease_until, run.worker, provider.calls) == (1, None, None, [])
