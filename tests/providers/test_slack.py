"""What Slack documents, row by row; and that a value never becomes its markup."""
# ruff: noqa: RUF001 - Arabic letters and digits are no slips here

import re
from html import unescape

import pytest
from django.utils.translation import override
from hypothesis import example, given
from hypothesis import strategies as st

from actions.chat.slack import MAX_CHARACTERS, message
from actions.errors import PermanentFailure, TemporaryFailure
from actions.providers.answers import Meaning
from actions.providers.slack import ANSWERS
from actions.sandbox.slack import reply
from tenants.core.text.isolates import FIRST, LAST, isolated
from tests.support.chatting import Chatting
from tests.support.machine import Machine
from tests.support.time_travel import travel
from tests.workflows.runtime.conftest import publish_steps
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.errors import sentence
from workflows.services.events.fire import fire

ROWS = list(ANSWERS.values())
# What a step fails with that failed before there was a table: published workflows name them.
CODES_BEFORE = {
    "slack_busy": "ratelimited rate_limited message_limit_exceeded service_unavailable"
    " request_timeout team_added_to_org internal_error fatal_error",
    "slack_channel_refused": "channel_not_found not_in_channel is_archived",
    "slack_access_refused": "invalid_auth not_authed token_revoked token_expired account_inactive"
    " missing_scope no_permission access_denied restricted_action",
}


@pytest.fixture
def team(tenant, outside, settings):
    chatting = Chatting(tenant, outside, settings)
    chatting.connect_slack()
    yield chatting
    chatting.forget()


@pytest.mark.django_db
def test_every_documented_error(team):
    for row in ROWS:
        team.outside.behave("slack", "fail", error=row.code)

        failure = team.failure()

        is_temporary = row.meaning in {Meaning.TEMPORARY, Meaning.UNCLEAR}
        assert isinstance(failure, TemporaryFailure if is_temporary else PermanentFailure), row
        assert (failure.code, failure.params["provider_code"]) == (row.failure, row.code)
        if is_temporary:
            is_unclear = row.meaning is Meaning.UNCLEAR
            assert failure.params["may_have_arrived"] is is_unclear, row
        assert_said_in_both_languages(failure)
        assert row.source.startswith("https://"), row


def assert_said_in_both_languages(failure):
    english, arabic = sentence(failure.code, failure.params), ""
    with override("ar"):
        arabic = sentence(failure.code, failure.params)
    assert english != arabic
    assert re.search("[\u0621-\u064a]", arabic), arabic
    assert not re.search(r"%\(|: -\.|“-”", english), english


@pytest.mark.parametrize("failure", CODES_BEFORE)
def test_the_codes_that_workflows_name_stay(failure):
    assert {ANSWERS[code].failure for code in CODES_BEFORE[failure].split()} == {failure}


@pytest.mark.django_db
def test_an_error_that_no_page_documents_is_refused_in_slacks_words(team):
    team.outside.behave("slack", "fail", error="something_new")

    failure = team.failure()

    assert isinstance(failure, PermanentFailure)
    assert (failure.code, failure.params["answer"]) == ("slack_refused", "something_new")


@pytest.mark.django_db
def test_the_right_that_is_missing_is_named(team):
    team.outside.behave("slack", "fail", error="missing_scope")

    failure = team.failure()

    assert (failure.params["needed"], failure.params["provided"]) == ("chat:write", "channels:read")
    assert "Slack wants: chat:write; the app has: channels:read." in sentence(
        failure.code, failure.params
    )


@pytest.mark.parametrize("needed", [None, 7, {}, []])
@pytest.mark.django_db
def test_what_slack_leaves_out_is_not_made_up(team, needed):
    body = {"ok": False, "error": "missing_scope", "needed": needed, "provided": ["a", "b"]}
    team.outside.behave("slack", "answer", body=body)

    failure = team.failure()

    assert (failure.params["needed"], failure.params["provided"]) == ("", "a,b")


@pytest.mark.django_db
def test_a_message_without_an_id_has_none(team):
    team.outside.behave("slack", "answer", body={"ok": True, "channel": None, "ts": None})

    output = team.tell()

    assert (output["channel"], output["message_id"]) == ("#orders", "")


@pytest.mark.django_db
def test_which_part_of_the_message_slack_means_is_kept(team):
    told = {"messages": ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0]"]}
    body = {"ok": False, "error": "invalid_blocks", "response_metadata": told}
    team.outside.behave("slack", "answer", body=body)

    assert "must be less than 3001 characters" in team.failure().params["answer"]


@pytest.mark.parametrize(
    ("body", "warnings"),
    [
        ({}, None),
        ({"warning": "message_truncated"}, ["message_truncated"]),
        (
            {"warning": "a,b", "response_metadata": {"warnings": ["a", "b"], "messages": ["why"]}},
            ["a", "b", "why"],
        ),
        ({"response_metadata": {"messages": ["[WARN] use blocks"]}}, ["[WARN] use blocks"]),
        ({"warning": None, "response_metadata": "odd"}, None),
        ({"response_metadata": {"warnings": "odd", "messages": 3}}, None),
    ],
)
@pytest.mark.django_db
def test_warnings_of_a_message_that_was_posted_are_kept(team, body, warnings):
    team.outside.behave("slack", "answer", body={"ok": True, "channel": "C1", "ts": "1.2", **body})

    assert team.tell().get("warnings") == warnings


@pytest.mark.parametrize(
    "body", [None, "", "<html>Log in</html>", "no", [], {}, {"ok": "true"}, {"ok": 1}, {"id": 7}]
)
@pytest.mark.django_db
def test_an_answer_that_is_not_slacks_leaves_it_open(team, body):
    team.outside.behave("slack", "answer", body=body)

    failure = team.failure()

    assert isinstance(failure, TemporaryFailure)
    assert (failure.code, failure.params["may_have_arrived"]) == ("slack_unclear", True)
    if body:
        assert failure.params["answer"]


# What becomes of a run.


@pytest.fixture
def machine(team):
    worker = Machine()
    yield worker
    worker.close()


def carry_out(team, machine, params, payload=()):
    publish_steps(team.tenant, {"name": "tell", "action": "team_notify", "params": params})
    fire(team.tenant, "x", dict(payload))
    for _ in range(4):
        machine.work()
        travel()
    return WorkflowRun.objects.get()


@pytest.mark.parametrize(
    ("answer", "tries", "status", "code"),
    [
        ({"mode": "fail", "error": "service_unavailable", "times": 1}, 2, "completed", None),
        ({"mode": "fail", "error": "internal_error"}, 1, "failed", "outcome_unknown"),
        ({"mode": "fail", "error": "is_archived"}, 1, "failed", "slack_channel_refused"),
        ({"mode": "answer", "body": "<p>Log in</p>"}, 1, "failed", "outcome_unknown"),
        ({"mode": "slow", "seconds": 0.1}, 1, "completed", None),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_what_a_run_makes_of_an_answer(team, machine, answer, tries, status, code):
    team.outside.behave("slack", **answer)

    run = carry_out(team, machine, {"text": "Hello"})

    assert len(team.outside.received("slack")) == tries
    assert (run.status, run.error_code) == (status, code)
    if code == "outcome_unknown":
        assert run.step_results[0]["error"]["params"]["answer"]


@pytest.mark.django_db(transaction=True)
def test_the_authors_markup_stays_and_a_value_is_none(team, machine):
    text = (
        "*New* order {{ trigger.number }} of {{ trigger.name | upcase }}"
        "{% capture more %} _soon_ {{ trigger.name }}{% endcapture %}{{ more }}"
    )
    payload = {"number": "SO_2024_001_X", "name": "*Rana* <!channel>"}

    run = carry_out(team, machine, {"text": text}, payload)

    [received] = team.outside.received("slack")
    plain = "New order SO_2024_001_X of *RANA* <!CHANNEL> soon *Rana* <!channel>"
    assert received.text == plain
    [block] = received.body["blocks"]
    [section] = block["elements"]
    styled = {one["text"]: one["style"] for one in section["elements"] if "style" in one}
    assert styled == {"New": {"bold": True}, "soon": {"italic": True}}
    assert received.body["mrkdwn"] is False
    output = run.step_results[0]["output"]
    assert output["text"] == text_of(payload)
    assert FIRST not in output["text"]
    assert LAST not in output["text"]


def text_of(payload):
    number, name = payload["number"], payload["name"]
    return f"*New* order {number} of {name.upper()} _soon_ {name}"


# Values, letter by letter.

SIGNS = st.sampled_from(
    (
        *(
            "*",
            "_",
            "~",
            "`",
            "```",
            ":smile:",
            ":",
            "<!channel>",
            "<@U1>",
            "<https://e.example|x>",
        ),
        *("&", "&amp;", ">", "\n> ", "\n", "@here", "#general", " ", "a", "7", FIRST, LAST, "ا"),
    )
)
VALUES = st.lists(SIGNS | st.text(max_size=4), max_size=8).map("".join)


def read(body):
    """Return what a reader of the message sees, and which parts of it are markup."""
    shown, marked = "", []
    for attachment in [body, *body.get("attachments", ())]:
        if attachment.get("blocks"):
            [block] = attachment["blocks"]
            for element in block["elements"]:
                quote = element["type"] == "rich_text_quote"
                for inner in element["elements"]:
                    said = inner.get("text") or inner.get("url") or f":{inner['name']}:"
                    shown += said
                    if inner["type"] != "text" or "style" in inner or quote:
                        marked.append(said)
        elif attachment.get("text"):
            shown += _read_mrkdwn(attachment["text"], marked, attachment.get("mrkdwn", True))
    return shown, marked


def _read_mrkdwn(text, marked, has_markup):
    """Follow https://docs.slack.dev/messaging/formatting-message-text."""

    def note(found):
        marked.append(unescape(found[found.lastindex or 0]))
        return found[found.lastindex or 0]

    text = re.sub(r"<([^<>]*)>", note, text)
    patterns = [r"(?m)^&gt;(.*)$", r"```(.+?)```", r"`([^`\n]+)`", r":([a-z0-9_+'-]+):"]
    patterns += [rf"(?<!\w){s}([^\s{s}](?:[^{s}\n]*[^\s{s}])?){s}(?!\w)" for s in (r"\*", "_", "~")]
    for pattern in patterns if has_markup else ():
        text = re.sub(pattern, note, text, flags=re.DOTALL)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@given(VALUES)
@example("<!channel> *x* _y_ `z` ~w~ :smile:")
@example("https://evil.example/login")
@example("\n> quoted")
@example(f"{LAST}*bold*{FIRST}")
def test_any_value_is_read_letter_by_letter(value):
    body, told = message(f"Order {isolated(value)} of *today*", "", None, "#orders")

    shown, marked = read(body)

    kept = value.replace(FIRST, "").replace(LAST, "")
    assert told == []
    assert shown == f"Order {kept} of today"
    # An address that is shown as it is leads where it says.
    is_address = re.fullmatch(r"(?:https?://|mailto:)\S+", kept) is not None
    assert set(marked) - {"today"} <= ({kept} if is_address else set())


@given(VALUES, VALUES)
@example("*", FIRST)
@example("", LAST)
def test_any_value_in_an_attachment_too(value, title):
    body, _told = message(f"Order {isolated(value)}", isolated(title), "red", "#orders")

    shown, marked = read(body)

    kept, heading = (one.replace(FIRST, "").replace(LAST, "") for one in (value, title))
    [attachment] = body["attachments"]
    if "blocks" in attachment:
        assert shown == f"{heading}Order {kept}"
        assert [one for one in marked if one not in {heading, kept}] == []
    else:
        assert shown == f"Order {kept}"


@pytest.mark.parametrize("letter", ["x", "&", "ل", "😀"])
@pytest.mark.django_db
def test_a_text_that_is_too_long_is_shortened_and_says_so(team, letter):
    output = team.tell(letter * (MAX_CHARACTERS + 10))

    [received] = team.outside.received("slack")
    assert len(received.body["text"]) <= MAX_CHARACTERS
    assert re.fullmatch(f"{letter}+…", unescape(received.body["text"]))
    assert output["warnings"] == ["text_shortened"]


@pytest.mark.django_db
def test_values_in_a_text_too_long_for_blocks_stay_without_markup(team):
    output = team.tell(f"*All*: {isolated('*x* ' * 4000)}")

    [received] = team.outside.received("slack")
    assert received.body["mrkdwn"] is False
    assert received.body["text"].startswith("*All*: *x* *x*")
    assert output["warnings"] == ["markup_left_out"]


@pytest.mark.django_db
def test_a_preview_shows_it_as_the_channel_would(team):
    shown = team.preview(f"Order {isolated('A_1')}", title=isolated("*T*"))

    assert shown.content == {"text": "Order A_1", "title": "*T*"}
    assert shown.output["text"] == "Order A_1"


# The stand-in refuses what Slack refuses.


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": "x"}, "channel_not_found"),
        ({"channel": "#a"}, "no_text"),
        ({"channel": "#a", "attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        ({"channel": "#a", "text": "x", "blocks": [{"type": "odd"}]}, "invalid_blocks"),
        ({"channel": "#a", "text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"channel": "#a", "text": "x", "blocks": [{"type": "rich_text"}]}, "invalid_blocks"),
        (
            {"channel": "#a", "text": "x", "blocks": [{"type": "markdown", "text": "x" * 14_000}]},
            "msg_blocks_too_long",
        ),
        ({"channel": "#a", "text": "x"}, None),
    ],
)
def test_the_stand_in_is_as_strict(body, error):
    answer = reply(body, "Bearer x-token", 1)

    assert answer.status == 200
    assert answer.body.get("error") == error
    assert answer.body["ok"] is (error is None)
