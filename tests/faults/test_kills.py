"""What one run looks like after its worker died, or was asked to stop, in the middle of a step.

Every other process, and all of it under load, is the matter of `make faults`.
"""

import os
import re
import signal
import time

import pytest
from django.db import connection

from tenants.models.order import Order
from tests.support.company import case
from tests.support.live import WorkerGroup, wait_until

pytestmark = pytest.mark.worker

# Nobody waits for the answer to a call whose worker is killed: it only must not come before that.
# On a busy machine seconds pass between the beginning of a step and the kill.
UNANSWERED = {"seconds": 60, "times": 1}
SLOW = {"seconds": 3, "times": 1}


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
    company.outside.behave("smtp", "slow", **UNANSWERED)
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
    company.outside.behave("whatsapp", "slow", **UNANSWERED)
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


def test_a_worker_at_the_end_of_its_life_finishes_its_step_before_it_is_replaced(
    live, live_database
):
    company, _ = live
    company.publish(case("seed_new_order"))
    company.outside.behave("whatsapp", "slow", seconds=8, times=1)
    short = {"SAYR_WORKER_LIFE_SECONDS": "3", "SAYR_GRACE_SECONDS": "1"}
    with WorkerGroup(live_database, **short) as group:
        company.order()
        run = under_way(company, step=1)
        old = pid_of(group, run)

        [ended] = company.ended()
        wait_until(lambda: old not in group.worker_pids())

    assert entries_of(ended) == [
        ("confirm_order", "completed"),
        ("notify_customer", "completed"),
        ("alert_operations", "completed"),
    ]
    assert (ended.status, ended.crashes) == ("completed", 0)
    assert len(company.received("whatsapp")) == 1


IDLE_BUT_FOR_PUMPS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND state = 'idle' AND pid <> pg_backend_pid()
    AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')
"""


def test_a_step_whose_worker_had_its_idle_connections_cut_keeps_its_result(live, group):
    company, _ = live
    company.publish(case("seed_new_order"))
    company.outside.behave("whatsapp", "slow", **SLOW)
    company.order()
    under_way(company, step=1)

    time.sleep(0.2)  # into the call
    with connection.cursor() as cursor:
        cursor.execute(IDLE_BUT_FOR_PUMPS)
        assert cursor.fetchone()[0] > 0

    [ended] = company.ended()
    assert (ended.status, ended.crashes) == ("completed", 0)
    assert len(company.received("whatsapp")) == 1
