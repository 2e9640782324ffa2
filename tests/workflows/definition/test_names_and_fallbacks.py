"""Names that do not exist are problems at publish; keys and fallbacks that work are none."""

# ruff: noqa: E501 -- a row of a table is one line

from dataclasses import replace

import pytest

from tests.workflows.definition.conftest import CATALOGUE
from workflows.definition.catalogue import ActionSignature
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template
from workflows.definition.validate import validate

CLOSED = {
    "type": "object",
    "properties": {"status": {}, "body": {}},
    "additionalProperties": True,
    "x-named-in": "response.pick",
}
KNOWN = replace(
    CATALOGUE,
    actions={
        **CATALOGUE.actions,
        "ask": ActionSignature({"type": "object", "properties": {"response": {}}}, CLOSED),
        "own": ActionSignature({"type": "object"}, own_errors=True),
    },
    errors=frozenset({"http_404", "http_500", "not_in_time", "timed_out"}),
)
URL = "https://x"


def step(name, body=None, action="webhook", **more):
    params = {"url": URL} if body is None else {"url": URL, "body": body}
    return {"name": name, "action": action, "params": params, **more}


def branch(name, *cases, otherwise=None):
    params = {"cases": [{"when": ASKED, "steps": list(steps)} for steps in cases]}
    return {"name": name, "action": "branch", "params": {**params, "otherwise": otherwise or []}}


ASKED = {"all": [{"field": "trigger.a", "operator": "exists"}]}


def codes(*steps, **more):
    document = {"name": "A", "trigger_type": "anything", "steps": list(steps), **more}
    return [(problem.path, problem.code) for problem in validate(document, KNOWN)]


@pytest.mark.parametrize(
    "body",
    [
        "{% for k in trigger.keys %}{{ values.map[k] }}{% endfor %}",
        "{% for k in trigger.keys %}{{ values.map[k.name] }}{{ values.map[k].x }}{% endfor %}",
        "{% assign k = trigger.k %}{{ values.map[k] }}",
        "{% capture k %}{{ trigger.k }}{% endcapture %}{{ values.map[k] }}",
        "{% assign k = trigger.k %}{{ values.map[trigger.of[k]] }}",
    ],
)
def test_a_name_that_the_template_sets_can_be_a_key(body):
    assert codes(step("a", body), values={"map": {"x": "y"}}) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{{ values.map[k] }}", "unknown_root"),
        ("{% for k in trigger.keys %}{% endfor %}{{ values.map[k] }}", "unknown_root"),
        ("{% assign k = trigger.k %}{{ values.map[steps.no.output.x] }}", "unknown_step"),
        ("{% assign k = trigger.k %}{{ values.mip[k] }}", "unknown_value"),
        ("{{ run.event_type }}", "unknown_run_part"),
        ("{{ run.ident }}", "unknown_run_part"),
        ("{{ now.date }}", "now_has_no_parts"),
        ("{{ now['year'] }}", "now_has_no_parts"),
        ("{% if run.nothing %}x{% endif %}", "unknown_run_part"),
    ],
)
def test_a_name_that_does_not_exist_is_a_problem(body, code):
    assert codes(step("a", body), values={"map": {"x": "y"}}) == [("/steps/0/params/body", code)]


@pytest.mark.parametrize("part", ["id", "workflow", "version", "started_at", "actor"])
def test_what_a_run_has_can_be_read(part):
    assert codes(step("a", f"{{{{ run.{part} }}}} {{{{ now }}}}")) == []


@pytest.mark.parametrize(
    ("params", "read", "found"),
    [
        ({}, "status", []),
        ({}, "body.id", []),
        ({}, "data", ["unknown_output_field"]),
        ({"response": {"pick": {"deal": "body.id"}}}, "deal", []),
        ({"response": {"pick": {"deal": "body.id"}}}, "deel", ["unknown_output_field"]),
    ],
)
def test_an_output_has_its_fields_and_those_that_the_params_name(params, read, found):
    ask = {"name": "http", "action": "ask", "params": params}

    problems = codes(ask, step("b", f"{{{{ steps.http.output.{read} }}}}"))

    assert [code for _, code in problems] == found


@pytest.mark.parametrize(
    ("action", "error", "is_known"),
    [
        ("webhook", "http_404", True),
        ("webhook", "http404", False),
        ("webhook", "timedout", False),
        ("own", "stock_gone", True),
    ],
)
def test_an_error_that_no_step_has_is_a_problem_at_its_place(action, error, is_known):
    on_error = {"steps": [step("b")], "codes": ["not_in_time", error]}
    params = {"url": URL} if action == "webhook" else {}

    problems = codes({"name": "a", "action": action, "params": params, "on_error": on_error})

    at = "/steps/0/on_error/codes/1"
    assert problems == ([] if is_known else [(at, "unknown_error_code")])


BOTH = "{{ steps.a.output.v | default: steps.b.output.v }}"
THREE = "{{ steps.a.output.v | default: steps.b.output.v | default: steps.c.output.v }}"
WITH_LAST = "{{ steps.a.output.v | default: steps.b.output.v | default: 'none' }}"
LEFT_OUT = "{{ steps.a.output.v | default: steps.b.output.v | skip_if_empty }}"
TWO_WAYS = branch("way", [step("a")], otherwise=[step("b")])
THREE_WAYS = branch("way", [step("a")], [step("b")], otherwise=[step("c")])
AFTER_ERROR = step("a", on_error={"steps": [step("b")], "then": "continue"})


@pytest.mark.parametrize(
    ("before", "body", "is_sure"),
    [
        ([TWO_WAYS], BOTH, True),
        ([TWO_WAYS], {"list": [BOTH]}, True),
        ([TWO_WAYS], f"text {BOTH}", True),
        ([TWO_WAYS], WITH_LAST, True),
        ([TWO_WAYS], LEFT_OUT, True),
        ([THREE_WAYS], THREE, True),
        ([THREE_WAYS], BOTH, False),
        ([branch("way", [step("a")], otherwise=[step("b", condition=ASKED)])], BOTH, False),
        ([branch("way", [step("a")]), step("b", condition=ASKED)], BOTH, False),
        ([AFTER_ERROR], BOTH, True),
        ([step("a", condition=ASKED), step("b")], BOTH, True),
        ([TWO_WAYS], "{{ steps.a.output.v | upcase | default: steps.b.output.v }}", False),
        ([TWO_WAYS], "{{ steps.a.output.v | default: 'x' }}{{ steps.b.output.v }}", False),
        ([branch(f"w{n}", [step(f"x{n}")], otherwise=[step(f"y{n}")]) for n in range(12)], "{{ steps.x3.output.v }}", False),
    ],
)  # fmt: skip
def test_one_of_two_results_is_there_if_every_path_has_one(before, body, is_sure):
    problems = codes(*before, step("z", body))

    assert {code for _, code in problems} == (set() if is_sure else {"may_be_missing"})


@pytest.mark.parametrize("value", [[1, 2], 7, {"a": "b"}, "text"])
@pytest.mark.parametrize("done", ["a", "b"])
def test_the_result_that_is_there_keeps_its_type(value, done):
    scope = NameScope(steps={done: {"status": "completed", "output": {"v": value}}})

    assert compile_template(BOTH).value(scope) == value
