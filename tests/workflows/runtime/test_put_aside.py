"""What is put aside says so with a code; and whoever fails closes its sessions."""

import pytest
from django.core import mail
from django.db import connection
from django.db.models import F

from tests.support.approvals import ask
from tests.support.live import wait_until
from tests.support.machine import LEASE
from tests.support.people import make_member
from tests.support.tenants import make_tenant
from tests.workflows.runtime.conftest import publish_steps
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.models.schedule import WorkflowSchedule
from workflows.presentation.approvals import mail_failure_words
from workflows.presentation.runs.errors import COLUMNS
from workflows.runtime.database import database_now
from workflows.runtime.runs.programs import program_of
from workflows.runtime.workers import dispatcher
from workflows.runtime.workers.session import DispatcherSession
from workflows.services.approvals import mails as approval_mails
from workflows.services.approvals.mails import tell_approvers
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.operations.pace import Pace
from workflows.services.schedules.firing import fire_due

pytestmark = pytest.mark.django_db(transaction=True)

LOG = {"name": "a", "action": "log_note", "params": {"text": "x"}}


def write(table, column, value, key):
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE {table} SET "{column}" = %s::jsonb WHERE id = %s', [value, key])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("trigger_payload", '{"a": 1e5000}'),
        ("trigger_payload", "[" * 3000 + "]" * 3000),
        ("step_results", '[{"a": 1e5000}]'),
        ("step_results", '{"no": "list"}'),
        ("step_results", "[7]"),
        ("pending", '{"a": 1e5000}'),
        ("pending", "[]"),
        ("pending", "7"),
    ],
)
def test_a_run_that_cannot_be_read_ends_at_once_with_a_code(tenant, machine, column, value):
    publish_steps(tenant, LOG)
    [run_id] = fire(tenant, "x", {}).run_ids
    write("workflow_runs", column, value, run_id)

    assert machine.turn() == 1

    run = WorkflowRun.objects.get(pk=run_id)
    assert (run.status, run.error_code, run.crashes) == ("failed", "unreadable_row", 0)
    assert str(COLUMNS[column]) in run.error_message
    assert "sys." not in run.error_message
    assert run.error_fingerprint  # its owner is told
    assert machine.turn() == 0


def test_a_broken_program_fails_its_runs_with_a_code(tenant, machine):
    definition = publish_steps(tenant, LOG)
    [run_id] = fire(tenant, "x", {}).run_ids
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workflow_versions SET program = %s WHERE definition_id = %s",
            ['{"language_version": 1, "schemas": 5}', definition.pk],
        )

    program_of.cache_clear()

    machine.turn()

    assert WorkflowRun.objects.get(pk=run_id).error_code == "program_unreadable"


def wait_for_answer(tenant, machine, number):
    definition = WorkflowDefinition(tenant=tenant, key="waits", is_active=True)
    asked = {"type": "answer", "match": {"n": "{{ trigger.n }}"}}
    steps = [{"name": "w", "action": "wait_for_event", "params": asked}]
    publish(tenant, "t", definition, {"name": "V", "trigger_type": "begin", "steps": steps})
    [run_id] = fire(tenant, "begin", {"n": number}).run_ids
    machine.work()
    return run_id


def test_an_event_that_cannot_be_read_says_so_and_the_next_one_counts(tenant, machine):
    run_id = wait_for_answer(tenant, machine, "7")
    poisoned = fire(tenant, "answer", {"n": "7"}).event_id
    write("workflow_events", "payload", '{"n": 1e5000}', poisoned)
    fire(tenant, "answer", {"n": "7"})

    machine.work()

    [told] = WorkflowEvent.objects.get(pk=poisoned).evaluations
    assert (told["started"], told["reason"]) == (False, "unreadable_event")
    assert WorkflowRun.objects.get(pk=run_id).status == "completed"


@pytest.mark.parametrize("pending", ["[]", '{"awaits": "event"}', '{"a": 1e5000}'])
def test_a_wait_that_cannot_be_read_ends_with_a_code(tenant, machine, pending):
    run_id = wait_for_answer(tenant, machine, "7")
    write("workflow_runs", "pending", pending, run_id)
    fire(tenant, "answer", {"n": "7"})

    for _ in range(4):
        machine.work()
        WorkflowRun.objects.filter(status="queued").update(due_at=F("created_at"))

    run = WorkflowRun.objects.get(pk=run_id)
    assert run.status == "failed"
    assert run.error_code in {"unreadable_row", "engine_error"}


def test_one_approver_is_no_trouble_of_the_others(tenant, other_tenant):
    bad = ask(tenant, approvers=['"\x01"@example.com'], title="Evil\r\nBcc: evil@example.com")
    good = ask(other_tenant, approvers=["boss@najd.example"])

    assert tell_approvers(Pace()) == 1

    assert [one.to for one in mail.outbox] == [["boss@najd.example"]]
    for approval in (bad, good):
        approval.refresh_from_db()
        assert approval.notified_at is not None
    assert list(bad.mail_failures.values()) == ["mail_address_invalid"]
    [said] = mail_failure_words(bad.mail_failures)
    assert said.startswith("The mail to ")
    assert good.mail_failures is None


@pytest.mark.parametrize("entry", ["{name}", "{address}", "role:operations"])
@pytest.mark.parametrize("address", ['"\x01"@example.com', "nobody@", "a@b", "a b@example.com"])
def test_a_member_whom_no_mail_can_reach_is_noted(tenant, entry, address):
    bad, good = [make_member(tenant, name, "operations") for name in ("bad", "good")]
    type(bad).objects.filter(pk=bad.pk).update(email=address)
    type(good).objects.filter(pk=good.pk).update(email="good@cedar.example")
    named = entry.format(name="bad", address=address)
    made = ask(tenant, approvers=[named, "good"])

    assert tell_approvers(Pace()) == 1

    made.refresh_from_db()
    assert [one.to for one in mail.outbox] == [["good@cedar.example"]]
    assert made.notified_at is not None
    assert list(made.mail_failures.values()) == ["mail_address_invalid"]
    [person] = made.mail_failures
    assert person
    assert "\x01" not in person


def test_who_may_not_decide_is_no_failure(tenant):
    own = make_member(tenant, "own", "operations")
    type(own).objects.filter(pk=own.pk).update(email="nobody")
    made = ask(tenant, approvers=["own"], requested_by="user:own")

    assert tell_approvers(Pace()) == 0

    made.refresh_from_db()
    assert (made.mail_failures, made.notified_at is None) == (None, False)


def test_an_approval_of_which_no_mail_can_be_made_says_so(tenant, other_tenant, monkeypatch):
    bad = ask(tenant, approvers=["boss@cedar.example"])
    real = approval_mails.mail_for
    monkeypatch.setattr(
        approval_mails, "mail_for", lambda one, to: 1 / 0 if one.pk == bad.pk else real(one, to)
    )
    ask(other_tenant, approvers=["boss@najd.example"])
    pace = Pace()

    assert [tell_approvers(pace), tell_approvers(pace)] == [1, 0]

    bad.refresh_from_db()
    assert bad.mail_failures == {"": "mail_not_composable"}
    assert bad.pk in pace.resting()


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("payload", '{"a": 1e5000}', "unreadable_row"),
        ("payload", "[]", "unreadable_row"),
        ("cron", "99 99 31 2 *", "minute"),
        ("time_zone", "America", "zone"),
        ("time_zone", "../../etc/passwd", "zone"),
    ],
)
def test_a_schedule_that_cannot_be_read_rests_and_says_why(
    tenant, other_tenant, column, value, code
):
    made = [
        WorkflowSchedule.objects.create(
            tenant=one, key="s", name="S", cron="* * * * *", event_type="t", next_at=database_now()
        )
        for one in (tenant, other_tenant)
    ]
    kind = "jsonb" if column == "payload" else "text"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE workflow_schedules SET {column} = %s::{kind} WHERE id = %s",
            [value, made[0].pk],
        )

    assert fire_due(Pace()) == 1

    bad = WorkflowSchedule.objects.get(pk=made[0].pk)
    assert (bad.next_at, bad.is_active, bad.error_code) == (None, True, code)


def sessions():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_a_pump_that_cannot_sign_on_leaves_no_session(monkeypatch):
    before, kept = sessions(), []

    def fail(self):
        kept.append(self)
        raise RuntimeError("no")

    monkeypatch.setattr(DispatcherSession, "beat", fail)
    for _ in range(5):
        with pytest.raises(RuntimeError):
            DispatcherSession("north", 2, LEASE)

    wait_until(lambda: sessions() <= before)  # the server takes a moment
    assert len(kept) == 5  # not for the garbage collector to see to


@pytest.mark.parametrize("part", ["work", "finish_steps"])
def test_a_pump_that_fails_closes_its_session_and_ends_its_process(monkeypatch, part):
    before, ended, kept = sessions(), [], []
    monkeypatch.setattr(dispatcher, "_is_asked_to_stop", lambda: False)
    monkeypatch.setattr(dispatcher, "_pause", lambda: None)
    monkeypatch.setattr(dispatcher, "end_this_process_after_the_task", lambda: ended.append(True))

    def fail(self):
        kept.append(self)
        raise ValueError("no")

    monkeypatch.setattr(dispatcher.Dispatcher, "work", lambda self: False)
    monkeypatch.setattr(dispatcher.Dispatcher, part, fail)
    for _ in range(4):
        assert dispatcher.dispatch() == "replaced"

    wait_until(lambda: sessions() <= before)  # the server takes a moment
    assert (len(ended), len(kept)) == (4, 4)


def test_a_time_zone_that_nobody_knows_is_utc(machine):
    tenant = make_tenant("odd", "Odd")
    type(tenant).objects.filter(pk=tenant.pk).update(time_zone="America")
    publish_steps(tenant, LOG | {"params": {"text": "{{ now | date: '%H' }}"}})
    [run_id] = fire(tenant, "x", {}).run_ids

    machine.work()

    assert WorkflowRun.objects.get(pk=run_id).status == "completed"
