"""A dry run does what a run would do, and leaves nothing."""

import pytest
from django.db import connection, transaction

from actions import registry
from actions.models.connection import Connection
from actions.spec import Effect
from tenants.models.order import Order
from tests.support.company import Company, case
from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.dry_run.run import Occasion, dry_run, in_dry_run, script_of

CONFIRMED = [{"field": "status", "operator": "equals", "value": "confirmed"}]


@pytest.fixture
def company(tenant, outside):
    outside.journal.forget()
    company = Company(tenant, outside)
    company.connect()
    company.write_templates()
    return company


def document(*steps, **more):
    return {"name": "Tried", "trigger_type": "tried", "steps": list(steps), **more}


def step(name, action, **params):
    return {"name": name, "action": action, "params": params}


def confirm(name="confirm", status="confirmed"):
    return step(
        name, "update_record", table="orders", id="{{trigger.order_id}}", fields={"status": status}
    )


def call(name, **body):
    return step(name, "webhook", url="https://shop.example/hook", body=body)


def set_values(step_name, **values):
    return step(step_name, "set_values", values=values)


def statuses(rehearsal):
    return [(entry["step_name"], entry["status"]) for entry in rehearsal.entries]


def outputs(rehearsal):
    return {entry["step_name"]: entry.get("output") for entry in rehearsal.entries}


def traces():
    """Count what a dry run could have left."""
    models = (WorkflowEvent, WorkflowRun, WorkflowApproval)
    return [model.objects.count() for model in models]


def test_the_first_workflow_shows_what_it_would_send_and_sends_nothing(company):
    order = company.order()
    before = traces()
    payload = {
        "order_id": order.id,
        "order_number": order.number,
        "total_amount": order.total_amount,
        "currency": "USD",
        "customer_name": "Rami <b>",
        "customer_phone": "03 123 456",
    }

    rehearsal = dry_run(company.tenant, case("seed_new_order"), payload)

    assert rehearsal.status == "completed"
    assert statuses(rehearsal) == [
        ("confirm_order", "completed"),
        ("notify_customer", "completed"),
        ("alert_operations", "completed"),
    ]
    whatsapp, mail = rehearsal.would_send
    assert (whatsapp["kind"], whatsapp["to"]) == ("whatsapp", ["+9613123456"])
    assert whatsapp["content"]["values"] == [str(order.id), "149.90"]
    assert mail["content"]["subject"] == f"New Order: {order.id}"
    assert mail["content"]["text"] == f"Order {order.number}: 149.90 USD"
    assert "Rami &lt;b&gt;" in mail["content"]["html"]
    assert Order.objects.get(pk=order.pk).status == "new"
    assert traces() == before
    assert company.received("whatsapp") == company.received("smtp") == []


def test_later_steps_see_what_earlier_ones_wrote(company):
    order = company.order()
    look = step("look", "find_records", table="orders", where=CONFIRMED)

    rehearsal = dry_run(company.tenant, document(confirm(), look), {"order_id": order.id})

    assert outputs(rehearsal)["look"]["count"] == 1
    assert Order.objects.get(pk=order.pk).status == "new"


def test_nothing_stays_after_an_error_in_the_middle(company):
    order = company.order()
    before = traces()
    broken = [confirm(), set_values("no", x="{{trigger.missing}}"), call("never")]

    rehearsal = dry_run(company.tenant, document(*broken), {"order_id": order.id})

    assert rehearsal.status == "failed"
    assert rehearsal.error["error"]["code"] == "missing_value"
    assert rehearsal.would_send == []
    assert Order.objects.get(pk=order.pk).status == "new"
    assert traces() == before


def test_a_listening_workflow_hears_nothing_of_a_rehearsed_change(company):
    company.publish({**document(set_values("x", a=1)), "trigger_type": "order_status_changed"})
    order = company.order()
    before = traces()
    hooks = []

    with transaction.atomic():
        dry_run(company.tenant, document(confirm()), {"order_id": order.id})
        hooks.extend(connection.run_on_commit)

    assert hooks == []
    assert traces() == before
    order.status = "confirmed"
    order.save()
    assert traces()[1] == before[1] + 1  # a real change is heard


@pytest.fixture
def spoil(monkeypatch):
    """An action that writes, then sends what PostgreSQL refuses: its transaction is spoiled."""
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))

    def act(params, context):
        Order.objects.all().delete()
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    params = {"type": "object", "properties": {}, "additionalProperties": False}
    declare = registry.action(
        "spoil", label="", description="", params=params, effect=Effect.DATABASE
    )
    declare(act)


@pytest.mark.parametrize("place", [0, 1])
def test_a_write_that_the_database_refuses_leaves_the_rest_of_the_rehearsal_whole(
    company, spoil, place
):
    order = company.order()
    count = step("count", "find_records", table="orders", where=CONFIRMED)
    writing = [confirm()]
    writing.insert(place, {**step("spoil", "spoil"), "on_error": "continue"})

    rehearsal = dry_run(company.tenant, document(*writing, count), {"order_id": order.id})

    assert dict(statuses(rehearsal)) == {
        "spoil": "failed",
        "confirm": "completed",
        "count": "completed",
    }
    assert outputs(rehearsal)["count"]["count"] == 1
    assert Order.objects.get().status == "new"


def test_another_tenants_record_is_not_found(company, other_tenant):
    order = Order.objects.create(tenant=other_tenant, number="N1", total_amount="5")

    rehearsal = dry_run(company.tenant, document(confirm()), {"order_id": order.id})

    assert rehearsal.error["error"]["code"] == "record_not_found"


def test_a_version_of_another_tenant_is_refused(company, other_tenant):
    definition = company.publish(document(set_values("x", a=1)))
    version = WorkflowVersion.objects.get(definition=definition)

    with pytest.raises(WorkflowVersion.DoesNotExist):
        dry_run(other_tenant, version, {})


def test_a_document_that_cannot_be_published_gives_its_problems(tenant):
    rehearsal = dry_run(tenant, document(step("x", "no_such_action")), {})

    assert rehearsal.status == "invalid"
    assert [problem.code for problem in rehearsal.problems] == ["unknown_action"]


def test_an_event_that_would_not_start_it_says_so(tenant):
    only_big = {"all": [{"field": "trigger.total", "operator": "greater_than", "value": "100"}]}
    tried = document(set_values("x", a=1), trigger_filter=only_big)

    anyway = dry_run(tenant, tried, {"total": "5"})
    not_started = dry_run(tenant, tried, {"total": "5"}, whatever=False)

    assert anyway.status == "completed"
    assert anyway.verdict.reason == not_started.verdict.reason == "filtered_out"
    assert (not_started.status, list(not_started.entries)) == ("not_started", [])


def test_waits_are_skipped_and_said_and_the_clock_moves_on(tenant):
    tried = document(
        set_values("before", at="{{now}}"),
        step("rest", "wait", **{"for": "5d"}),
        set_values("after", days="{{steps.before.output.at | days_until: now}}", at="{{now}}"),
    )

    rehearsal = dry_run(tenant, tried, {})

    assert rehearsal.skipped_seconds == 5 * 24 * 3600
    assert rehearsal.entries[1]["rehearsal"] == {"skipped_seconds": 5 * 24 * 3600}
    assert rehearsal.entries[1]["status"] == "completed"


def test_the_rest_between_rounds_is_skipped(tenant):
    loop = step(
        "again",
        "repeat",
        steps=[set_values("turn", a=1)],
        until={"all": [{"field": "steps.turn.output.a", "operator": "equals", "value": 2}]},
        every="1h",
        at_most=3,
    )

    rehearsal = dry_run(tenant, document(loop), {})

    assert rehearsal.error["error"]["code"] == "not_in_time"
    assert rehearsal.skipped_seconds == 2 * 3600


def test_the_deadline_counts_skipped_waits(tenant):
    tried = document(
        step("rest", "wait", **{"for": "5d"}), set_values("x", a=1), settings={"deadline": "1d"}
    )

    rehearsal = dry_run(tenant, tried, {})

    assert rehearsal.status == "failed"
    assert rehearsal.error["error"]["code"] == "deadline_passed"


APPROVAL = step(
    "ask",
    "approval",
    title="Well?",
    approvers=["role:operations"],
    choices=[{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}],
    form=[{"key": "why", "label": "Why", "type": "text", "required": True}],
    timeout="2d",
    timeout_choice="no",
)


@pytest.mark.parametrize(
    ("answer", "choice", "timed_out"),
    [(None, "yes", False), ({"choice": "no"}, "no", False), ({"timed_out": True}, "no", True)],
)
def test_an_approval_is_answered_by_the_caller_or_with_its_first_choice(
    tenant, answer, choice, timed_out
):
    answers = {"ask": answer} if answer else {}

    rehearsal = dry_run(tenant, document(APPROVAL), {}, answers=answers)

    output = outputs(rehearsal)["ask"]
    assert (output["choice"], output["timed_out"]) == (choice, timed_out)
    assert WorkflowApproval.objects.count() == 0
    assert rehearsal.skipped_seconds == (2 * 24 * 3600 if timed_out else 0)


def test_a_rehearsal_that_asks_stands_at_the_question(tenant):
    tried = document(APPROVAL, set_values("x", chosen="{{steps.ask.output.choice}}"))

    asked = dry_run(tenant, tried, {}, asks=True)
    told = dry_run(tenant, tried, {}, asks=True, answers={"ask": {"choice": "no"}})

    assert (asked.status, asked.halt) == ("stopped", {"code": "asks", "params": {"step": "ask"}})
    assert asked.waiting["input"]["choices"][1]["key"] == "no"
    assert outputs(told)["x"] == {"chosen": "no"}


def test_each_round_can_have_an_answer_of_its_own(tenant):
    loop = step(
        "again",
        "repeat",
        steps=[APPROVAL],
        until={"all": [{"field": "steps.ask.output.choice", "operator": "equals", "value": "yes"}]},
        every="1m",
        at_most=5,
    )

    rehearsal = dry_run(
        tenant, document(loop), {}, answers={"ask": [{"choice": "no"}, {"choice": "yes"}]}
    )

    chosen = [e["output"]["choice"] for e in rehearsal.entries if e["step_name"] == "ask"]
    assert (rehearsal.status, chosen) == ("completed", ["no", "yes"])


WAIT = step(
    "goods",
    "wait_for_event",
    type="goods.fetched",
    match={"order.id": "{{trigger.order_id}}"},
    timeout="3d",
    on_timeout=[set_values("late", a=1)],
    reminders=[{"after": "1d", "every": "1d", "at_most": 2, "steps": [call("remind")]}],
)


def test_the_event_that_is_waited_for_comes_as_a_sample_that_matches(tenant):
    rehearsal = dry_run(tenant, document(WAIT), {"order_id": "7"})

    assert outputs(rehearsal)["goods"]["payload"] == {"order": {"id": "7"}}


def test_the_event_that_is_waited_for_is_the_given_one(tenant):
    given = {"goods": {"payload": {"order": {"id": "7"}, "parcel": "P1"}}}

    rehearsal = dry_run(tenant, document(WAIT), {"order_id": "7"}, answers=given)

    assert outputs(rehearsal)["goods"]["payload"]["parcel"] == "P1"


def test_a_wait_that_times_out_goes_through_its_reminders(tenant):
    rehearsal = dry_run(
        tenant, document(WAIT), {"order_id": "7"}, answers={"goods": {"timed_out": True}}
    )

    assert [name for name, _ in statuses(rehearsal)] == [
        "goods",
        "remind",
        "goods",
        "remind",
        "goods",
        "late",
    ]
    assert rehearsal.skipped_seconds == 3 * 24 * 3600
    assert len(rehearsal.would_send) == 2


def test_a_wait_without_an_end_stops_the_rehearsal(tenant):
    wait = step("goods", "wait_for_event", type="goods.fetched", match={"id": "1"})

    rehearsal = dry_run(tenant, document(wait), {}, answers={"goods": {"timed_out": True}})

    assert (rehearsal.status, rehearsal.halt["code"]) == ("stopped", "waits_for_ever")


def test_child_runs_are_played_inline_and_shown_with_their_step(company):
    order = company.order()
    each = step(
        "each",
        "for_each",
        items="{{trigger.items}}",
        steps=[confirm("inner"), call("tell", sku="{{item.sku}}", number="{{item_index}}")],
        result="{{item.sku}}",
    )
    items = [{"sku": "A"}, {"sku": "B"}]

    rehearsal = dry_run(company.tenant, document(each), {"order_id": order.id, "items": items})

    [entry] = rehearsal.entries
    assert entry["output"] == {"results": ["A", "B"], "items": 2, "succeeded": 2, "failed": 0}
    runs = entry["rehearsal"]["runs"]
    assert [(run["item_index"], run["item"], run["status"]) for run in runs] == [
        (0, {"sku": "A"}, "completed"),
        (1, {"sku": "B"}, "completed"),
    ]
    assert [one["content"]["body"] for one in rehearsal.would_send] == [
        {"sku": "A", "number": 0},
        {"sku": "B", "number": 1},
    ]


def test_parallel_branches_wait_at_the_same_time(tenant):
    branches = [
        {"name": name, "steps": [step(f"rest_{name}", "wait", **{"for": time})], "result": name}
        for name, time in (("one", "1h"), ("two", "3h"))
    ]

    rehearsal = dry_run(tenant, document(step("both", "parallel", branches=branches)), {})

    assert outputs(rehearsal)["both"] == {"one": "one", "two": "two"}
    assert rehearsal.skipped_seconds == 3 * 3600


def test_a_child_that_fails_ends_the_others_where_the_step_says_so(tenant):
    each = step(
        "each",
        "for_each",
        items=[1, 2, 3],
        steps=[step("halt", "stop", outcome="failed", message="No {{item}}")],
        if_one_fails="stop",
    )

    rehearsal = dry_run(tenant, document(each), {})

    assert rehearsal.status == "failed"
    assert rehearsal.error["error"]["code"] == "item_failed"
    assert len(rehearsal.entries[0]["rehearsal"]["runs"]) == 1


def test_another_workflow_is_called_inline_in_its_published_version(company):
    callee = document(
        set_values("double", n="{{trigger.n}}"), output={"got": "{{steps.double.output.n}}"}
    )
    company.publish(callee, key="other")

    rehearsal = dry_run(
        company.tenant, document(step("ask", "run_workflow", workflow="other", input={"n": 4})), {}
    )

    assert outputs(rehearsal)["ask"] == {"got": 4}
    [run] = rehearsal.entries[0]["rehearsal"]["runs"]
    assert run["workflow"] == "Tried"


def test_an_event_is_noted_and_not_fired(tenant):
    emit = step("tell", "emit_event", type="something.happened", payload={"a": 1})
    before = traces()

    rehearsal = dry_run(tenant, document(emit), {})

    assert rehearsal.entries[0]["rehearsal"] == {"would_emit": "something.happened"}
    assert traces() == before


def test_a_call_can_be_answered_by_the_caller(tenant):
    ask = step("ask", "http_request", method="GET", url="https://crm.example/c/1")
    tried = document(ask, set_values("x", name="{{steps.ask.output.body.name}}"))
    good = {"ask": {"output": {"status": 200, "body": {"name": "Rami"}}}}
    bad = {"ask": {"error": {"code": "http_500", "params": {"status": 500}}}}

    assert outputs(dry_run(tenant, tried, {}, answers=good))["x"] == {"name": "Rami"}
    assert dry_run(tenant, tried, {}, answers=bad).error["error"]["code"] == "http_500"


def test_a_call_gives_what_it_gave_before_where_that_is_known(tenant):
    ask = step("ask", "http_request", method="GET", url="https://crm.example/c/1")
    tried = document(ask, set_values("x", name="{{steps.ask.output.body.name}}"))
    known = {"ask http_request": {"status": 200, "body": {"name": "Rami"}}}

    assert outputs(dry_run(tenant, tried, {}, outputs=known))["x"] == {"name": "Rami"}


def test_secrets_are_not_in_what_is_shown(company):
    Connection.objects.create(
        tenant=company.tenant,
        key="crm",
        name="crm",
        kind="http",
        settings={"base_url": "https://crm.example", "secret_in": {"query": "api_key"}},
        secrets={"token": "top-secret-token"},
    )
    ask = step(
        "ask",
        "http_request",
        method="POST",
        url="/c?x=top-secret-token",
        connection="crm",
        body={"a": 1},
    )

    rehearsal = dry_run(company.tenant, document(ask), {})

    assert rehearsal.would_send[0]["content"]["body"] == {"a": 1}
    assert "top-secret-token" not in str(rehearsal.would_send)
    assert "[secret]" in str(rehearsal.would_send) or "%5Bsecret%5D" in str(rehearsal.would_send)


def test_what_a_call_would_refuse_before_it_is_sent_is_refused(company):
    bad = step(
        "tell",
        "whatsapp_notify",
        phone="12",
        template="order_confirmed",
        template_vars={"order_id": "1", "total": "2"},
    )

    rehearsal = dry_run(company.tenant, document(bad), {})

    assert rehearsal.error["error"]["code"] == "bad_phone"
    assert rehearsal.would_send == []


def test_a_workflow_without_an_end_is_stopped(tenant):
    loop = step(
        "again",
        "repeat",
        steps=[step("each", "for_each", items="{{trigger.items}}", steps=[set_values("x", a=1)])],
        until={"all": [{"field": "steps.each.output.items", "operator": "equals", "value": 1}]},
        at_most=100,
        every="1s",
    )

    rehearsal = dry_run(tenant, document(loop), {"items": list(range(100))})

    assert rehearsal.status == "stopped"
    assert rehearsal.halt["code"] == "rehearsal_limit"


def test_many_are_rehearsed_each_on_the_database_as_it_is(company):
    definition = company.publish(
        {
            **document(confirm(), call("tell", order="{{trigger.order_id}}")),
            "trigger_type": "new_order",
        }
    )
    version = WorkflowVersion.objects.get(definition=definition)
    order = company.order()
    WorkflowRun.objects.all().delete()

    script = script_of(company.tenant, version)
    with in_dry_run(company.tenant) as perform:
        found = [perform(script, Occasion({"order_id": order.id})) for _time in range(3)]

    changed = [one.entries[0]["output"]["changed"] for one in found]
    assert changed == [{"status": {"from": "new", "to": "confirmed"}}] * 3
    assert [len(one.would_send) for one in found] == [1, 1, 1]
    assert not WorkflowRun.objects.exists()


def test_a_draft_of_a_workflow_is_rehearsed_under_its_own_name(tenant):
    definition = WorkflowDefinition(tenant=tenant, key="mine", is_active=True)
    publish(tenant, "tester", definition, document(set_values("x", a=1)))
    calls_itself = document(step("x", "run_workflow", workflow="mine", input={}))

    rehearsal = dry_run(tenant, calls_itself, {}, definition=definition)

    assert rehearsal.status == "invalid"
