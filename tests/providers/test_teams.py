"""What Teams documents, row by row; and that a value never becomes markup of a card."""
# ruff: noqa: RUF001 - Arabic letters and digits are no slips here

import re
from html import unescape

import pytest
from django.utils.translation import override
from hypothesis import example, given
from hypothesis import strategies as st

from actions.chat.teams import MAX_BYTES, card
from actions.errors import PermanentFailure, TemporaryFailure
from actions.providers.answers import Meaning
from actions.providers.teams import ANSWERS
from actions.sandbox.teams import reply
from tenants.core.text.isolates import FIRST, LAST, isolated
from tests.support.chatting import SIGNATURE, Chatting
from tests.support.machine import Machine
from tests.support.time_travel import travel
from tests.workflows.runtime.conftest import publish_steps
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.errors import sentence
from workflows.services.events.fire import fire


@pytest.fixture
def team(tenant, outside, settings):
    chatting = Chatting(tenant, outside, settings)
    chatting.connect_teams()
    yield chatting
    chatting.forget()


def answer_as(team, row):
    """Let the stand-in answer as the row documents it."""
    if row.code.startswith("http_"):
        team.outside.behave("teams", "answer", status=row.status, body=None)
    else:
        team.outside.behave("teams", "fail", error=row.code)


@pytest.mark.django_db
def test_every_documented_answer(team):
    for row in ANSWERS.values():
        answer_as(team, row)

        failure = team.failure()

        is_temporary = row.meaning in {Meaning.TEMPORARY, Meaning.UNCLEAR}
        assert isinstance(failure, TemporaryFailure if is_temporary else PermanentFailure), row
        assert (failure.code, failure.params["provider_code"]) == (row.failure, row.code)
        if is_temporary:
            is_unclear = row.meaning is Meaning.UNCLEAR
            assert failure.params["may_have_arrived"] is is_unclear, row
        english = sentence(failure.code, failure.params)
        with override("ar"):
            arabic = sentence(failure.code, failure.params)
        assert re.search("[\u0621-\u064a]", arabic), row
        assert english != arabic
        assert "%(" not in english
        assert row.source.startswith("https://"), row


@pytest.mark.parametrize(
    "said",
    [
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error"
        " {} with ContextId tcid=0,server=DB3",
        "HTTP {}",
        "Status code: {}",
        "the connector says: status {} from upstream",
        {"status": 0},
        {"statusCode": "0"},
        {"error": {"code": 0, "message": "no"}},
        {"error": "HTTP error {}"},
        {"message": "Microsoft Teams endpoint returned HTTP error {} with ContextId"},
        {"error": {"message": "HTTP error {}"}},
        "HTTP/1.1 {} it says",
    ],
)
@pytest.mark.parametrize(
    ("status", "code", "arrived"),
    [
        (429, "teams_busy", False),
        (503, "teams_busy", False),
        (502, "teams_busy", True),
        (404, "teams_refused", None),
        (413, "teams_refused", None),
        (451, "teams_refused", None),
        (599, "teams_busy", True),
    ],
)
@pytest.mark.django_db
def test_the_status_of_another_service_in_a_good_answer_is_read(team, said, status, code, arrived):
    body = _with_status(said, status)
    team.outside.behave("teams", "answer", body=body)

    failure = team.failure()

    assert (failure.code, failure.params.get("may_have_arrived")) == (code, arrived)
    assert failure.params["answer"]


@pytest.mark.parametrize(
    "body",
    [
        "Webhook Bad Request - Null or empty event",
        {"error": {"code": "WorkflowTriggerIsNotEnabled", "message": "It is switched off."}},
        {"error": "no"},
    ],
)
@pytest.mark.django_db
def test_an_error_without_a_status_is_no_message_that_was_posted(team, body):
    team.outside.behave("teams", "answer", body=body)

    assert team.failure().code == "teams_refused"


def _with_status(said, status):
    if isinstance(said, dict):
        return {name: _with_status(one, status) for name, one in said.items()}
    if said in (0, "0"):
        return type(said)(status)
    return said.format(status)


@pytest.mark.parametrize(
    ("status", "body"),
    [(202, None), (200, "1"), (200, None), (200, {"ok": True}), (200, {"status": 200})],
)
@pytest.mark.django_db
def test_what_means_that_it_was_taken(team, status, body):
    team.outside.behave("teams", "answer", status=status, body=body)

    assert team.tell()["service"] == "teams"


@pytest.mark.parametrize("body", ["<html>Sign in, error 404</html>", " \n<!DOCTYPE html><p>x"])
@pytest.mark.django_db
def test_a_page_is_no_answer_of_teams(team, body):
    team.outside.behave("teams", "answer", body=body)

    failure = team.failure()

    assert isinstance(failure, TemporaryFailure)
    assert (failure.code, failure.params["may_have_arrived"]) == ("teams_unclear", True)


@pytest.mark.parametrize("text", ["x" * 30_000, "ل" * 15_000, isolated("*x* " * 8_000)])
@pytest.mark.django_db
def test_a_card_that_teams_would_drop_is_not_sent(team, text):
    with pytest.raises(PermanentFailure) as in_preview:
        team.preview(text)
    for refused in (team.failure(text), in_preview.value):
        assert refused.code == "teams_card_too_large"
        assert refused.params["bytes"] > refused.params["limit_bytes"] == MAX_BYTES
    assert team.outside.received("teams") == []


@pytest.mark.django_db
def test_the_largest_card_that_is_sent_is_taken(team):
    room = MAX_BYTES - len(str(card("x", "", None)).replace("'", '"').encode())

    team.tell("x" * (room - 200))

    assert [one.status for one in team.outside.received("teams")] == [202]


@pytest.mark.django_db
def test_no_part_of_the_address_comes_back(team):
    query = f"sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
    forms = [f"sig={SIGNATURE}", SIGNATURE[:12], SIGNATURE.encode().hex().upper()]
    forms += [f"/teams/workflows/86ffea6392fe4f3f9555f5e8f9b1f06e?{query}", query]
    forms += [query.replace("&", "&amp;"), query.replace("&", "\\u0026")]
    for form in forms:
        team.outside.behave("teams", "answer", status=400, body={"error": {"message": form}})

        said = team.failure().params["answer"]

        assert "[secret]" in said
        places = range(len(SIGNATURE) - 7)
        assert not any(SIGNATURE[at : at + 8] in said for at in places), said


# What becomes of a run.


@pytest.mark.django_db(transaction=True)
def test_a_value_is_no_markup_and_the_authors_is(team):
    text = (
        "**Customer**: {{ trigger.name }}\n- [Order {{ trigger.number }}](https://shop.example/"
        "{{ trigger.number }})"
    )
    payload = {"name": "[Claim your refund](https://evil.example/login)", "number": "SO_2024_001_X"}
    publish_steps(team.tenant, {"name": "a", "action": "team_notify", "params": {"text": text}})
    fire(team.tenant, "x", payload)
    machine = Machine()
    machine.work()
    travel()
    machine.close()

    [received] = team.outside.received("teams")
    name, link = received.body["attachments"][0]["content"]["body"]
    assert name["inlines"] == [
        {"type": "TextRun", "text": "Customer", "weight": "bolder"},
        {"type": "TextRun", "text": ": [Claim your refund](https://evil.example/login)"},
    ]
    assert link["inlines"][1] == {
        "type": "TextRun",
        "text": "Order SO_2024_001_X",
        "selectAction": {
            "type": "Action.OpenUrl",
            "url": "https://shop.example/SO_2024_001_X",
        },
    }
    run = WorkflowRun.objects.get()
    assert run.status == "completed"
    assert FIRST not in run.step_results[0]["output"]["text"]


def test_a_text_without_such_values_is_one_block_as_the_author_wrote_it():
    text = f"**Order** {isolated('1001')} of {isolated('Rana Haddad')}: _149.90_"

    [block] = card(text, "", "red")["attachments"][0]["content"]["body"]

    assert block == {
        "type": "TextBlock",
        "wrap": True,
        "text": "**Order** 1001 of Rana Haddad: _149.90_",
        "color": "attention",
    }


# Values, letter by letter.

SIGNS = st.sampled_from(
    (
        *(
            "*",
            "**",
            "_",
            "__",
            "\\",
            "[x](https://e.example)",
            "[",
            "](",
            ")",
            "`",
            "~",
            "#",
            "# ",
        ),
        *("- ", "1. ", "2) ", "+ ", ">", "<b>", "<https://e.example>", "&amp;", "&#42;", "|", "!"),
        *("{{DATE(2017-02-14T06:08:39Z,SHORT)}}", "{{", "\n", "\r\n", "    ", "---", "==="),
        *("a", "7", " ", ".", FIRST, LAST, "ا"),
    )
)
VALUES = st.lists(SIGNS | st.text(max_size=4), max_size=8).map("".join)


def read(message):
    """Return the lines that a reader of the card sees, and which parts of it are markup."""
    lines, marked = [], []
    for block in message["attachments"][0]["content"]["body"]:
        if block["type"] == "RichTextBlock":
            marked += [run["text"] for run in block["inlines"] if "selectAction" in run]
            marked += [run["text"] for run in block["inlines"] if "italic" in run]
            marked += re.findall(r"\{\{(?:DATE|TIME)\(.*?\}\}", "\0".join(_texts(block)))
            lines.append("".join(_texts(block)))
        else:
            lines += _read_markdown(block["text"], marked)
    return lines, marked


def _texts(block):
    return [run["text"] for run in block["inlines"]]


def _read_markdown(text, marked):
    """Follow CommonMark as far as https://adaptivecards.io documents it, and farther."""

    def note(found):
        marked.append(found[found.lastindex or 0])
        return found[found.lastindex or 0]

    patterns = (
        r"\\([!-/:-@\[-`{-~])",
        r"\[([^\]]*)\]\([^)]*\)",
        r"<([^>]+)>",
        r"\{\{(?:DATE|TIME)\((.*?)\}\}",
        r"\*\*([^*]+)\*\*",
        r"__([^_]+)__",
        r"\*([^*\s][^*]*)\*",
        r"_([^_\s][^_]*)_",
        r"`([^`]+)`",
        r"~~([^~]+)~~",
        r"(?m)^( {0,3}(?:[-+*]|\d+[.)]|#{1,6}|>)) ",
        r"(?m)^( {0,3}(?:=+|-+)) *$",
        r"(?m)^((?: {4}|\t))",
    )
    for pattern in patterns:
        text = re.sub(pattern, note, text)
    if unescape(text) != text:
        marked.append(text)
    return re.split(r"\r\n|\r|\n", unescape(text))


@given(VALUES)
@example("[Claim your refund](https://evil.example/login)")
@example("SO_2024_001_X")
@example("1. first")
@example("---")
@example("{{DATE(2017-02-14T06:08:39Z,SHORT)}}")
def test_any_value_is_read_letter_by_letter(value):
    lines, marked = read(card(f"{isolated(value)}\n**Order** {isolated(value)}!", "", None))

    kept = value.replace(FIRST, "").replace(LAST, "")
    expected = re.split(r"\r\n|\r|\n", f"{kept}\nOrder {kept}!")
    assert [one for one in lines if one] == [one for one in expected if one]
    assert [one for one in marked if one != "Order"] == []


@given(VALUES)
def test_any_value_as_the_whole_text_and_as_the_title(value):
    kept = value.replace(FIRST, "").replace(LAST, "")

    lines, marked = read(card(isolated(value) or "x", isolated(value), None))

    expected = re.split(r"\r\n|\r|\n", kept)
    if kept.strip():
        assert [one for one in lines if one] == [one for one in expected * 2 if one]
        assert marked == []


# The stand-in refuses what would never be seen.


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({}, 202, None),
        ({"type": "text"}, 400, "TriggerInputSchemaMismatch"),
        ({"attachments": []}, 400, "TriggerInputSchemaMismatch"),
        ({"attachments": [{"content": "{}"}]}, 400, "InvalidRequestContent"),
        ({"version": "2.0"}, 400, "InvalidRequestContent"),
        ({"body": []}, 400, "InvalidRequestContent"),
        ({"more": "x" * MAX_BYTES}, 413, "RequestEntityTooLarge"),
    ],
)
def test_the_stand_in_is_as_strict(change, status, code):
    message = card("Hello", "", None)
    content = message["attachments"][0]["content"]
    target = content if set(change) & set(content) - {"type"} else message
    target |= change

    answer = reply(message)

    assert answer.status == status
    assert (answer.body or {"error": {"code": None}})["error"]["code"] == code
