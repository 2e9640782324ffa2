"""Who asked, however far away: nobody decides on what they set going, through whichever door."""

import re
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from actions.errors import PermanentFailure, TemporaryFailure
from actions.spec import Effect
from tenants.models.api_key import ApiKey
from tenants.models.order import Order
from tenants.tracking.signals import acting_as
from tests.support.people import make_member
from workflows.models.approval import WorkflowApproval
from workflows.models.bulk_retry import WorkflowBulkRetry
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.models.schedule import WorkflowSchedule
from workflows.runtime.database import database_now, rows
from workflows.runtime.waits.matching import match_new_events
from workflows.services.approvals.approvers import Via, addressees, key_decider_for, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide, waiting_for
from workflows.services.approvals.links import link_for
from workflows.services.approvals.refusals import MayNotDecide
from workflows.services.bulk_retries.carrying_on import carry_on
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.runs.one_step import mark_done
from workflows.services.runs.retry import retry_failed_step, start_again
from workflows.services.schedules.firing import fire_due, save_schedule, set_active

pytestmark = pytest.mark.django_db(transaction=True)

YES = GivenAnswer("approve")


def step(name, action, **params):
    return {"name": name, "action": action, "params": params}


ASK = step("ask", "approval", title="Pay?", approvers=["role:operations", "key:bank"])
PROBE = step("probe", "probe", to="x")


@pytest.fixture(autouse=True)
def _quiet(settings):
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def people(tenant):
    """Two of Operations: who asks, and who does not."""
    found = [make_member(tenant, name, "operations") for name in ("asker", "other")]
    for user in found:
        user.email = f"{user.username}@cedar.example"
        user.save()
    return found


@pytest.fixture
def world(tenant, worker, library, people):
    return World(tenant, worker, library)


class World:
    def __init__(self, tenant, worker, library):
        self.tenant, self.worker, self.fails = tenant, worker, False
        library(Effect.NOT_REPEATABLE, self.act)

    def act(self, params, context):
        if self.fails == "lost":
            raise TemporaryFailure("timed_out", may_have_arrived=True)
        if self.fails:
            raise PermanentFailure("away")
        return {}

    def publish(self, key, *steps, on="x", **more):
        shape = {"name": key, "trigger_type": on, "steps": list(steps), **more}
        definition = WorkflowDefinition(tenant=self.tenant, key=key, is_active=True)
        publish(self.tenant, "tester", definition, shape)

    def fail_and_mend(self, **fired):
        """Let a run fail that somebody else has started."""
        self.publish("w", PROBE, ASK)
        self.fails = fired.pop("fails", True)
        fire(self.tenant, "x", {}, actor="user:third", **fired)
        self.worker.work()
        self.fails = False
        return WorkflowRun.objects.get()


def asker():
    return get_user_model().objects.get(username="asker")


def directly(world):
    world.publish("w", ASK)
    fire(world.tenant, "x", {}, actor="user:asker")


def by_saving_a_record(world):
    world.publish("w", ASK, on="new_order")
    with acting_as("user:asker"):
        Order.objects.create(tenant=world.tenant, number="1")


def through_an_emitted_event(world):
    world.publish("first", step("emit", "emit_event", type="y", payload={}))
    world.publish("second", step("emit", "emit_event", type="z", payload={}), on="y")
    world.publish("third", ASK, on="z")
    fire(world.tenant, "x", {}, actor="user:asker")


def through_a_record_that_a_run_changed(world):
    fields = {"number": "7", "total_amount": 1}
    world.publish("first", step("make", "create_record", table="orders", fields=fields))
    world.publish("second", ASK, on="new_order")
    fire(world.tenant, "x", {}, actor="user:asker")


def through_a_run_that_failed(world):
    world.publish("first", PROBE)
    world.publish("second", ASK, on="workflow.run_failed")
    world.fails = True
    fire(world.tenant, "x", {}, actor="user:asker")


def through_a_called_workflow(world):
    world.publish("inner", ASK, on="nothing")
    world.publish("outer", step("call", "run_workflow", workflow="inner"))
    fire(world.tenant, "x", {}, actor="user:asker")


def in_an_item_behind_an_event(world):
    world.publish("first", step("emit", "emit_event", type="y", payload={}))
    world.publish("second", step("each", "for_each", items=[1], steps=[ASK]), on="y")
    fire(world.tenant, "x", {}, actor="user:asker")


def through_a_schedule(world):
    world.publish("w", ASK)
    schedule = WorkflowSchedule(key="daily", name="Daily", event_type="x", cron="* * * * *")
    save_schedule(world.tenant, "user:asker", schedule)
    WorkflowSchedule.objects.update(next_at=database_now())
    fire_due()
    # Who changes it afterwards has asked for nothing yet.
    set_active(world.tenant, "user:other", schedule, False)


def through_a_schedule_that_was_switched_on(world):
    world.publish("w", ASK)
    schedule = WorkflowSchedule(key="daily", name="Daily", event_type="x", cron="* * * * *")
    save_schedule(world.tenant, "user:other", schedule)
    set_active(world.tenant, "user:asker", schedule, True)
    WorkflowSchedule.objects.update(next_at=database_now())
    fire_due()


def through_a_key(world):
    world.publish("w", ASK)
    maker = make_key(world, "shop", "events:fire")
    APIClient().post(
        "/api/v1/triggers/x/", {}, format="json", headers={"Authorization": f"Api-Key {maker}"}
    )


def through_a_retry(world):
    run = world.fail_and_mend()
    retry_failed_step(world.tenant, run.pk, actor="user:asker")


def through_a_retry_in_the_admin(world):
    run = world.fail_and_mend()
    page = reverse("admin:workflows_workflowrun_retry", args=[run.pk])
    client = Client()
    client.force_login(asker())
    client.post(page, {"from": "failed_step"})


def through_a_retry_of_many(world):
    run = world.fail_and_mend()
    client = Client()
    client.force_login(asker())
    page = reverse("admin:workflows_workflowrun_changelist")
    client.post(page, {"action": "retry_chosen", "_selected_action": str(run.pk), "post": "yes"})
    job = WorkflowBulkRetry.objects.get()
    begin = reverse("admin:workflows_workflowbulkretry_begin", args=[job.pk])
    client.post(begin, {"per_minute": "60"})
    carry_on()


def through_a_retry_with_a_key(world):
    run = world.fail_and_mend()
    key = make_key(world, "robot", "runs:operate")
    APIClient().post(
        f"/api/v1/runs/{run.pk}/retry/", {}, format="json",
        headers={"Authorization": f"Api-Key {key}"},
    )  # fmt: skip


def by_saying_that_it_was_done(world):
    run = world.fail_and_mend(fails="lost")
    mark_done(world.tenant, run.pk, "user:asker")


def by_starting_again(world):
    run = world.fail_and_mend()
    start_again(world.tenant, run.pk, "user:asker")


def by_starting_again_what_was_theirs(world):
    world.publish("w", PROBE, ASK)
    world.fails = True
    fire(world.tenant, "x", {}, actor="user:asker")
    world.worker.work()
    world.fails = False
    again = start_again(world.tenant, WorkflowRun.objects.get().pk, "user:third", payload={"a": 1})
    world.worker.work()
    WorkflowApproval.objects.update(closed_at=database_now())
    WorkflowRun.objects.filter(pk=again).update(status="cancelled", due_at=None)
    start_again(world.tenant, again, "user:fourth", from_step="ask")


def by_answering_its_wait(world):
    wait = step("wait", "wait_for_event", type="sum", match={"id": "1"})
    world.publish("w", wait, ASK)
    fire(world.tenant, "x", {}, actor="user:third")
    world.worker.work()
    fire(world.tenant, "sum", {"id": "1", "amount": 999_999}, actor="user:asker")
    with transaction.atomic():
        match_new_events(rows)


WAIT = step("wait", "wait_for_event", type="sum", match={"id": "1"})
AT_ONCE = [{"name": "a", "steps": [WAIT]}, {"name": "b", "steps": [PROBE]}]


def answer_a_wait_below(world, *steps):
    world.publish("w", *steps)
    fire(world.tenant, "x", {}, actor="user:third")
    world.worker.work()
    fire(world.tenant, "sum", {"id": "1", "amount": 999_999}, actor="user:asker")
    with transaction.atomic():
        match_new_events(rows)
    world.worker.work()


def by_answering_a_wait_of_an_item(world):
    answer_a_wait_below(world, step("each", "for_each", items=[1], steps=[WAIT]), ASK)


def by_answering_a_wait_of_a_branch_at_once(world):
    answer_a_wait_below(world, step("both", "parallel", branches=AT_ONCE), ASK)


def by_answering_a_wait_of_a_called_workflow(world):
    world.publish("inner", step("each", "for_each", items=[1], steps=[WAIT]), on="nothing")
    answer_a_wait_below(world, step("call", "run_workflow", workflow="inner"), ASK)


def by_answering_a_wait_below_whoever_fired_the_event(world):
    world.publish("second", ASK, on="y")
    emit = step("emit", "emit_event", type="y", payload={})
    answer_a_wait_below(world, step("each", "for_each", items=[1], steps=[WAIT]), emit)


def by_answering_a_wait_below_before_it_was_started_again(world):
    world.fails = True
    answer_a_wait_below(world, step("each", "for_each", items=[1], steps=[WAIT]), PROBE, ASK)
    world.fails = False
    run = WorkflowRun.objects.get(parent_run=None)
    start_again(world.tenant, run.pk, "user:fourth", from_step="probe")


WAYS = [
    directly,
    by_saving_a_record,
    through_an_emitted_event,
    through_a_record_that_a_run_changed,
    through_a_run_that_failed,
    through_a_called_workflow,
    in_an_item_behind_an_event,
    through_a_schedule,
    through_a_schedule_that_was_switched_on,
    through_a_key,
    through_a_retry,
    through_a_retry_in_the_admin,
    through_a_retry_of_many,
    through_a_retry_with_a_key,
    by_saying_that_it_was_done,
    by_starting_again,
    by_starting_again_what_was_theirs,
    by_answering_its_wait,
    by_answering_a_wait_of_an_item,
    by_answering_a_wait_of_a_branch_at_once,
    by_answering_a_wait_of_a_called_workflow,
    by_answering_a_wait_below_whoever_fired_the_event,
    by_answering_a_wait_below_before_it_was_started_again,
]


def make_key(world, name, *scopes):
    """Let who asks make a key on its page; return the key."""
    client = Client()
    client.force_login(asker())
    page = reverse("admin:tenants_apikey_add")
    given = {"tenant": world.tenant.pk, "name": name, "scopes": list(scopes)}
    answer = client.post(page, given, follow=True).content.decode()
    return re.search(r'<code class="sayr-key" dir="ltr">([^<]+)</code>', answer)[1]


def asked(world):
    world.worker.work()
    return WorkflowApproval.objects.get(closed_at=None)


def assert_untouched(approval):
    approval.refresh_from_db()
    assert approval.decided_at is None


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_who_set_it_going_does_not_decide_by_any_door(tenant, world, people, way):
    who, other = people
    way(world)
    approval = asked(world)

    # The service
    with pytest.raises(MayNotDecide) as why:
        decide(tenant, approval.pk, user_decider(tenant, who, Via.ADMIN), YES)
    assert why.value.reason == "own_request"
    # The admin, and its inbox
    client = Client()
    client.force_login(who)
    page = reverse("admin:workflows_workflowapproval_change", args=[approval.pk])
    assert client.post(page, {"choice": "approve"}).status_code == 403
    assert "You asked for this yourself" in client.get(page).content.decode()
    assert waiting_for([tenant], who) == []
    # The link
    path = urlsplit(link_for(approval, "user:asker", who.email)).path
    answer = client.post(path, {"choice": "approve"})
    assert "You asked for this yourself" in answer.content.decode()
    # A key that is asked, with which they decide for themselves; and one that they made
    key, _secret = ApiKey.objects.create_key(
        tenant=tenant, name="bank", scopes=["approvals:decide"]
    )
    for decider in (key_decider_for(key, who.email), key_decider_for(made_by(key, who), "")):
        with pytest.raises(MayNotDecide):
            decide(tenant, approval.pk, decider, YES)
    assert_untouched(approval)
    # Nobody else is kept from it
    assert [one.person for one in addressees(approval)] == ["user:other"]
    assert waiting_for([tenant], other) == [approval.pk]
    decide(tenant, approval.pk, user_decider(tenant, other, Via.ADMIN), YES)


def made_by(key, user):
    key.made_by = user
    key.save()
    return key


def test_a_question_of_an_older_release_knows_its_askers_too(tenant, world, people):
    through_an_emitted_event(world)
    approval = asked(world)
    WorkflowApproval.objects.update(requesters=None)

    with pytest.raises(MayNotDecide):
        decide(tenant, approval.pk, user_decider(tenant, people[0], Via.ADMIN), YES)

    assert_untouched(approval)


# Where the asker has their mail, and where somebody is asked.
@pytest.mark.parametrize(
    ("own", "asked_at", "is_own"),
    [
        ("asker@cedar.example", "asker+pay@cedar.example", True),
        ("asker+work@cedar.example", "Asker@CEDAR.example", True),
        ("asker+work@cedar.example", "asker+pay@cedar.example", True),
        ("asker@cedar.example", "askers+pay@cedar.example", False),
        ("asker@cedar.example", "asker+pay@partner.example", False),
        ("+asker@cedar.example", "+other@cedar.example", False),
    ],
)
def test_one_more_name_of_a_mailbox_is_no_other_person(
    tenant, world, people, own, asked_at, is_own
):
    people[0].email = own
    people[0].save()
    tenant.approver_addresses = ["@cedar.example", "@partner.example"]
    tenant.save()
    world.publish("w", step("ask", "approval", title="?", approvers=["{{ trigger.manager }}"]))
    fire(tenant, "x", {"manager": asked_at}, actor="user:asker")
    approval = asked(world)

    assert bool(addressees(approval)) is not is_own
    path = urlsplit(link_for(approval, f"mail:{asked_at.casefold()}", asked_at)).path
    Client().post(path, {"choice": "approve"})
    approval.refresh_from_db()
    assert (approval.decided_at is None) is is_own


def test_a_second_account_with_the_same_address_is_the_same_person(tenant, world, people):
    directly(world)
    approval = asked(world)
    second = make_member(tenant, "second", "operations")
    second.email = people[0].email.upper()
    second.save()

    with pytest.raises(MayNotDecide):
        decide(tenant, approval.pk, user_decider(tenant, second, Via.ADMIN), YES)

    assert_untouched(approval)


def test_the_askers_of_others_runs_are_not_mixed_in(tenant, other_tenant, world, people):
    directly(world)
    run = WorkflowRun.objects.get()
    approval = asked(world)

    assert approval.requesters == ["user:asker"]
    assert approval.requested_by == run.actor
