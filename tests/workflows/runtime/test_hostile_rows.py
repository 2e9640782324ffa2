"""Whatever stands in a row, written past every check: it is put aside, and all else goes on.

Every JSON and text column of the models is either poisoned here, or excused with a reason: a new
one fails the test until somebody has thought about it.
"""

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, connection, models, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from tests.support.approvals import ask
from tests.support.people import make_member
from tests.workflows.runtime.conftest import publish_steps
from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.lane import WorkflowLane
from workflows.models.run import WorkflowRun
from workflows.models.schedule import WorkflowSchedule
from workflows.models.version import WorkflowVersion
from workflows.runtime.database import database_now
from workflows.runtime.programs import program_of
from workflows.services import chores
from workflows.services.alerts import tell_owners
from workflows.services.approval_mails import tell_approvers
from workflows.services.fire import fire
from workflows.services.pace import Pace
from workflows.services.publish import publish
from workflows.services.schedules import fire_due

pytestmark = pytest.mark.django_db(transaction=True)

# JSON that Python cannot read, JSON that is no object, and objects that are none of ours.
JSONS = {
    "exponent": '{"a": 1e5000}',
    "digits": json.dumps({"a": "X"}).replace('"X"', "9" * 131_071),
    "fraction": '{"a": 1e-16000}',
    "deep": "[" * 3000 + "]" * 3000,
    "null": "null",
    "number": "7",
    "huge number": "1e5000",
    "text": '"text"',
    "list": '[1, null, "x", {}]',
    "list of objects": '[{"step_name": 7}, {}]',
    "empty object": "{}",
    "strange object": '{"step": [], "step_name": {}, "input": 3, "awaits": "event", "begun": {},'
    ' "match": [], "key": {}, "label": null, "type": 5, "faults": "x", "attempt": "many",'
    ' "children": [], "retry": 3, "resume": [], "not_before": 4, "event": "no id",'
    ' "approval_id": 4, "op": "?", "instructions": 5, "language_version": 2}',
    "control characters": '{"a": "\\u0001\\r\\nBcc: evil@example.com", "\\u001b": "\\u202e"}',
    "addresses": '["\\"\\u0001\\"@example.com", "a\\r\\nb@example.com", "@", "x@", "é@é.example",'
    ' "' + "x" * 5000 + '@example.com", "role:", ""]',
}
TEXTS = {
    "empty": "",
    "control characters": "a\x01b\r\nBcc: evil@example.com\x7f",
    "separators": "a\u2028b\u2029c\x85d",
    "direction": "\u202e\u2066x",
    "quotes": "\"'<b>{{ x }}{% y %}%(z)s%s\\",
    "address": '"\x01"@example.com',
    "long": "x" * 100_000,
    "zone": "../../etc/passwd",
    "folder": "America",
    "cron": "99 99 31 2 *",
    "number": "1e999999999",
    "colons": "event:[:[{]",
}
ENGINE_OWN = "the engine's own word, or a number beside it: what reads it compares it in SQL"
FOR_PEOPLE = "only pages show it"
EXCUSED = {
    (WorkflowEvent, "source"): FOR_PEOPLE,
    (WorkflowRun, "status"): ENGINE_OWN,
    (WorkflowRun, "wake_reason"): ENGINE_OWN,
    (WorkflowRun, "error_message"): FOR_PEOPLE,
    (WorkflowRun, "output"): "written by the end of a run that nobody claims any more",
    (WorkflowRun, "lane_keys"): "compared in SQL with the keys of lanes",
    (WorkflowEvent, "search_keys"): "asked in SQL only",
    (WorkflowDefinition, "awaited_types"): "asked in SQL only",
    (WorkflowDefinition, "trigger_types"): "asked in SQL only",
    (WorkflowDefinition, "managed_by"): FOR_PEOPLE,
    (WorkflowDefinition, "updated_by"): FOR_PEOPLE,
    (WorkflowVersion, "note"): FOR_PEOPLE,
    (WorkflowApproval, "choice"): "of a decided one, which no mail tells of",
    (WorkflowApproval, "decided_by"): "of a decided one, which no mail tells of",
    (WorkflowApproval, "decided_via"): "of a decided one, which no mail tells of",
}
MODELS = (
    WorkflowRun,
    WorkflowEvent,
    WorkflowVersion,
    WorkflowDefinition,
    WorkflowApproval,
    WorkflowSchedule,
    WorkflowLane,
)
KINDS = (models.JSONField, models.CharField, models.TextField)


def columns():
    """Return every column of these models that may hold anything."""
    for model in MODELS:
        for field in model._meta.concrete_fields:
            is_list = type(field).__name__ == "ArrayField"
            if (isinstance(field, KINDS) or is_list) and (model, field.name) not in EXCUSED:
                yield pytest.param(model, field, id=f"{model.__name__}.{field.name}")


def poison(model, field, which, value):
    """Write a value with SQL; False: the table itself does not take it."""
    cast = "jsonb" if isinstance(field, models.JSONField) else "text"
    if isinstance(field, models.CharField) and field.max_length:
        value = value[: field.max_length]
    table, column = model._meta.db_table, field.column
    statement = f'UPDATE {table} SET "{column}" = %s::{cast} WHERE {which[0]} = %s'
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [value, which[1]])
            return cursor.rowcount > 0
    except DatabaseError:
        return False


class Company:
    """One with something of everything that workers read."""

    def __init__(self, tenant):
        self.tenant = tenant
        steps = [{"name": "a", "action": "log_note", "params": {"text": "{{ trigger.n }}!"}}]
        settings = {"concurrency_key": "{{ trigger.n }}"}
        self.definition = publish_steps(tenant, *steps, settings=settings)
        make_member(tenant, f"owner-{tenant.key}", "operations")
        self.waiting = WorkflowDefinition(tenant=tenant, key="waits", is_active=True)
        publish_waiting(tenant, self.waiting)
        ticked = WorkflowDefinition(tenant=tenant, key="ticked", is_active=True)
        publish(tenant, "t", ticked, {"name": "T", "trigger_type": "tick", "steps": steps})
        self.fire_all()
        fire(tenant, "begin", {"n": "7"})

    def fire_all(self):
        """Leave one of each to be done."""
        fire(self.tenant, "x", {"n": "1"})
        self.schedule = WorkflowSchedule.objects.create(
            tenant=self.tenant,
            key=f"s{WorkflowSchedule.objects.count()}",
            name="S",
            cron="* * * * *",
            event_type="tick",
            next_at=database_now() - timedelta(seconds=1),
        )
        self.approval = ask(self.tenant, approvers=[f"boss@{self.tenant.key}.example"])


def publish_waiting(tenant, definition):
    asked = {"type": "answer", "match": {"n": "{{ trigger.n }}"}, "look_back": "1h"}
    steps = [{"name": "w", "action": "wait_for_event", "params": asked}]
    publish(tenant, "t", definition, {"name": "V", "trigger_type": "begin", "steps": steps})


@pytest.fixture
def companies(tenant, other_tenant, machine):
    """Two companies, each with a run that waits; the first one's rows are poisoned."""
    both = Company(tenant), Company(other_tenant)
    # The waiting ones park; what is to be poisoned as it waits for a worker stays in the queue.
    WorkflowRun.objects.filter(definition__key="w").update(due_at=F("due_at") + timedelta(hours=1))
    machine.work()
    WorkflowRun.objects.filter(definition__key="w", status="queued").update(due_at=Now())
    return both


def fail_one(tenant):
    """Leave a failed run whose owner is to be told."""
    definition = WorkflowDefinition.objects.get(tenant=tenant, key="w")
    owner = make_member(tenant, f"told-{tenant.key}", "operations")
    owner.email = f"told@{tenant.key}.example"
    owner.save()
    WorkflowDefinition.objects.filter(pk=definition.pk).update(owner=owner)
    WorkflowRun.objects.create(
        tenant=tenant,
        definition=definition,
        version=1,
        status="failed",
        error_code="x",
        error_fingerprint="f",
        error_step="a",
        completed_at=timezone.now() - timedelta(minutes=5),
    )


def everything_once(machine, pace):
    """Let each part of a worker group look once, as its clock would."""
    machine.session.match_events()
    machine.work()
    WorkflowRun.objects.filter(status="queued").update(due_at=F("created_at"))
    fire_due(pace)
    tell_approvers(pace)
    tell_owners(pace)
    chores.refresh_run_stats()
    chores.forget_empty_lanes()
    chores.forget_rehearsals()
    machine.work()


@pytest.mark.parametrize(("model", "field"), list(columns()))
def test_a_hostile_row_is_put_aside_and_all_others_go_on(companies, machine, model, field):
    bad, good = companies
    fail_one(bad.tenant)
    fail_one(good.tenant)
    kinds = JSONS if isinstance(field, models.JSONField) else TEXTS
    pace = Pace()
    for name, value in kinds.items():
        program_of.cache_clear()
        bad.fire_all()
        fire(bad.tenant, "answer", {"n": "7"})
        which = ("tenant_id", bad.tenant.pk)
        if model is WorkflowDefinition:
            which = ("id", bad.definition.pk)  # others have the same key
        if not poison(model, field, which, value):
            continue
        WorkflowApproval.objects.filter(tenant=bad.tenant).update(notified_at=None)
        good.fire_all()
        [begun] = fire(good.tenant, "begin", {"n": name}).run_ids
        machine.work()
        fire(good.tenant, "answer", {"n": name})
        mail.outbox.clear()

        for _ in range(4):
            everything_once(machine, pace)

        of_good = WorkflowRun.objects.filter(tenant=good.tenant)
        left = of_good.filter(due_at__isnull=False).exclude(definition__name="Refunds")
        assert [run.pk for run in left if run.trigger_payload != {"n": "7"}] == [], name
        assert of_good.get(pk=begun).status == "completed", name
        good.schedule.refresh_from_db()
        assert good.schedule.last_at is not None, name
        good.approval.refresh_from_db()
        assert good.approval.notified_at is not None, name
        told = [one for sent in mail.outbox for one in sent.to]
        assert f"boss@{good.tenant.key}.example" in told, name
        assert not any("evil" in one for sent in mail.outbox for one in sent.recipients()), name
        assert_put_aside(bad, name)


def assert_put_aside(bad, name):
    """Nothing of the poisoned company's is tried for ever: it has ended well, or says why not."""
    live = WorkflowRun.objects.filter(tenant=bad.tenant, due_at__lte=Now())
    assert not live.exists(), (name, list(live.values_list("status", "pending", "error_code")))
    ended = WorkflowRun.objects.filter(tenant=bad.tenant, status="failed")
    assert not ended.filter(error_code=None).exists(), name
    due = WorkflowSchedule.objects.filter(tenant=bad.tenant, is_active=True, next_at__lte=Now())
    assert not due.filter(error_code=None).exists(), name
    late = WorkflowSchedule.objects.filter(tenant=bad.tenant, is_active=True, next_at=None)
    assert not late.filter(error_code=None).exists(), name
    untold = WorkflowApproval.objects.filter(tenant=bad.tenant, notified_at=None)
    assert not untold.filter(mail_failures=None).exists(), name
    assert not WorkflowEvent.objects.filter(tenant=bad.tenant, matched_at=None).exists(), name
