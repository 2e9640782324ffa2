"""What people do about a run: each page says what happens, and does it after a click."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from tests.workflows.admin.conftest import result
from workflows.engine.statuses import RunStatus
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish

OPERATIONS = ["cancel", "retry", "correct", "recover", "take"]


def address(run, name):
    return reverse(f"admin:workflows_workflowrun_{name}", args=[run.pk])


def labels(client, page, run):
    choices = client.get(page(run)).context["choices"]
    return [str(one.label) for one in (*choices.main, *choices.more)] if choices else []


def recovery(client, page, run, step="call"):
    """Return what the page offers about a failed step, and what its form sends along."""
    found = {one.step: one for one in client.get(page(run)).context["recoveries"]}
    return found.get(step)


def sent(one, do, **more):
    return {"step": one.step, "seen": one.seen, "do": do, **more}


def unclear(world):
    """Let the run stop at a step of which nobody knows whether it was done."""
    world.end_run(world.run, "failed", error_code="outcome_unknown", current_step=1)
    lost = {"code": "outcome_unknown", "params": {}}
    entries = [
        world.run.step_results[0],
        result("call", "webhook", "unknown", input={"url": "u"}, error=lost, then="stop"),
    ]
    WorkflowRun.objects.filter(pk=world.run.pk).update(step_results=entries)


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("queued", ["Cancel…"]),
        ("running", ["Cancel…"]),
        ("waiting", ["Cancel…"]),
        ("failed", ["Start again…", "Correct and start again…"]),
        ("completed", ["Start again…", "Correct and start again…"]),
        ("completed_with_errors", ["Start again…", "Correct and start again…"]),
        ("cancelled", ["Start again…", "Correct and start again…"]),
        ("skipped", ["Start again…", "Correct and start again…"]),
    ],
)
def test_in_every_status_the_page_offers_what_can_be_done(status, offered, ops, world, page):
    if RunStatus(status).has_ended:
        world.end_run(world.run, status)
    else:
        WorkflowRun.objects.update(status=status)

    assert labels(ops, page, world.run) == offered
    live = ops.get(address(world.run, "live")).json()["html"]
    assert offered[0] in live


def test_support_is_offered_nothing_and_may_do_nothing(support, world, page):
    world.end_run(world.run, "failed")
    before = WorkflowRun.objects.values().get()

    assert labels(support, page, world.run) == []
    for name in OPERATIONS:
        assert support.get(address(world.run, name)).status_code == 403
        assert support.post(address(world.run, name), {"from": "start"}).status_code == 403
    assert WorkflowRun.objects.values().get() == before
    assert "action-select" not in support.get(page(WorkflowRun)).content.decode()


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_run_of_another_tenant_is_unknown(name, ops, world, other_world):
    other_world.end_run(other_world.run, "failed")
    before = WorkflowRun.objects.filter(pk=other_world.run.pk).values().get()

    assert ops.get(address(other_world.run, name)).status_code == 404
    assert ops.post(address(other_world.run, name), {"from": "start"}).status_code == 404
    assert WorkflowRun.objects.filter(pk=other_world.run.pk).values().get() == before


def test_looking_at_a_page_does_nothing(ops, world):
    unclear(world)
    before = WorkflowRun.objects.values().get()

    for name in OPERATIONS:
        assert ops.get(address(world.run, name), follow=True).status_code == 200

    assert WorkflowRun.objects.values().get() == before


def test_cancelling_is_explained_done_and_noted(ops, world, page):
    assert "It ends at once." in ops.get(address(world.run, "cancel")).content.decode()

    answer = ops.post(address(world.run, "cancel"), follow=True)

    world.run.refresh_from_db()
    assert world.run.status == "cancelled"
    assert "The run is cancelled." in answer.content.decode()
    assert LogEntry.objects.get().object_id == str(world.run.pk)


def test_a_run_that_is_being_executed_is_asked_to_end(ops, world, page):
    WorkflowRun.objects.update(status="running")
    assert "A worker is at it" in ops.get(address(world.run, "cancel")).content.decode()

    content = ops.post(address(world.run, "cancel"), follow=True).content.decode()

    assert "It is asked to end" in content
    assert labels(ops, page, world.run) == []


def test_cancelling_what_has_ended_says_so(ops, world):
    world.end_run(world.run)

    content = ops.post(address(world.run, "cancel"), follow=True).content.decode()

    assert "there is nothing left to cancel" in content
    assert not LogEntry.objects.exists()


def test_the_page_says_what_a_retry_does_and_which_steps(ops, world):
    world.end_run(world.run, "failed")

    content = ops.get(address(world.run, "retry")).content.decode()

    assert "From the failed step, “Tell the shop”" in content
    assert "To be done: Tell the shop." in content
    assert "To be done: Confirm the order, Tell the shop." in content
    assert "messages are sent again" in content
    assert "With which version" not in content
    assert not {"key", "keys", "unclear"} & set(content.split("From where?")[1].split())


def test_from_the_failed_step_the_same_run_goes_on(ops, world):
    world.end_run(world.run, "failed", current_step=1)

    ops.post(address(world.run, "retry"), {"from": "failed_step"})

    run = WorkflowRun.objects.get()
    assert (run.status, run.error_code, run.current_step) == ("queued", None, 1)
    assert [entry["step_name"] for entry in run.step_results] == ["confirm"]


@pytest.mark.parametrize(
    ("asked", "step", "taken_over"),
    [
        ({"from": "start"}, 0, []),
        ({"from": "step:", "step": "call"}, 1, ["confirm"]),
        ({"from": "step:", "step": "confirm"}, 0, []),
    ],
)
def test_started_again_it_is_a_new_run(asked, step, taken_over, ops, world, page):
    world.end_run(world.run, "failed", current_step=1)

    answer = ops.post(address(world.run, "retry"), asked)

    new = WorkflowRun.objects.exclude(pk=world.run.pk).get()
    assert answer.url == page(new)
    assert (new.retried_from, new.actor, new.current_step) == (world.run.pk, "user:ops", step)
    assert [entry["step_name"] for entry in new.step_results] == taken_over
    assert {entry["status"] for entry in new.step_results} <= {"reused"}
    assert str(new.pk) in ops.get(page(world.run)).content.decode()
    assert ops.get(page(new)).context["sentence"]


def test_the_newest_version_can_be_chosen_if_there_is_one(ops, world, document):
    world.end_run(world.run, "failed")
    publish(world.tenant, "user:x", world.definition, document)

    assert "Version 2, the newest" in ops.get(address(world.run, "retry")).content.decode()
    ops.post(address(world.run, "retry"), {"from": "start", "version": "newest"})

    assert WorkflowRun.objects.exclude(pk=world.run.pk).get().version == 2


def test_a_second_click_starts_nothing_more(ops, world):
    world.end_run(world.run, "failed")
    ops.post(address(world.run, "retry"), {"from": "start"})

    content = ops.post(address(world.run, "retry"), {"from": "start"}, follow=True).content.decode()

    assert WorkflowRun.objects.count() == 2
    assert "It was started again a moment ago" in content


def test_an_unclear_step_is_noted_as_done_with_the_persons_name(ops, world, page):
    unclear(world)
    one = recovery(ops, page, world.run)
    assert one.is_unclear

    content = ops.post(
        address(world.run, "recover"), sent(one, "done"), follow=True
    ).content.decode()

    run = WorkflowRun.objects.get()
    assert (run.status, run.step_results[1]["settled_by"]) == ("completed", "user:ops")
    assert "Done by hand: ops said so" in content


def test_an_unclear_step_is_sent_again(ops, world, page):
    unclear(world)

    ops.post(address(world.run, "recover"), sent(recovery(ops, page, world.run), "again"))

    run = WorkflowRun.objects.get()
    assert (run.status, run.current_step, run.pending["input"]) == ("queued", 1, {"url": "u"})


def fields_of(form):
    return {form.keys[name]: name for name in form.keys}


def wrong_phone(world):
    failed = {"code": "bad_phone", "params": {"phone": "03 123 456"}}
    world.end_run(world.run, "failed", current_step=1)
    entries = [
        world.run.step_results[0],
        {**world.run.step_results[1], "error": failed, "then": "stop"},
    ]
    WorkflowRun.objects.filter(pk=world.run.pk).update(step_results=entries)


def filled(form, **changes):
    named = fields_of(form)
    given = {name: form[name].initial for name in form.fields}
    return {**given, **{named[key]: value for key, value in changes.items()}}


def test_a_corrected_value_goes_on_from_the_failed_step(ops, world):
    wrong_phone(world)
    shown = ops.get(address(world.run, "correct")).context
    assert shown["suspect"].key == "customer_phone"
    assert next(iter(fields_of(shown["form"]))) == "customer_phone"

    ops.post(
        address(world.run, "correct"),
        {**filled(shown["form"], customer_phone="+961 70 123 456"), "from": "failed_step"},
    )

    new = WorkflowRun.objects.exclude(pk=world.run.pk).get()
    assert new.trigger_payload == {**world.run.trigger_payload, "customer_phone": "+961 70 123 456"}
    assert (new.current_step, new.step_results[0]["status"]) == (1, "reused")
    event = WorkflowEvent.objects.get(pk=new.event_id)
    assert (event.actor, event.source, event.subject_id) == (
        "user:ops",
        "manual",
        world.run.subject_id,
    )
    assert WorkflowEvent.objects.get(pk=world.run.event_id).payload == world.run.trigger_payload


def test_a_value_that_is_missing_is_asked_for(ops, world):
    missing = {"code": "missing_value", "params": {"path": "trigger.branch.name"}}
    world.end_run(world.run, "failed")
    world.run.step_results[1]["error"] = missing
    world.run.save()

    form = ops.get(address(world.run, "correct")).context["form"]

    assert next(iter(fields_of(form))) == "branch"


VALUES = {
    "number": Decimal("149.90"),
    "yes": True,
    "list": [1, 2],
    "object": {"a": 1},
    "none": None,
}


def with_values(world):
    world.end_run(world.run, "failed", trigger_payload=VALUES)


def test_what_is_not_touched_stays_as_it_was(ops, world):
    with_values(world)
    form = ops.get(address(world.run, "correct")).context["form"]

    ops.post(address(world.run, "correct"), {**filled(form), "from": "start"})

    new = WorkflowRun.objects.exclude(pk=world.run.pk).get()
    assert new.trigger_payload == VALUES
    assert str(new.trigger_payload["number"]) == "149.90"


@pytest.mark.parametrize(
    ("key", "text"),
    [("number", "many"), ("number", "true"), ("number", "NaN"), ("list", "{}"), ("object", "[")],
)
def test_a_value_keeps_its_kind(key, text, ops, world):
    with_values(world)
    form = ops.get(address(world.run, "correct")).context["form"]

    answer = ops.post(
        address(world.run, "correct"), {**filled(form, **{key: text}), "from": "start"}
    )

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [fields_of(form)[key]]
    assert WorkflowRun.objects.count() == 1


def test_as_json_members_are_added_and_taken_away(ops, world):
    with_values(world)
    url = f"{address(world.run, 'correct')}?as=json"
    assert "149.90" in ops.get(url).content.decode()

    bad = ops.post(url, {"whole": '{"a": 1,}', "from": "start"})
    assert "This is not JSON" in bad.content.decode()
    listed = ops.post(url, {"whole": "[]", "from": "start"})
    assert "Write a JSON object" in listed.content.decode()
    assert WorkflowRun.objects.count() == 1

    ops.post(url, {"whole": '{"new": 1.50}', "from": "start"})
    new = WorkflowRun.objects.exclude(pk=world.run.pk).get()
    assert str(new.trigger_payload) == "{'new': Decimal('1.50')}"


@pytest.mark.parametrize("query", ["", "?as=json"])
def test_a_link_that_decides_is_not_shown_and_not_lost(query, ops, world):
    secret = f"https://x.example/approvals/{'t' * 80}"
    world.end_run(world.run, "failed", trigger_payload={"link": secret, "text": "old"})
    url = address(world.run, "correct") + query
    answer = ops.get(url)
    assert "ttttt" not in answer.content.decode()
    form = answer.context["form"]
    given = {name: form[name].initial for name in form.fields}

    ops.post(url, {**given, "from": "start"})

    new = WorkflowRun.objects.exclude(pk=world.run.pk).get()
    assert new.trigger_payload["link"] == secret


def chosen(action, *runs, **more):
    return {"action": action, "_selected_action": [str(run.pk) for run in runs], **more}


@pytest.fixture
def several(world):
    """A failed run, a completed one, and two in the queue."""
    world.end_run(world.run, "failed", current_step=1)
    runs = [world.run]
    for number in ("b", "c", "d"):
        runs.append(WorkflowRun.objects.get(subject_id=str(world.make_order(number).pk)))
    world.end_run(runs[1])
    return runs


def test_several_failed_runs_are_retried_and_the_rest_is_told_of(ops, world, several, page):
    asked = ops.post(page(WorkflowRun), chosen("retry_chosen", *several[:3])).content.decode()
    assert "1 run that failed goes on" in asked
    assert "2 of the chosen runs have not failed" in asked
    assert WorkflowRun.objects.get(pk=several[0].pk).status == "failed"

    done = ops.post(
        page(WorkflowRun), chosen("retry_chosen", *several[:3], post="yes"), follow=True
    ).content.decode()

    assert "Done for 1 run." in done
    assert "Not done for 2 runs: The run has not failed" in done
    statuses = WorkflowRun.objects.order_by("id").values_list("status", flat=True)
    assert list(statuses) == ["queued", "completed", "queued", "queued"]
    assert LogEntry.objects.count() == 1


def test_several_runs_are_cancelled(ops, world, several, page):
    done = ops.post(
        page(WorkflowRun), chosen("cancel_chosen", *several, post="yes"), follow=True
    ).content.decode()

    assert "Done for 2 runs." in done
    assert "Not done for 2 runs: The run has ended already" in done
    statuses = WorkflowRun.objects.order_by("id").values_list("status", flat=True)
    assert list(statuses) == ["failed", "completed", "cancelled", "cancelled"]


def test_runs_of_another_tenant_are_not_chosen(ops, world, other_world, page):
    ops.post(page(WorkflowRun), chosen("cancel_chosen", other_world.run, post="yes"))

    other_world.run.refresh_from_db()
    assert other_world.run.status == "queued"


def test_support_chooses_nothing(support, world, page):
    support.post(page(WorkflowRun), chosen("cancel_chosen", world.run, post="yes"))

    world.run.refresh_from_db()
    assert world.run.status == "queued"


def test_too_many_runs_at_once_are_refused(ops, world, several, page, monkeypatch):
    monkeypatch.setattr("workflows.admin.runs.bulk.MAX_AT_ONCE", 2)

    content = ops.post(
        page(WorkflowRun), chosen("cancel_chosen", *several[:3], post="yes"), follow=True
    ).content.decode()

    assert "At most 2 runs at once." in content
    assert not WorkflowRun.objects.filter(status="cancelled").exists()


def test_a_retry_names_the_step_in_which_the_workers_died(ops, world):
    passed_over = result("confirm", "update_record", "failed", error={"code": "x", "params": {}})
    world.end_run(world.run, "failed", error_code="poisoned", error_step="call", current_step=1)
    WorkflowRun.objects.update(step_results=[{**passed_over, "then": "continue"}])

    content = ops.get(address(world.run, "retry")).content.decode()

    assert "From the failed step, “Tell the shop”" in content


def test_an_unclear_step_of_a_part_is_settled_on_the_parts_page(ops, world, page):
    unclear(world)
    own = WorkflowRun.objects.get()
    failed = result(
        "each", "for_each", "failed", error={"code": "item_failed", "params": {}}, then="stop"
    )
    parent = WorkflowRun.objects.create(
        tenant=own.tenant,
        definition=own.definition,
        version=own.version,
        status="failed",
        error_step="confirm",
        error_code="item_failed",
        completed_at=own.completed_at,
        step_results=[{**failed, "step_name": "confirm", "children": [str(own.pk), str(own.pk)]}],
    )
    WorkflowRun.objects.filter(pk=own.pk).update(parent_run=parent.pk, item_index=0)
    assert labels(ops, page, own) == []

    ops.post(address(own, "recover"), sent(recovery(ops, page, own), "done"))

    own.refresh_from_db()
    parent.refresh_from_db()
    assert (own.step_results[1]["settled_by"], parent.status) == ("user:ops", "queued")
    assert parent.pending["children"]["revive"] == "settled"
