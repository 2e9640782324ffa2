"""A draft is tried from its form: on a sample, a pasted payload, a past event, many past events."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from workflows.models.approval import WorkflowApproval
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import WorkflowRehearsal
from workflows.models.run import WorkflowRun
from workflows.services.definitions.source_control import keep_in_git
from workflows.services.dry_run import backtest

TRY = reverse("admin:workflows_workflowdefinition_try")


def browser_of(user):
    """Log somebody in beside the others."""
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def reader(support_user):
    """Support, with a browser of their own."""
    return browser_of(support_user)


@pytest.fixture
def stranger(other_ops_user):
    """Operations of another company."""
    return browser_of(other_ops_user)


def step(name, action, **params):
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "action": action,
        "params": params,
    }


ASK = step(
    "ask",
    "approval",
    title="Refund {{trigger.order_number}}?",
    approvers=["role:operations"],
    choices=[{"key": "yes", "label": "Yes, refund"}, {"key": "no", "label": "No"}],
    form=[{"key": "why", "label": "Why", "type": "text", "required": True}],
    timeout="2d",
    timeout_choice="no",
)
TELL = step(
    "tell",
    "team_notify",
    connection="only-cedar",
    text="{{steps.ask.output.choice}}: {{steps.ask.output.answers.why | default: '-'}}",
    channel="#ops",
)


def draft(*steps):
    return {"name": "Refunds", "trigger_type": "new_order", "steps": list(steps)}


def begin(browser, world, document, which="_try"):
    """Press a button of the form; return the page it leads to."""
    answer = browser.post(
        f"{TRY}?definition={world.definition.pk}", {"document": json.dumps(document), which: ""}
    )
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return answer["Location"]


def text(answer):
    return answer.content.decode()


def test_the_form_offers_both(ops, world, page):
    shown = text(ops.get(page(world.definition)))

    assert f'formaction="{TRY}?definition={world.definition.pk}"' in shown
    assert 'name="_backtest"' in shown


def test_a_draft_as_it_stands_in_the_form_is_tried_on_the_newest_event(ops, world):
    before = [model.objects.count() for model in (WorkflowRun, WorkflowEvent, WorkflowApproval)]
    say = step(
        "say",
        "team_notify",
        connection=world.secret,
        text="New: {{trigger.order_number}}",
        channel="#ops",
    )

    shown = ops.get(begin(ops, world, draft(say)))

    assert f"New: {world.secret}" in text(shown)
    assert "sayr-test-banner" in text(shown)
    assert "It would send 1 message." in text(shown)
    trial = WorkflowRehearsal.objects.get()
    assert (trial.tenant, trial.definition, trial.actor) == (
        world.tenant,
        world.definition,
        "user:ops",
    )
    assert trial.input["event_id"] == str(world.event.pk)
    world.definition.refresh_from_db()
    assert world.definition.draft is None
    assert before == [
        model.objects.count() for model in (WorkflowRun, WorkflowEvent, WorkflowApproval)
    ]


def test_a_new_workflow_is_tried_before_it_is_saved(ops, tenant):
    document = draft(step("x", "set_values", values={"a": "{{trigger.order_number}}"}))

    answer = ops.post(TRY, {"document": json.dumps(document), "tenant": str(tenant.pk), "_try": ""})

    shown = ops.get(answer["Location"])
    assert "It would send nothing." in text(shown)
    assert WorkflowRehearsal.objects.get().definition is None


def test_a_pasted_payload_takes_the_place_of_the_event(ops, world):
    url = begin(ops, world, draft(step("x", "log_note", text="Hello {{trigger.order_number}}")))

    ops.post(url, {"payload": '{"order_number": "Rana"}'})

    assert "Hello Rana" in text(ops.get(url))
    assert WorkflowRehearsal.objects.get().input["source"] == "own"


@pytest.mark.parametrize("payload", ["{", "[1]", "", "7"])
def test_a_payload_that_cannot_be_read_changes_nothing(ops, world, payload):
    url = begin(ops, world, draft(step("x", "set_values", values={"a": 1})))
    ops.get(url)
    before = WorkflowRehearsal.objects.get().input

    answer = ops.post(url, {"payload": payload}, follow=True)

    assert "errornote" in text(answer) or 'class="error"' in text(answer)
    assert WorkflowRehearsal.objects.get().input == before


def test_an_approval_is_answered_by_the_tester(ops, world):
    url = begin(ops, world, draft(ASK, TELL))

    asked = text(ops.get(url))
    unfilled = ops.post(url, {"step": "ask", "choice": "yes"}, follow=True)
    ops.post(url, {"step": "ask", "choice": "yes", "field_why": "Broken"})
    told = text(ops.get(url))
    ops.post(url, {"again": "yes"})
    again = text(ops.get(url))

    assert f"Refund {world.secret}?" in asked
    assert "Yes, refund" in asked
    assert "Please fill in" in text(unfilled)
    assert "yes: Broken" in told
    assert "sayr-question" not in told
    assert "sayr-question" in again
    assert not WorkflowApproval.objects.exclude(pk=world.approval.pk).exists()


def test_the_form_says_which_choice_needs_an_answer(ops, world):
    reason = {"key": "why", "label": "Why", "type": "text", "required_for": ["no"]}
    url = begin(ops, world, draft({**ASK, "params": {**ASK["params"], "form": [reason]}}))

    assert "(only needed for: No)" in text(ops.get(url))


def test_each_part_of_a_list_asks_for_itself(ops, world):
    each = step(
        "each", "for_each", items=["A", "B"], steps=[ASK], concurrency=1, if_one_fails="stop"
    )
    url = begin(ops, world, draft(each))

    ops.get(url)
    ops.post(url, {"step": "ask", "choice": "yes", "field_why": "first"})
    second = text(ops.get(url))
    ops.post(url, {"step": "ask", "choice": "no", "field_why": "second"})

    runs = WorkflowRehearsal.objects.get().result["entries"][0]["rehearsal"]["runs"]
    said = [run["entries"][0]["output"]["answers"]["why"] for run in runs]
    assert "sayr-question" in second
    assert said == ["first", "second"]
    assert "sayr-question" not in text(ops.get(url))


def test_time_can_be_up(ops, world):
    url = begin(ops, world, draft(ASK, TELL))

    ops.get(url)
    ops.post(url, {"step": "ask", "time_is_up": "yes"})

    shown = text(ops.get(url))
    assert "no: -" in shown
    assert "a real run waits 2 days here" in shown


def test_the_event_that_is_waited_for_is_given_by_the_tester(ops, world):
    wait = step(
        "goods",
        "wait_for_event",
        type="goods.fetched",
        match={"number": "{{trigger.order_number}}"},
    )
    say = step("say", "log_note", text="Parcel {{steps.goods.output.payload.parcel}}")
    url = begin(ops, world, draft(wait, say))

    asked = text(ops.get(url))
    ops.post(url, {"step": "goods", "event_payload": '{"parcel": "P-7"}'})

    assert "The event comes" in asked
    assert "Parcel P-7" in text(ops.get(url))


def test_child_runs_are_shown_below_their_step(ops, world):
    each = step(
        "each",
        "for_each",
        items=[{"sku": "A-1"}, {"sku": "B-2"}],
        steps=[step("note", "log_note", text="Item {{item.sku}}")],
    )

    shown = text(ops.get(begin(ops, world, draft(each))))

    assert "Item A-1" in shown
    assert "Item B-2" in shown


def test_a_draft_with_mistakes_says_them(ops, world):
    shown = text(ops.get(begin(ops, world, draft(step("x", "no_such_action")))))

    assert "It cannot run yet" in shown


def test_a_form_that_cannot_be_read_says_so(ops, world):
    answer = ops.post(f"{TRY}?definition={world.definition.pk}", {"document": "{", "_try": ""})

    assert answer.status_code == 200
    assert "cannot be read" in text(answer)
    assert not WorkflowRehearsal.objects.exists()


def test_a_workflow_kept_in_git_is_tried_as_it_is_stored(ops, reader, world, page):
    keep_in_git(world.tenant, "command:workflows", world.definition)
    shown = text(ops.get(page(world.definition)))
    assert 'name="_try"' in shown
    assert 'name="_backtest"' in shown
    assert 'name="_draft"' not in shown
    assert 'name="_try"' not in text(reader.get(page(world.definition)))

    answer = ops.post(f"{TRY}?definition={world.definition.pk}", {"_try": ""}, follow=True)

    assert "sayr-test-banner" in text(answer)
    trial = WorkflowRehearsal.objects.get()
    assert (trial.document, trial.status) == (world.definition.definition, "done")


def test_support_cannot_try_but_may_look(reader, ops, world):
    refused = reader.post(f"{TRY}?definition={world.definition.pk}", {"document": "{}", "_try": ""})
    url = begin(ops, world, draft(ASK))
    ops.get(url)

    assert refused.status_code == 403
    assert reader.get(url).status_code == 200
    assert reader.post(url, {"sample": "yes"}).status_code == 403


def test_another_company_sees_nothing_of_it(ops, stranger, world, other_world):
    url = begin(ops, world, draft(step("x", "set_values", values={"a": 1})))
    mine = begin(ops, world, draft(step("x", "set_values", values={"a": 1})), "_backtest")

    assert stranger.get(url).status_code == 404
    assert stranger.post(url, {"sample": "yes"}).status_code == 404
    for address in (mine, f"{mine}live/", f"{mine}event/{world.event.pk}/"):
        assert stranger.get(address).status_code == 404
    assert stranger.post(f"{mine}cancel/").status_code == 404
    refused = stranger.post(f"{TRY}?definition={world.definition.pk}", {"_try": ""})
    assert refused.status_code == 404
    answer = ops.post(url, {"event": str(other_world.event.pk)}, follow=True)
    assert "This event is gone" in text(answer)


def test_past_events_can_be_searched(ops, world):
    url = begin(ops, world, draft(step("x", "set_values", values={"a": 1})))

    assert str(world.event.pk) in text(ops.get(f"{url}?q={world.secret}"))
    assert str(world.event.pk) not in text(ops.get(f"{url}?q=nothing-like-it"))


@pytest.fixture
def done(monkeypatch, django_capture_on_commit_callbacks):
    """Return a function that starts a backtest and does it."""
    tasks = []
    monkeypatch.setattr(backtest, "async_task", lambda _task, key: tasks.append(key))

    def do(browser, url, asked="n100"):
        with django_capture_on_commit_callbacks(execute=True):
            browser.post(url, {"range": asked})
        waiting = text(browser.get(url))
        while tasks:
            backtest.work(tasks.pop())
        return waiting

    return do


def test_a_backtest_shows_what_differs_and_leads_to_both_timelines(ops, world, done):
    changed = draft(
        step(
            "confirm",
            "update_record",
            table="orders",
            id="{{trigger.order_id}}",
            fields={"status": "cancelled"},
        )
    )
    url = begin(ops, world, changed, "_backtest")

    prepared = text(ops.get(url))
    waiting = done(ops, url)
    shown = text(ops.get(url))
    event = text(ops.get(f"{url}event/{world.event.pk}/"))

    assert "The last 100" in prepared
    assert "data-sayr-live" in waiting
    assert "Records are changed otherwise" in shown
    assert f"{url}event/{world.event.pk}/" in shown
    assert "data-sayr-live" not in shown
    assert "The draft" in event
    assert "Version 1" in event
    world.order.refresh_from_db()
    assert world.order.status == "new"


def test_a_backtest_is_followed_and_cancelled(
    ops, world, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(backtest, "async_task", lambda *_: None)
    url = begin(ops, world, draft(step("x", "set_values", values={"a": 1})), "_backtest")
    ops.post(url, {"range": "d7"})

    live = ops.get(f"{url}live/?seen=other")
    same = ops.get(f"{url}live/?seen={live.json()['seen']}")
    ops.post(f"{url}cancel/")

    assert (live.json()["ended"], same.status_code) == (False, 204)
    assert ops.get(f"{url}live/").json()["ended"] is True
    assert WorkflowRehearsal.objects.get().status == "cancelled"


def test_support_cannot_start_or_cancel_a_backtest(ops, reader, world):
    url = begin(ops, world, draft(step("x", "set_values", values={"a": 1})), "_backtest")

    assert reader.get(url).status_code == 200
    assert reader.post(url, {"range": "n100"}).status_code == 403
    assert reader.post(f"{url}cancel/").status_code == 403
