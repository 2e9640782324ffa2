"""Paths at which nothing can ever be: a problem at publication, at their place."""

import pytest
from django.utils.translation import override

from workflows.presentation.runs.errors import sentence
from workflows.services.definitions.publish import problems_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(tenant):
    def problems(**document):
        shape = {"name": "W", "trigger_type": "x", **document}
        return [(one.path, str(one.code)) for one in problems_of(tenant, shape)]

    return problems


def step(name, action, condition=None, **params):
    more = {"condition": condition} if condition else {}
    return {"name": name, "action": action, "params": params, **more}


MAIL = step("mail", "send_email", to=["a@example.com"], subject="S", text="T")
EARLIER = [
    {**MAIL, "on_error": "continue"},
    step("note", "log_note", text="T"),
    step("rest", "wait", **{"for": "1h"}),
    step("ask", "approval", title="T", approvers=["boss"]),
    step("each", "for_each", items="{{ trigger.lines }}", steps=[step("in", "log_note", text="T")]),
    step("tell", "emit_event", type="told", payload={}),
]
VALUES = {"rate": "0.5", "deep": {"a": 1, "list": [1]}, "names": ["x"]}
ERROR, STEP, OUTPUT = "unknown_step_error_part", "unknown_step_part", "unknown_output_field"
READS = {
    "steps.mail.error": None,
    "steps.mail.error.code": None,
    "steps.mail.error.http_status": None,
    "steps.mail.error.size": None,
    "steps.mail.error.code.size": None,
    "steps.mail.error.message": ERROR,
    "steps.mail.error.params": ERROR,
    "steps.mail.error.params.host": ERROR,
    "steps.mail.error.step": ERROR,
    "steps.mail.error.code.text": ERROR,
    "steps.mail.status": None,
    "steps.mail.status.code": STEP,
    "steps.mail.message": STEP,
    "steps.note.output.text": None,
    "steps.note.output.text.size": None,
    "steps.note.output.text.value": OUTPUT,
    "steps.note.output.text[0]": OUTPUT,
    "steps.rest.output.until": None,
    "steps.rest.output.time": OUTPUT,
    "steps.ask.output.choice": None,
    "steps.ask.output.choice.key": OUTPUT,
    "steps.ask.output.decided_by.name": OUTPUT,
    "steps.ask.output.timed_out.at": OUTPUT,
    "steps.each.output.results[0].x": None,
    "steps.each.output.results.first": None,
    "steps.each.output.results.text": OUTPUT,
    "steps.each.output.items.size": None,
    "steps.each.output.items[0]": OUTPUT,
    "steps.tell.output.event_id": None,
    "steps.tell.output.payload": OUTPUT,
    "run.id": None,
    "run.id.short": "unknown_run_part",
    "run.message": "unknown_run_part",
    "tenant.name.first": "unknown_tenant_field",
    "tenant.name.size": None,
    "values.rate": None,
    "values.rate.percent": "unknown_value_part",
    "values.deep.a": None,
    "values.deep.b": "unknown_value_part",
    "values.deep.a.b": "unknown_value_part",
    "values.deep.list[5]": None,
    "values.deep.list.x": "unknown_value_part",
    "values.names.first": None,
    "values.names.size": None,
}


@pytest.mark.parametrize("read", READS)
def test_what_can_never_be_there_is_a_problem(read, found):
    steps = [*EARLIER, step("here", "log_note", text=f"{{{{ {read} | default: 'x' }}}}")]
    expected = [(f"/steps/{len(EARLIER)}/params/text", READS[read])] if READS[read] else []
    assert found(steps=steps, values=VALUES) == expected


@pytest.mark.parametrize("field", ["steps.mail.error.message", "steps.mail.error.code.x"])
def test_in_a_condition_too(field, found):
    asks = {"all": [{"field": field, "operator": "is_not_empty"}]}
    steps = [EARLIER[0], step("here", "log_note", condition=asks, text="T")]

    problems = found(steps=steps)

    assert [code for _path, code in problems] == [ERROR]


def test_behind_an_error_the_run_has_the_step_too(found):
    tell = {
        "steps": [
            step("a", "log_note", text="{{ run.error.code }} {{ run.error.step }}"),
            step("b", "log_note", text="{{ run.error.message }}"),
            step("c", "log_note", text="{{ run.error.code.x }}"),
        ],
        "then": "stop",
    }
    problems = found(steps=[{**MAIL, "on_error": tell}])

    assert [code for _path, code in problems] == ["unknown_error_part"] * 2


@pytest.mark.parametrize(
    ("language", "words"), [("en", ["always empty", "code", "page of the run"]), ("ar", ["فارغ"])]
)
def test_the_sentence_names_the_right_way(language, words):
    with override(language):
        said = sentence(ERROR, {"path": "steps.mail.error.message", "step": "mail"})
    assert [one for one in words if one not in said] == []
