"""What the editor asks while somebody edits, and who may ask."""

import json

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from actions.models.message_template import MessageTemplate
from tests.support.company import case
from workflows.admin.editor.form.shape import to_form
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire
from workflows.services.messages.publishing import make_template

NOTE = {"name": "note", "action": "log_note", "params": {"text": "x"}}


@pytest.fixture(autouse=True)
def nothing_remembered():
    cache.clear()


@pytest.fixture
def ask(client, ops_user, tenant):
    """Ask as somebody of Operations; returns status and answer."""
    client.force_login(ops_user)

    def asked(name, **question):
        body = {"tenant": str(tenant.pk), "definition": "", **question}
        url = reverse(f"admin:workflows_editor_{name}")
        answer = client.post(url, json.dumps(body), content_type="application/json")
        is_json = answer.headers["Content-Type"] == "application/json"
        return answer.status_code, answer.json() if is_json else None

    return asked


@pytest.fixture
def form():
    return to_form(case("seed_new_order"))


def places(answer):
    return [(one["part"], one["area"], one["at"]) for one in answer["problems"]]


def test_problems_come_with_their_place_in_the_form(ask, form):
    form["steps"][0]["params"]["id"] = "{{trigger.nothing}}"
    form["steps"][1]["retry"]["attempts"] = "99"
    form["steps"][2]["params"]["to"] = []
    form["head"]["trigger_type"] = ""

    status, answer = ask("check", form=form)

    assert status == 200
    assert set(map(str, places(answer))) >= {
        "('trigger', 'head', ['trigger_type'])",
        "('steps/1', 'retry', ['attempts'])",
        "('steps/2', 'params', ['to'])",
    }


def test_a_problem_in_a_nested_condition_is_placed_at_its_cell(ask, form):
    row = {"field": "trigger.total_amount", "operator": "greater_than", "value": ""}
    group = {"mode": "any", "rows": [row, {**row, "field": "nothing.here"}]}
    form["steps"][0]["condition"] = {"mode": "all", "rows": [row, group]}

    _status, answer = ask("check", form=form)

    assert ("steps/0", "condition", [1, 1, "field"]) in places(answer)


def test_a_name_given_twice_is_a_mistake_of_the_form(ask, form):
    step = {"name": "a", "action": "webhook", "params": {"url": "https://a.example"}}
    form = to_form({**case("seed_new_order"), "steps": [step]})
    form["steps"][0]["params"]["headers"] = [{"k": "X", "v": "1"}, {"k": "X", "v": "2"}]

    _status, answer = ask("check", form=form)

    assert places(answer) == [("steps/0", "params", ["headers", 1, "k"])]


def test_rows_left_empty_do_not_shift_the_place_of_a_problem(ask):
    step = {"name": "a", "action": "send_email", "params": {"to": ["x"], "text": "Hello"}}
    form = to_form({**case("seed_new_order"), "steps": [step]})
    form["steps"][0]["params"]["to"] = ["", "a@example.com", "{{ trigger.nothing }}"]

    _status, answer = ask("check", form=form)

    assert places(answer) == [("steps/0", "params", ["to", 2])]


def test_each_step_has_a_line_in_plain_words(ask, form):
    _status, answer = ask("check", form=form)

    assert answer["summaries"]["steps/0"]["line"] == "Orders: Status: Confirmed"
    assert answer["summaries"]["steps/2"]["line"] == "To ops@example.com"


def test_json_text_becomes_a_form(ask):
    _status, answer = ask("check", text=json.dumps(case("seed_new_order")))

    assert answer["form"] == to_form(case("seed_new_order"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"steps": 5}', '{"steps": [5]}', "null"])
def test_text_that_is_no_workflow_is_answered_in_words(ask, text):
    status, answer = ask("check", text=text)

    assert status == 200
    assert answer["error"]


def test_a_preview_shows_the_last_event(ask, form, tenant):
    fire(tenant, "new_order", {"order_id": "A-7"})
    texts = [{"text": "No. {{trigger.order_id}}"}, {"text": "{{trigger.nope}}"}, {"text": "plain"}]

    _status, answer = ask("preview", form=form, texts=texts)

    states = [one["state"] for one in answer["previews"]]
    assert answer["previews"][0]["text"] == "No. A-7"
    assert states == ["real", "problem", "none"]


def test_a_step_shows_its_message_as_its_reader_gets_it(ask, form, tenant):
    """The customer's WhatsApp message, and the mail with the subject that the step gives it."""
    fire(tenant, "new_order", {"order_id": "A-7", "total_amount": "9.90"})
    make_template(
        tenant, "x", key="order_confirmed", name="Confirmed", channel="whatsapp", language="en",
        text="Order {{1}}, <b>{{2}}</b>", parameters=["order_id", "total"],
    )  # fmt: skip
    make_template(
        tenant, "x", key="ops_new_order_summary", name="Summary", channel="email", language="en",
        subject="Not this", body="It is **{{ trigger.order_id }}**.",
    )  # fmt: skip

    _status, whatsapp = ask("message", form=form, part="steps/1")
    _status, mail = ask("message", form=form, part="steps/2")

    assert "Order A-7, &lt;b&gt;9.90&lt;/b&gt;" in whatsapp["bubble"]
    assert (whatsapp["name"], mail["subject"]) == ("Confirmed", "New Order: A-7")
    assert mail["text"].strip() == "It is A-7."
    own = MessageTemplate.objects.get(key="ops_new_order_summary")
    assert mail["url"] == reverse("admin:actions_messagetemplate_change", args=[own.pk])
    assert ask("message", form=form, part="steps/0") == (200, {})
    assert ask("message", form=form, part="nowhere") == (200, {})
    MessageTemplate.objects.update(version=0)
    assert ask("message", form=form, part="steps/1") == (200, {})


def test_a_preview_without_an_event_says_that_it_is_made_up(ask, form):
    _status, answer = ask("preview", form=form, texts=[{"text": "{{trigger.customer_name}}"}])

    assert answer["previews"] == [{"text": "«Customer name»", "state": "made_up"}]


def test_what_a_list_hands_back_is_shown_with_its_first_element(ask, form, tenant):
    fire(tenant, "new_order", {"lines": [{"sku": "TS-M", "qty": 2}]})
    line = {"name": "book", "action": "log_note", "params": {"text": "x"}}
    params = {"items": "{{trigger.lines}}", "steps": [line], "result": {"sku": "{{item.sku}}"}}
    document = {
        **case("seed_new_order"),
        "steps": [{"name": "each", "action": "for_each", "params": params}],
    }
    texts = [{"text": "{{item.sku}}", "place": "params/result"}, {"text": "{{trigger.lines}}"}]

    _status, answer = ask("preview", form=to_form(document), part="steps/0", texts=texts)

    assert [one["text"] for one in answer["previews"]] == ["TS-M", "Qty: 2, Sku: TS-M"]


def test_html_previews_escape_values(ask, form, tenant):
    fire(tenant, "new_order", {"customer_name": "<b>Rami</b>"})

    texts = [{"text": "{{trigger.customer_name}} ", "html": True}]
    _status, answer = ask("preview", form=form, texts=texts)

    assert answer["previews"][0]["text"] == "&lt;b&gt;Rami&lt;/b&gt; "


def test_values_name_fields_choices_and_earlier_results(ask, form, tenant):
    fire(tenant, "new_order", {"order_id": "A-7", "total_amount": "9.90", "source": "web"})

    _status, answer = ask("values", form=form)

    items = {item["path"]: item for group in answer["groups"] for item in group["items"]}
    assert items["trigger.total_amount"]["example"] == "9.90"
    assert items["trigger.total_amount"]["kind"] == "number"
    assert items["trigger.source"]["choices"][0] == {"value": "web", "title": "Web shop"}
    assert items["steps.alert_operations.output.subject"]["kind"] == "text"
    assert {"now", "tenant.name"} <= set(items)


def test_events_of_another_tenant_are_never_shown(ask, form, other_tenant):
    fire(other_tenant, "new_order", {"order_id": "theirs-7"})
    fire(other_tenant, "their_own", {"their_field": "x"})

    _status, answer = ask("values", form=form)

    assert "theirs-7" not in json.dumps(answer)
    assert "their_own" not in json.dumps(answer)


def test_somebody_elses_workflow_answers_nothing(ask, form, other_tenant):
    status, _answer = ask("check", form=form, tenant=str(other_tenant.pk))

    assert status == 403


def test_readers_may_not_ask(client, support_user, tenant, form):
    client.force_login(support_user)
    url = reverse("admin:workflows_editor_check")

    answer = client.post(
        url, json.dumps({"tenant": str(tenant.pk), "form": form}), content_type="application/json"
    )

    assert answer.status_code == 403


def test_nobody_may_ask_without_logging_in(client, tenant):
    answer = client.post(reverse("admin:workflows_editor_values"), "{}", "application/json")

    assert answer.status_code == 302


def test_a_question_is_posted_with_a_token(ops_user, tenant, form):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ops_user)
    url = reverse("admin:workflows_editor_check")

    assert client.post(url, "{}", content_type="application/json").status_code == 403
    assert client.get(url).status_code == 405


@pytest.mark.parametrize(
    "question",
    [
        {"form": {}},
        {"form": {"sayr_form": 1, "head": {}, "steps": "x"}},
        {"form": []},
        {"definition": "not-an-id"},
        {},
    ],
)
def test_a_damaged_question_is_refused(ask, question):
    status, _answer = ask("check", **question)

    assert status == 400


def test_a_check_sees_what_a_colleague_has_just_changed(ask, tenant):
    step = {"name": "a", "action": "run_workflow", "params": {"workflow": "refunds"}}
    form = to_form({**case("seed_new_order"), "steps": [step]})
    assert [one["area"] for one in ask("check", form=form)[1]["problems"]] == ["params"]

    callee = WorkflowDefinition(tenant=tenant, key="refunds")
    publish(
        tenant, "user:rana", callee, {**case("seed_new_order"), "name": "Refunds", "steps": [NOTE]}
    )
    _status, answer = ask("check", form=form)

    assert answer["problems"] == []
    assert answer["summaries"]["steps/0"]["line"] == "Refunds"


FIND = {
    "name": "found",
    "action": "find_records",
    "params": {"table": "orders", "where": [{"field": "number", "operator": "equals"}]},
}


def test_a_row_without_a_field_is_a_problem_at_its_field_and_not_all_records(ask):
    document = {"name": "x", "trigger_type": "new_order", "steps": [FIND]}
    form = to_form(document)
    blank = dict.fromkeys(form["steps"][0]["params"]["where"][0], "")
    form["steps"][0]["params"]["where"].insert(0, blank)

    _status, answer = ask("check", form=form)

    said = {tuple(one["at"]): (one["text"], one["empty"]) for one in answer["problems"]}
    assert said[("where", 0, "field")] == ("Choose a field.", True)
    assert ("where", 0, "operator") in said
    assert ("where", 1, "field") not in said


def test_a_fresh_row_of_a_condition_asks_for_its_field(ask, form):
    form["head"]["filter"] = {
        "mode": "all",
        "rows": [{"field": "", "operator": "equals", "value": ""}],
    }

    _status, answer = ask("check", form=form)

    [said] = [one for one in answer["problems"] if one["area"] == "filter"]
    assert (said["text"], said["empty"]) == ("Choose a field.", True)


def test_none_chosen_from_a_list_is_a_problem_at_its_field(ask, form):
    form["steps"][0]["params"]["fields"] = {"status": ""}

    _status, answer = ask("check", form=form)

    assert ("steps/0", "params", ["fields", "status"]) in places(answer)


def test_the_light_tells_with_what_it_ran_or_where_it_fails(ask, tenant):
    fire(tenant, "tried", {"phone": "x"})
    step = {"name": "tell", "action": "log_note", "params": {"text": "{{ trigger.phone }}"}}
    document = {"name": "x", "trigger_type": "tried", "steps": [step]}

    _status, ran = ask("trial", form=to_form(document))
    step["params"]["text"] = "{{ trigger.phone | phone }}"
    _status, fails = ask("trial", form=to_form(document))
    step["params"]["text"] = "{{ trigger.phone"
    _status, invalid = ask("trial", form=to_form(document))

    assert ran["state"] == "ran"
    assert ran["text"] == "Nothing to correct. It ran through with tried of today."
    assert (fails["state"], fails["part"]) == ("fails", "steps/0")
    assert "“Tell” would fail: “x” is not a phone number" in fails["text"]
    assert invalid == {"state": "invalid", "text": "", "part": ""}


def test_before_any_event_came_nothing_is_said_to_be_missing(ask, form):
    form["head"]["trigger_type"] = "never_seen"

    _status, answer = ask("preview", form=form, texts=[{"text": "{{ trigger.anything }}"}])

    assert answer["previews"] == [{"text": "", "state": "none"}]


def test_what_is_used_most_is_told(ask, form, tenant):
    WorkflowDefinition.objects.create(
        tenant=tenant, key="k", name="K", version=1, definition=case("seed_new_order")
    )

    _status, answer = ask("values", form=form)

    actions = answer["choices"]["actions"]
    assert actions["send_email"]["uses"] == 1
    assert actions["log_note"]["uses"] == 0
    order = sorted(actions, key=lambda name: actions[name]["order"])
    assert order[:3] == ["whatsapp_notify", "send_email", "update_record"]
