"""A failed step says what is wrong with which value, and one click on it helps."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from tests.support.people import make_member
from tests.support.recovering import NEW, OLD, STEPS, Shop
from tests.workflows.admin.test_run_operations import address, recovery, sent
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.runs.cancel import cancel

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"
STEP = "notify_customer"
SENT_TO = "9613881234"
OTHER = {
    "name": "other",
    "steps": [{"name": "note", "action": "log_note", "params": {"text": "x"}}],
}


@pytest.fixture
def shop(tenant, outside, settings):
    shop = Shop(tenant, outside, settings).open()
    yield shop
    shop.close()


def offered(client, page, run, step=STEP):
    return recovery(client, page, WorkflowRun.objects.get(pk=run.pk), step)


def click(client, run, one, do, **more):
    answer = client.post(address(run, "recover"), sent(one, do, **more), follow=True)
    return answer.content.decode()


def sends(shop):
    return [len(shop.received(channel)) for channel in ("whatsapp", "smtp")]


def test_the_number_of_today_goes_with_one_message_and_nothing_else(ops, shop, page):
    order, run = shop.run_of()
    assert (
        "The order&#x27;s phone “70 88 12” is not a phone number of Lebanon."
        in ops.get(page(run)).content.decode()
    )
    shop.correct(order)
    one = offered(ops, page, run)
    assert one.said == f"The order now says {NEW}."
    assert one.button == "Send this message again with it"

    said = click(ops, run, one, one.way)
    shop.work()

    assert "“Notify customer” is being sent again, with what the record says now." in said
    assert sends(shop) == [1, 1]
    assert shop.received("whatsapp")[0].body["to"] == f"+{SENT_TO}"
    shown = ops.get(page(run)).content.decode()
    assert "WhatsApp message sent to +9613881234. Mail sent to ops@cedar.example." in shown
    assert WorkflowRun.objects.get(pk=run.pk).status == "completed"


@pytest.mark.parametrize("writes", [True, False])
def test_a_number_is_typed_where_the_order_is_as_it_was(writes, ops, shop, page):
    order, run = shop.run_of()
    one = offered(ops, page, run)
    assert (one.way, one.value.text, one.value.record) == ("with_value", OLD, "order")
    more = {"write_back": "yes"} if writes else {}

    bad = click(ops, run, one, one.way, key=one.value.key, value="70 88", **more)
    assert "It has too few digits" in bad
    assert 'value="70 88"' in bad
    assert ('name="write_back" value="yes" checked' in bad) == writes
    assert not LogEntry.objects.exists()

    click(ops, run, one, one.way, key=one.value.key, value=NEW, **more)
    shop.work()
    order.refresh_from_db()
    assert order.customer_phone == (NEW if writes else OLD)
    assert sends(shop)[0] == 1
    assert "Done with what ops wrote" in ops.get(page(run)).content.decode()


def test_an_order_without_a_phone_says_so_in_the_run_and_in_the_list(ops, shop, page):
    _order, run = shop.run_of(phone="")

    assert "The order has no phone." in ops.get(page(run)).content.decode()
    assert "The order has no phone." in ops.get(page(WorkflowRun)).content.decode()
    assert offered(ops, page, run).way == "with_value"


def test_the_second_person_reads_who_has_done_it(ops, shop, page):
    jad = make_member(shop.tenant, "jad", "operations")
    jad.first_name, jad.last_name = "Jad", "Rahme"
    jad.save()
    order, run = shop.run_of()
    shop.correct(order)
    one = offered(ops, page, run)
    client = Client()
    client.force_login(jad, backend=BACKEND)
    click(client, run, one, one.way)

    assert "Jad Rahme has had this done again already" in click(ops, run, one, one.way)
    assert "You have had this done again already" in click(client, run, one, one.way)
    shop.work()
    assert "Jad Rahme has had this done again already" in click(ops, run, one, one.way)
    assert "Jad Rahme has had this done again already" in click(ops, run, one, "done")
    assert sends(shop) == [1, 1]


def test_done_by_hand_is_noted_with_who_and_nothing_is_sent(ops, shop, page):
    _order, run = shop.run_of()
    one = offered(ops, page, run)

    assert "“Notify customer” is noted as done by hand." in click(ops, run, one, "done")

    shop.work()
    assert sends(shop) == [0, 1]
    assert "Done by hand: ops said so" in ops.get(page(run)).content.decode()
    assert "You have noted this as done already." in click(ops, run, one, "again")
    assert WorkflowRun.objects.get(pk=run.pk).status == "completed"


def test_support_reads_and_is_offered_nothing(support, shop, page):
    _order, run = shop.run_of()
    before = WorkflowRun.objects.values().get(pk=run.pk)

    shown = support.get(page(run)).content.decode()

    assert 'class="sayr-recovery"' not in shown
    assert "I take it" not in shown
    for name in ("recover", "take"):
        assert support.post(address(run, name), {"step": STEP}).status_code == 403
    assert WorkflowRun.objects.values().get(pk=run.pk) == before


def test_a_record_that_is_gone_leaves_the_typed_value(ops, shop, page):
    order, run = shop.run_of()
    shop.correct(order)
    one = offered(ops, page, run)
    type(order).objects.filter(pk=order.pk).delete()

    assert "The record does not exist any more." in click(ops, run, one, one.way)
    one = offered(ops, page, run)
    gone = click(ops, run, one, one.way, key=one.value.key, value=NEW, write_back="yes")
    assert "The record does not exist any more." in gone
    click(ops, run, one, one.way, key=one.value.key, value=NEW)
    shop.work()
    assert sends(shop) == [1, 1]


def test_what_failed_for_a_time_is_sent_again_as_it_was(ops, shop, page):
    shop.outside.behave("whatsapp", "fail", status=400, error="132000")
    _order, run = shop.run_of(phone=NEW)
    one = offered(ops, page, run)
    assert (one.way, one.button, one.value) == ("again", "Send this message again", None)
    shop.outside.behave("whatsapp", "ok")

    assert "“Notify customer” is being sent again." in click(ops, run, one, one.way)

    shop.work()
    assert WorkflowRun.objects.get(pk=run.pk).status == "completed"


def test_cancelled_meanwhile_it_says_who_had_it_done(ops, shop, page):
    order, run = shop.run_of()
    shop.correct(order)
    one = offered(ops, page, run)
    click(ops, run, one, one.way)
    cancel(shop.tenant, run.pk)
    shop.work()

    assert "You have had this done again already" in click(ops, run, one, one.way)
    assert sends(shop) == [0, 1]


def test_a_workflow_that_asks_people_leads_to_a_new_start(ops, shop, page):
    ask = {
        "name": "ask",
        "action": "approval",
        "params": {"title": "Go?", "approvers": ["nobody"], "timeout": "1s"},
    }
    definition = WorkflowDefinition.objects.get(key="orders")
    document = {**definition.definition, "steps": [*STEPS[1:], ask]}
    publish(shop.tenant, "t", definition, document)
    order, run = shop.run_of()
    cancel(shop.tenant, run.pk)
    shop.work()
    WorkflowRun.objects.filter(pk=run.pk).update(status="completed_with_errors", pending=None)
    shop.correct(order)

    one = offered(ops, page, run)

    assert (one.way, one.link.url) == (None, address(run, "correct"))


@pytest.mark.parametrize("kind", ["for_each", "parallel"])
def test_what_failed_in_parts_goes_with_the_number_of_today(kind, ops, shop, page):
    inner = {**STEPS[1], "on_error": "stop"}
    params = {
        "for_each": {"items": ["a"], "steps": [inner]},
        "parallel": {"branches": [{"name": "one", "steps": [inner]}, OTHER]},
    }[kind]
    around = {"name": "around", "action": kind, "params": {**params, "if_one_fails": "continue"}}
    definition = WorkflowDefinition.objects.get(key="orders")
    publish(shop.tenant, "t", definition, {**definition.definition, "steps": [around, STEPS[2]]})
    order, run = shop.run_of()
    part = WorkflowRun.objects.get(parent_run=run.pk, status="failed")
    # As long as nothing is put right, no button repeats the failure.
    assert offered(ops, page, run, "around").link.url == page(part)
    assert offered(ops, page, part).way == "with_value"
    shop.correct(order)
    assert offered(ops, page, part).said == f"The order now says {NEW}."
    one = offered(ops, page, run, "around")
    assert one.button.endswith("again with it")

    click(ops, run, one, one.way)
    shop.work()

    assert sends(shop) == [1, 1]
    assert WorkflowRun.objects.get(pk=run.pk).status == "completed"


def test_where_the_step_itself_is_wrong_the_workflow_is_the_way(ops, shop, page):
    wrong = {
        **STEPS[1],
        "params": {
            **STEPS[1]["params"],
            "phone": "{{ trigger.total_amount | plus: trigger.customer_name }}",
        },
    }
    definition = WorkflowDefinition.objects.get(key="orders")
    publish(shop.tenant, "t", definition, {**definition.definition, "steps": [wrong]})
    _order, run = shop.run_of()
    assert offered(ops, page, run).link.url == page(definition)

    publish(shop.tenant, "t", definition, {**definition.definition, "steps": STEPS})

    url = offered(ops, page, run).link.url
    assert url.startswith(address(run, "retry"))
    shown = ops.get(url).context
    assert (shown["preselected"], shown["asked_step"], shown["wants_newest"]) == (
        "step:",
        STEP,
        True,
    )


def test_more_ways_never_begin_with_one_that_fails_again(ops, shop, page):
    order, run = shop.run_of()
    assert ops.get(address(run, "retry")).context["preselected"] == ""
    shop.correct(order)
    assert ops.get(address(run, "retry")).context["preselected"] == "with_record"


def test_somebody_takes_a_run_and_gives_it_back(ops, shop, page):
    jad = make_member(shop.tenant, "jad", "operations")
    client = Client()
    client.force_login(jad, backend=BACKEND)
    _order, run = shop.run_of()
    url = address(run, "take")

    assert "You see to this run now" in ops.post(url, {"do": "take"}, follow=True).content.decode()
    late = client.post(url, {"do": "take"}, follow=True).content.decode()
    assert "Ops sees to it already." in late
    assert "ops sees to it since" in late
    assert "ops sees to it." in client.get(page(WorkflowRun)).content.decode()
    stolen = client.post(url, {"do": "give_back"}, follow=True).content.decode()
    assert "Ops sees to it already." in stolen
    client.post(url, {"do": "take", "instead_of": "user:ops"})
    assert WorkflowRun.objects.get(pk=run.pk).taken_by == "user:jad"
    client.post(url, {"do": "give_back"})
    assert WorkflowRun.objects.get(pk=run.pk).taken_by is None


def test_a_mail_that_some_have_got_lists_who_and_who_not(ops, shop, page):
    steps = [{**STEPS[2], "params": {**STEPS[2]["params"], "to": ["a@x.example", "b@x.example"]}}]
    definition = WorkflowDefinition.objects.get(key="orders")
    publish(shop.tenant, "t", definition, {**definition.definition, "steps": steps})
    shop.outside.behave("smtp", "fail", path="RCPT b@", status=550, error="5.1.1 No such user")
    _order, run = shop.run_of()
    shown = ops.get(page(run)).content.decode()
    assert "1 of 2 has this mail." in shown
    assert "It did not reach b@x.example." in shown
    one = offered(ops, page, run, "alert_operations")
    assert one.button == "Send it to the ones who did not get it"
    [step] = ops.get(page(run)).context["steps"]
    assert [(who.address, bool(who.why)) for who in step.recipients] == [
        ("b@x.example", True),
        ("a@x.example", False),
    ]


def test_a_question_is_what_a_waiting_run_offers_first(ops, world, page):
    WorkflowRun.objects.filter(pk=world.run.pk).update(
        status="waiting",
        pending={"step_name": "call", "awaits": "approval", "approval_id": str(world.approval.pk)},
    )

    shown = ops.get(page(world.run)).content.decode()

    question = reverse("admin:workflows_workflowapproval_change", args=[world.approval.pk])
    assert f'<a class="sayr-button" href="{question}">Decide the question</a>' in shown
    assert shown.index("Decide the question") < shown.index("Cancel…")
