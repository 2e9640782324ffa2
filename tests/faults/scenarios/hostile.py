"""One company's poisonous row, approver or name, under the load of another.

Written with SQL, since every door refuses them by now: they may be there of an older release.
"""

from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from tests.faults.jobs import ANSWER, order_job, waiting_job
from tests.faults.registry import scenario, shown_by
from tests.support.approvals import ask
from tests.support.live import wait_until
from tests.support.outside import running_sandbox
from tests.support.people import make_member
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire

PROBES = 5
LATER_MS = 1000  # than usual, at most
MAIL_SECONDS = 15
ALERT_SECONDS = 90  # the chore comes every minute
SAID_OF_EVENT = "SELECT evaluations::text FROM workflow_events WHERE id = %(id)s"
SAID_OF_RUN = "SELECT coalesce(error_code, '') FROM workflow_runs WHERE id = %(id)s"
# By way of JSON: an older release has no such column.
SAID_OF_APPROVAL = """
SELECT coalesce(to_jsonb(approval) ->> 'mail_failures', '') FROM workflow_approvals approval
WHERE id = %(id)s
"""


@scenario
@shown_by("tests/hostile/test_rows_of_workers.py")
def hostile_payload(stage):
    """A payload that Python cannot read is an event somebody waits for, and starts a run."""
    world = stage.world
    world.group()
    innocent = stage.shop(order_job(world.provider.address("ok")))
    guilty = stage.shop(waiting_job(), "guilty")
    listening = WorkflowDefinition(tenant=guilty.tenant, key="poisoned", is_active=True)
    log = {"name": "log", "action": "log_note", "params": {"text": "x"}}
    publish(
        guilty.tenant, "faults", listening, {"name": "P", "trigger_type": ANSWER, "steps": [log]}
    )
    order = guilty.fire()
    with stage.load(innocent, every=0.1), not_later(stage):
        event_id, run_id = _fire_poison(guilty.tenant)
        stage.fault()
        # What fails at it fails again and again, until no worker and no session is left.
        stage.rest(10, 12)
    _expect_code(stage, SAID_OF_EVENT, event_id, "unreadable_event")
    _expect_code(stage, SAID_OF_RUN, run_id, "unreadable_row")
    WorkflowDefinition.objects.filter(pk=listening.pk).update(is_active=False)
    fire(guilty.tenant, ANSWER, {"order_number": order})


@scenario
@shown_by("tests/hostile/test_rows_of_workers.py")
def hostile_approver(stage):
    """An approver's address of which no header can be made."""
    with _mailing(stage) as sandbox:
        guilty, other = stage.shop(waiting_job(), "guilty"), stage.shop(waiting_job(), "other")
        with not_later(stage):
            bad = ask(
                guilty.tenant, approvers=['"\x01"@example.com'], title="A\r\nBcc: b@b.example"
            )
            stage.fault()
            ask(other.tenant, approvers=["boss@other.example"])
            _expect_mail(stage, sandbox, "boss@other.example", MAIL_SECONDS)
        _expect_code(stage, SAID_OF_APPROVAL, bad.pk, "mail_address_invalid")
        _forget_questions(guilty, other)


@scenario
@shown_by("tests/hostile/test_rows_of_workers.py")
def hostile_name(stage):
    """A workflow's name of which no header can be made, of a run that failed."""
    with _mailing(stage) as sandbox:
        guilty, other = stage.shop(waiting_job(), "guilty"), stage.shop(waiting_job(), "other")
        with not_later(stage):
            # The first to be told of is the oldest.
            for shop, name in ((guilty, "Evil\rName"), (other, "Plain")):
                _fail_one(shop, name)
            stage.fault()
            _expect_mail(stage, sandbox, f"{other.tenant.key}@owner.example", ALERT_SECONDS)
        _expect_mail(stage, sandbox, f"{guilty.tenant.key}@owner.example", ALERT_SECONDS)
        _forget_questions(guilty, other)


@contextmanager
def not_later(stage):
    """See to it that another company's runs end as soon as before the block."""
    usual = max(_probes(stage))
    yield
    slowest = max(_probes(stage))
    if slowest > usual + LATER_MS:
        stage.verdict.lost.append(f"quiet runs took {slowest:.0f} ms, before {usual:.0f} ms")


def _probes(stage):
    so_far = len(stage.recoveries)
    for _ in range(PROBES):
        stage.rest(0.1, 0.4)
        stage.recovered(stage.fault())
        stage.faults -= 1
    return stage.recoveries[so_far:]


@contextmanager
def _mailing(stage):
    """Let workers work that send their mails to a server of this process."""
    stage.world.stop_workers()
    with running_sandbox() as sandbox:
        where = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sandbox.smtp_port)}
        group = stage.world.new_group(**where)
        try:
            yield sandbox
        finally:
            stage.world.stop(group)


def _fire_poison(tenant):
    with transaction.atomic(), connection.cursor() as cursor:
        fired = fire(tenant, ANSWER, {"order_number": "none"})
        [run_id] = fired.run_ids
        poison = '{"a": 1e5000}'
        cursor.execute(
            "UPDATE workflow_events SET payload = %s WHERE id = %s", [poison, fired.event_id]
        )
        cursor.execute(
            "UPDATE workflow_runs SET trigger_payload = %s WHERE id = %s", [poison, run_id]
        )
    return fired.event_id, run_id


def _fail_one(shop, name):
    owner = make_member(shop.tenant, f"owner-{shop.tenant.key}", "operations")
    owner.email = f"{shop.tenant.key}@owner.example"
    owner.save()
    definition = shop.definition
    WorkflowDefinition.objects.filter(pk=definition.pk).update(owner=owner, name=name)
    WorkflowRun.objects.create(
        tenant=shop.tenant,
        definition=definition,
        version=1,
        status="failed",
        error_code="x",
        error_step="wait",
        error_fingerprint=shop.tenant.key,
        completed_at=timezone.now() - timedelta(minutes=2),
    )


def _forget_questions(*shops):
    """Delete what was put there by hand: no order began it."""
    for shop in shops:
        WorkflowRun.objects.filter(tenant=shop.tenant).delete()


def _expect_code(stage, statement, key, code):
    try:
        wait_until(lambda: code in stage.world.ledger.one(statement, id=key), 20)
    except AssertionError:
        stage.verdict.lost.append(f"nothing says {code}")


def _expect_mail(stage, sandbox, address, seconds):
    try:
        wait_until(lambda: any(one.to == address for one in sandbox.received("smtp")), seconds)
    except AssertionError:
        stage.verdict.lost.append(f"no mail to {address}")
