"""Each documented answer of WhatsApp: what the step records, tries again, and people read."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from actions.models.message_template import MessageTemplate
from actions.providers.answers import Meaning
from actions.providers.whatsapp import ANSWERS
from tenants.core.text.listing import bare
from tests.support.company import Company
from tests.support.machine import Machine
from tests.support.tenants import make_tenant
from workflows.presentation.runs.errors import sentence
from workflows.presentation.whatsapp import told
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

STEP = {
    "name": "tell",
    "action": "whatsapp_notify",
    "params": {"phone": "03 123 456", "template": "hello"},
}
DOCUMENT = {"name": "W", "trigger_type": "x", "steps": [STEP]}
# Of the rights to an API, a hundred codes alike: the first and the last.
ALIKE = {str(code) for code in range(202, 299)}
ROWS = [row for code, row in ANSWERS.items() if code not in ALIKE]
TRIED_AGAIN = {Meaning.TEMPORARY}
UNDELIVERABLE = "131026"


@pytest.fixture
def company(outside, settings):
    """A company with one template that takes no values, at the stand-in."""
    allowed = [outside.host_and_port]
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": allowed}}
    outside.journal.forget()
    company = Company(make_tenant("cedar"), outside)
    company.connect()
    MessageTemplate.objects.create(
        tenant=company.tenant, key="hello", name="Hello", channel="whatsapp", text="Hello"
    )
    company.register_templates()
    company.publish(DOCUMENT)
    yield company
    outside.behave("whatsapp", "ok")


@pytest.fixture
def machine(company):
    worker = Machine()
    yield worker
    worker.close()


@pytest.fixture
def send(company, machine):
    """Carry the workflow out against an answer; return its run."""

    def carry_out(mode, **answer):
        company.outside.journal.forget()
        company.outside.behave("whatsapp", mode, **answer)
        fire(company.tenant, "x", {})
        machine.work()
        run = company.runs().order_by("-id").first()
        assert len(company.received("whatsapp")) == 1
        return run

    return carry_out


def error_of(run):
    """Return what went wrong: of a step that waits for its next try, at the last one."""
    if run.status == "waiting":
        return run.pending["attempts"][-1]["error"]
    return run.step_results[-1]["error"]


def read_in(language, error):
    with override(language):
        return sentence(error["code"], error["params"])


def test_every_documented_answer(send):
    """One test of the whole table: a company and a worker for each row would cost a minute."""
    for row in ROWS:
        run = send("fail", code=int(row.code), headers={"Retry-After": "60"})

        error = error_of(run)
        if row.meaning is Meaning.UNCLEAR:
            assert (run.status, error["code"]) == ("failed", "outcome_unknown"), row.code
            assert error["params"]["code"] == row.failure
        else:
            tried = row.meaning in TRIED_AGAIN
            assert run.status == ("waiting" if tried else "failed"), row.code
            assert error["code"] == row.failure, row.code
        assert error["params"]["provider_code"] == int(row.code)
        assert error["params"]["status"] == row.status
        for language in ("en", "ar"):
            with override(language):
                told = str(row.sentence) % error["params"]
            assert bare(told) in bare(read_in(language, error)), row.code
            assert error["params"]["answer"] in told
        assert read_in("en", error) != read_in("ar", error)


@pytest.mark.parametrize(
    ("meaning", "failures"),
    [
        (Meaning.TEMPORARY, {"whatsapp_busy"}),
        (Meaning.UNCLEAR, {"whatsapp_busy"}),
        (Meaning.RECIPIENT, {"whatsapp_undeliverable"}),
        (Meaning.ACCOUNT, {"whatsapp_access_refused"}),
        (
            Meaning.REFUSED,
            {"whatsapp_template_unknown", "whatsapp_values_refused", "whatsapp_refused"},
        ),
    ],
)
def test_a_meaning_has_the_failures_that_published_workflows_name(meaning, failures):
    assert {row.failure for row in ANSWERS.values() if row.meaning is meaning} == failures


def test_a_row_says_where_it_is_documented_and_what_meta_says():
    for row in ANSWERS.values():
        assert row.source.startswith("https://developers.facebook.com/"), row.code
        assert row.said, row.code
        assert 400 <= row.status < 600, row.code
        assert "%(answer)s" in str(row.sentence), row.code


def error_body(**error):
    return {"error": {"message": "it went wrong", **error}}


CODES: dict[str, Any] = {
    "a number": error_body(code=131026),
    "a text": error_body(code="131026"),
    "a text with spaces": error_body(code=" 131026\n"),
    "a decimal": error_body(code=131026.0),
    "a decimal as text": error_body(code="131026.0"),
    "a subcode": error_body(error_subcode=131026),
    "a subcode as text beside a vague code": error_body(code=100, error_subcode="131026"),
    "a subcode beside a code that is none": error_body(code=True, error_subcode=131026),
    "in the message alone": {"error": {"message": "(#131026) Message undeliverable"}},
    "in details": error_body(code="131026", error_data={"details": "Nobody there"}),
}


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_code_is_read_whatever_its_type_and_the_status_beside_it(send, status):
    for name, body in CODES.items():
        run = send("answer", status=status, body=body)

        assert (run.status, run.error_code) == ("failed", "whatsapp_undeliverable"), name
        assert error_of(run)["params"]["provider_code"] == 131026, name


def test_a_code_is_read_whatever_the_answer_is_labelled(send):
    body = '{"error": {"message": "no", "code": 131026}}'
    for label in ("text/javascript; charset=UTF-8", "text/plain"):
        run = send("answer", status=400, body=body, headers={"Content-Type": label})

        assert run.error_code == "whatsapp_undeliverable", label


def test_a_code_that_is_not_documented_goes_by_the_status(send):
    for code in (999999, "999999", "x", None, True, [], 1e300):
        refused = send("answer", status=400, body=error_body(code=code))
        unclear = send("answer", status=500, body=error_body(code=code))

        is_code = str(code).isdecimal()
        assert refused.error_code == ("whatsapp_refused" if is_code else "http_400"), code
        assert unclear.error_code == "outcome_unknown", code


PAGE = "<!doctype html><title>Log in</title><style>p {}</style><p>Please log&nbsp;in</p>"
NOT_METAS: dict[str, tuple[Any, str]] = {
    "a page": (PAGE, "Log in Please log"),
    "text": ("OK", "OK"),
    "nothing": (None, ""),
    "an empty object": ({}, "{}"),
    "an empty list": ([], "[]"),
    "no messages": ({"messages": []}, '{"messages":[]}'),
    "messages of another shape": ({"messages": {"id": "x"}}, '{"messages":{"id":"x"}}'),
    "a message without an id": ({"messages": [{}]}, '{"messages":[{}]}'),
    "an empty id": ({"messages": [{"id": " "}]}, '{"messages":[{"id":" "}]}'),
    "an id that is no text": ({"messages": [{"id": 7}]}, '{"messages":[{"id":7}]}'),
    "another service": ({"ok": True, "ts": "1"}, '{"ok":true,"ts":"1"}'),
    "an error without a code": ({"error": {}}, '{"error":{}}'),
    "an error with a code that nobody knows": (error_body(code=424242), "it went wrong"),
}


def test_an_answer_that_is_not_metas_leaves_it_open_and_says_what_came(send):
    for name, (body, came) in NOT_METAS.items():
        run = send("answer", status=200, body=body)

        error = error_of(run)
        assert (run.status, error["code"]) == ("failed", "outcome_unknown"), name
        assert run.step_results[-1]["status"] == "unknown", name
        assert came in error["params"]["answer"], name
        assert came in read_in("en", error), name
        assert "Nobody knows whether the message was sent." in read_in("en", error), name
        assert "لا أحد يعلم هل أُرسلت الرسالة" in read_in("ar", error), name
        assert isinstance(body, str) == ("text/html" in read_in("en", error)), name


def test_an_id_is_enough(send):
    run = send("answer", status=200, body={"messages": [{"id": "wamid.1"}]})

    assert run.status == "completed"
    assert run.step_results[-1]["output"]["message_id"] == "wamid.1"


@pytest.mark.parametrize("status", ["held_for_quality_assessment", "paused"])
def test_a_message_that_whatsapp_holds_back_is_said_to_be(send, status):
    body = {"messages": [{"id": "wamid.1", "message_status": status}]}

    run = send("answer", status=200, body=body)

    output = run.step_results[-1]["output"]
    assert (run.status, output["message_id"]) == ("completed", "wamid.1")
    assert output["message_status"] == status
    for language, words in (("en", f"holds it back ({status})"), ("ar", "لكنه يحتجزها")):
        with override(language):
            assert words in told(output)["note"]
            page = render_to_string("admin/sayr/whatsapp_message.html", {"message": told(output)})
        assert words in page


@pytest.mark.parametrize("more", [{}, {"message_status": "accepted"}, {"message_status": 7}])
def test_one_that_it_sends_says_nothing_more(send, more):
    run = send("answer", status=200, body={"messages": [{"id": "wamid.1", **more}]})

    output = run.step_results[-1]["output"]
    assert "message_status" not in output
    assert "note" not in told(output)
