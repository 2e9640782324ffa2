"""Schedules fire at their time, once, though two worker groups look at the clock."""

from datetime import datetime, timedelta

import pytest

from workflows.models.schedule import WorkflowSchedule
from workflows.runtime.database import database_now

pytestmark = pytest.mark.worker

DOCUMENT = {
    "name": "Morning report",
    "trigger_type": "time_to_report",
    "steps": [
        {
            "name": "tell",
            "action": "send_email",
            "params": {
                "to": ["ops@cedar.example"],
                "template": "ops_new_order_summary",
            },
        }
    ],
}
PAYLOAD = {"order_number": "all", "total_amount": "0", "currency": "USD", "customer_name": "-"}


def schedule(company, key, seconds, **values):
    """Make a schedule whose next time is so many seconds from now."""
    return WorkflowSchedule.objects.create(
        tenant=company.tenant,
        key=key,
        name=key,
        event_type="time_to_report",
        payload=PAYLOAD,
        cron="0 0 1 1 *",
        next_at=database_now() + timedelta(seconds=seconds),
        **values,
    )


def lateness(run):
    """Return how long after its time a run began."""
    return run.started_at - datetime.fromisoformat(run.trigger_payload["scheduled_at"])


def test_a_schedule_starts_its_workflow_once_and_on_time(live, worker_groups):
    company, other = live
    company.publish(DOCUMENT)
    made = schedule(company, "report", 2)
    schedule(company, "resting", 2, is_active=False)

    [run] = company.ended()

    assert run.status == "completed"
    assert run.actor == "schedule:report"
    assert timedelta() <= lateness(run) < timedelta(seconds=5)
    made.refresh_from_db()
    assert made.last_at == datetime.fromisoformat(run.trigger_payload["scheduled_at"])
    assert not other.runs().exists()


def test_many_at_the_same_second_fire_once_each(live, worker_groups):
    company, other = live
    company.publish(DOCUMENT)
    other.publish(DOCUMENT)
    for number in range(100):
        schedule(company, f"s{number}", 4)
        schedule(other, f"s{number}", 4)

    runs = company.ended(100, seconds=60) + other.ended(100, seconds=60)

    assert len(runs) == 200
    assert len({(run.tenant_id, run.actor) for run in runs}) == 200


def test_clocks_that_are_killed_are_replaced_in_time(live, worker_groups):
    company, _ = live
    company.publish(DOCUMENT)
    schedule(company, "report", 2)
    killed = [clock_of(group) for group in worker_groups]
    for process in killed:
        process.kill()

    [run] = company.ended()

    assert lateness(run) < timedelta(seconds=5)
    assert not {clock_of(group).pid for group in worker_groups} & {p.pid for p in killed}


def clock_of(group):
    """Return the pusher of the cluster `tasks`: what its guard started last."""
    return max(group.main_of("tasks").children()[0].children(), key=lambda process: process.pid)
