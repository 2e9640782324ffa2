"""Processes are killed. Runs go on, no finished step runs again, nothing is left behind."""

import os
import re
import signal
import time

import psutil
import pytest

from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import WorkerGroup, wait_until

pytestmark = pytest.mark.worker

SLOW_MAIL = {"seconds": 3, "times": 1}


@pytest.fixture
def group(live_database):
    with WorkerGroup(live_database, workers=2, slots=4) as group:
        yield group


def entries_of(run):
    return [(entry["step_name"], entry["status"]) for entry in run.step_results]


def under_way(company, step):
    """Return the worker that is busy with this step of the company's only run."""

    def busy():
        run = company.runs().first()
        is_there = run and run.worker and run.current_step == step and run.pending
        return run if is_there and run.pending.get("begun") else None

    return wait_until(busy)


def pid_of(group, run):
    from workflows.models.worker import WorkflowWorker

    return WorkflowWorker.objects.get(number=run.worker).pid


def test_a_worker_killed_in_the_mail_step_is_replaced_and_only_that_step_is_done_again(live, group):
    company, _ = live
    company.publish(case("seed_new_order"))
    company.outside.behave("smtp", "slow", **SLOW_MAIL)
    order = company.order()
    run = under_way(company, step=2)

    time.sleep(0.2)  # into the call
    os.kill(pid_of(group, run), signal.SIGKILL)
    killed_at = time.monotonic()
    wait_until(lambda: (r := company.runs().get()) and r.worker and r.worker != run.worker, 5)
    resumed_after = time.monotonic() - killed_at

    [ended] = company.ended()
    assert resumed_after < 5
    assert ended.status == "completed"
    assert [entry["step_name"] for entry in ended.step_results] == [
        "confirm_order",
        "notify_customer",
        "alert_operations",
    ]
    # The finished steps did not happen again, and the mail carries the same id both times.
    assert len(company.received("whatsapp")) == 1
    assert Order.objects.get(pk=order.pk).status == "confirmed"
    message_ids = {
        re.search(r"(?im)^message-id: (.*)$", m.raw)[1] for m in company.received("smtp")
    }
    assert len(message_ids) == 1


def test_a_worker_killed_in_the_whatsapp_step_leaves_it_unknown_and_the_run_goes_on(live, group):
    company, _ = live
    company.publish(case("seed_new_order"))
    company.outside.behave("whatsapp", "slow", **SLOW_MAIL)
    company.order()
    run = under_way(company, step=1)

    time.sleep(0.2)
    os.kill(pid_of(group, run), signal.SIGKILL)

    [ended] = company.ended()
    assert ended.status == "completed_with_errors"
    assert entries_of(ended) == [
        ("confirm_order", "completed"),
        ("notify_customer", "unknown"),
        ("alert_operations", "completed"),
    ]
    assert ended.error_code == "outcome_unknown"


@pytest.mark.parametrize("victim", ["idle worker", "pusher", "monitor", "sentinel", "main"])
def test_claims_go_on_after_a_process_of_the_cluster_is_killed(live, group, victim):
    company, _ = live
    company.publish(case("seed_new_order"))
    before = group.everything()
    monitor, pusher = group.monitor_and_pusher()
    processes = {
        "idle worker": lambda: psutil.Process(group.worker_pids()[0]),
        "pusher": lambda: pusher,
        "monitor": lambda: monitor,
        "sentinel": group.sentinel,
        "main": group.main,
    }

    killed = processes[victim]()
    killed.kill()
    for _ in range(5):
        company.order()

    runs = company.ended(5, seconds=60)
    assert {run.status for run in runs} == {"completed"}
    assert len(company.received("whatsapp")) == 5
    if victim in {"sentinel", "main"}:
        survivors = [p for p in before if p.pid != group.process.pid and is_of_runs(p)]
        wait_until(lambda: not any(p.is_running() for p in survivors), 5)


def is_of_runs(process):
    try:
        return process.is_running() and process.cmdline()[-1:] == ["runs"]
    except psutil.NoSuchProcess:
        return False


def test_a_killed_supervisor_leaves_no_orphans(live, live_database):
    with WorkerGroup(live_database) as group:
        everything = group.everything()

        group.process.kill()

        wait_until(
            lambda: not any(p.is_running() and p.status() != "zombie" for p in everything), 5
        )


def test_on_sigterm_the_step_in_flight_finishes_and_nothing_is_repeated(live, live_database):
    company, _ = live
    company.publish(case("seed_new_order"))
    company.outside.behave("whatsapp", "slow", seconds=2, times=1)
    company.outside.behave("smtp", "slow", seconds=1, times=1)
    with WorkerGroup(live_database) as group:
        company.order()
        under_way(company, step=1)

        took = group.stop()

    run = company.runs().get()
    assert took < 10
    assert entries_of(run) == [("confirm_order", "completed"), ("notify_customer", "completed")]
    assert (run.status, run.worker, run.pending.get("begun")) == ("queued", None, None)
    with WorkerGroup(live_database):
        [ended] = company.ended()
    assert ended.status == "completed"
    assert len(company.received("whatsapp")) == 1
    assert len(company.received("smtp")) == 1


def test_a_worker_frozen_past_its_lease_changes_nothing_when_it_thaws(live, live_database):
    company, _ = live
    company.publish(case("seed_new_order"))
    company.outside.behave("smtp", "slow", seconds=1, times=1)
    with WorkerGroup(live_database, lease=3) as frozen:
        company.order()
        run = under_way(company, step=2)
        pid = pid_of(frozen, run)
        supervisor = psutil.Process(frozen.process.pid)
        supervisor.suspend()  # it would shoot the silent worker, and this is about the lease
        os.kill(pid, signal.SIGSTOP)
        with WorkerGroup(live_database, lease=3):
            [ended] = company.ended(seconds=20)
            os.kill(pid, signal.SIGCONT)
            time.sleep(2)
            after = company.runs().get()
        supervisor.resume()

    assert ended.status == "completed"
    assert after.step_results == ended.step_results
    assert after.lease_token == ended.lease_token
