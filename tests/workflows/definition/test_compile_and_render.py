"""From document to rendered params."""

# ruff: noqa: E501 -- a row of a table is one line

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.definition.catalogue import ActionSignature, Catalogue
from workflows.definition.errors import ExpressionError, InvalidDocument, InvalidProgram
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.scope import NameScope
from workflows.definition.validate import ValidDocument

ORDER = {
    "order_id": "o-1",
    "customer_id": "c-1",
    "customer_phone": "+966501234567",
    "total_amount": "149.90",
}


def stored(program):
    """Give the program as the database gives it back."""
    return json.loads(json.dumps(program))


def test_the_first_workflow_renders_as_written(order_document, catalogue, scope_of):
    program = load_program(stored(compile_document(ValidDocument(order_document, catalogue))))

    scope = scope_of(ORDER)
    rendered = [instruction.render(scope) for instruction in program.instructions]

    assert [one.name for one in program.instructions] == [
        "confirm_order",
        "notify_customer",
        "alert_operations",
    ]
    assert all(one.should_run(scope) for one in program.instructions)
    assert [one.on_error for one in program.instructions] == ["stop", "continue", "stop"]
    assert rendered == [
        {"table": "orders", "id": "o-1", "fields": {"status": "confirmed"}},
        {
            "phone": "+966501234567",
            "template": "order_confirmed",
            "template_vars": {"order_id": "o-1", "total": "149.90"},
        },
        {
            "to": ["ops@example.com"],
            "subject": "New Order: o-1",
            "template": "ops_new_order_summary",
        },
    ]
    assert program.uses_previous is False


def test_a_missing_value_names_its_path_and_the_param(order_document, catalogue, scope_of):
    program = load_program(compile_document(ValidDocument(order_document, catalogue)))
    without_phone = {key: value for key, value in ORDER.items() if key != "customer_phone"}

    with pytest.raises(ExpressionError) as refused:
        program.instructions[1].render(scope_of(without_phone))

    assert refused.value.code == "missing_value"
    assert refused.value.params == {"path": "trigger.customer_phone", "place": "/phone"}


def test_a_document_with_problems_has_no_program(order_document, catalogue):
    del order_document["steps"][0]["action"]

    with pytest.raises(InvalidDocument) as refused:
        compile_document(ValidDocument(order_document, catalogue))

    assert [(p.path, p.code) for p in refused.value.problems] == [("/steps/0/action", "required")]


def test_a_program_keeps_what_the_schema_asks_but_not_its_titles(document_with, catalogue):
    step = {"name": "mail", "action": "send_email", "params": {"to": ["a@b.c"], "subject": "s"}}

    program = compile_document(ValidDocument(document_with(steps=[step]), catalogue))

    properties = program["schemas"]["send_email"]["properties"]
    assert properties["html"] == {"type": "string"}
    assert properties["to"]["items"] == {"type": "string", "minLength": 3}


@pytest.mark.parametrize("version", [None, 0, 99, "1"])
def test_a_program_of_another_language_is_refused(version, document_with, catalogue):
    program = compile_document(ValidDocument(document_with(), catalogue))
    program["language_version"] = version

    with pytest.raises(InvalidProgram):
        load_program(program)


def render_webhook(document_with, catalogue, scope, **params):
    step = {
        "name": "call",
        "action": "webhook",
        "params": {"url": "https://example.com", **params},
    }
    program = load_program(
        stored(compile_document(ValidDocument(document_with(steps=[step]), catalogue)))
    )
    return program.instructions[0].render(scope)


@pytest.mark.parametrize(
    ("param", "template", "expected"),
    [
        ("seconds", "{{ trigger.text }}", 12),
        ("seconds", "{{ trigger.number | times: 2 }}", 14),
        ("seconds", "{% if trigger.number > 5 %}9{% else %}1{% endif %}", 9),
        ("rate", "{{ trigger.money }}", Decimal("149.90")),
        ("rate", "{{ trigger.number | divided_by: 4 }}", Decimal("1.75")),
        ("verbose", "{{ trigger.flag }}", True),
        ("verbose", "{% if trigger.flag %}true{% else %}false{% endif %}", True),
        ("body", "{{ trigger.items }}", [{"sku": "a"}]),
        ("body", "{{ trigger.money }}", "149.90"),
        (
            "body",
            {"n": "{{ trigger.number }}", "t": "n={{ trigger.number }}"},
            {"n": 7, "t": "n=7"},
        ),
        ("url", "{{ trigger.number }}", "7"),
        ("url", "https://x/{{ trigger.flag }}", "https://x/true"),
    ],
)
def test_the_schema_decides_what_a_template_becomes(
    param, template, expected, document_with, catalogue, scope_of
):
    scope = scope_of(
        {"text": "12", "number": 7, "money": "149.90", "flag": True, "items": [{"sku": "a"}]}
    )

    rendered = render_webhook(document_with, catalogue, scope, **{param: template})

    # Of the same type, and with the same digits.
    assert repr(rendered[param]) == repr(expected)


@pytest.mark.parametrize(
    ("param", "value", "rule"),
    [
        ("seconds", "soon", "type"),
        ("seconds", "1.5", "type"),
        ("seconds", 0, "minimum"),
        ("verbose", "perhaps", "type"),
    ],
)
def test_a_rendered_value_that_the_action_does_not_take_says_where(
    param, value, rule, document_with, catalogue, scope_of
):
    with pytest.raises(ExpressionError) as refused:
        render_webhook(
            document_with, catalogue, scope_of({"x": value}), **{param: "{{ trigger.x }}"}
        )

    assert refused.value.code == "bad_param"
    assert (refused.value.params["place"], refused.value.params["rule"]) == (f"/{param}", rule)


def test_what_skip_if_empty_finds_empty_is_left_out(document_with, catalogue, scope_of):
    body = {
        "missing": "{{ trigger.nope | skip_if_empty }}",
        "null": "{{ trigger.null | skip_if_empty }}",
        "blank": "{{ trigger.blank | strip | skip_if_empty }}",
        "zero": "{{ trigger.zero | skip_if_empty }}",
        "list": ["{{ trigger.nope | skip_if_empty }}", "kept"],
    }
    scope = scope_of({"null": None, "blank": " ", "zero": 0})

    rendered = render_webhook(
        document_with,
        catalogue,
        scope,
        body=body,
        channel="ops",
        verbose="{{ trigger.no | skip_if_empty }}",
    )

    assert rendered == {
        "url": "https://example.com",
        "channel": "ops",
        "body": {"zero": 0, "list": ["kept"]},
    }


def test_html_params_escape_and_others_do_not(document_with, catalogue, scope_of):
    params = {
        "to": "{{ trigger.to }}",
        "subject": "{{ trigger.name }}",
        "html": "<p>{{ trigger.name }} {{ trigger.name | upcase }}</p>",
    }
    step = {"name": "mail", "action": "send_email", "params": params}
    program = load_program(compile_document(ValidDocument(document_with(steps=[step]), catalogue)))

    rendered = program.instructions[0].render(scope_of({"to": ["a@b.c"], "name": "<b>&"}))

    assert rendered == {
        "to": ["a@b.c"],
        "subject": "<b>&",
        "html": "<p>&lt;b&gt;&amp; &lt;B&gt;&amp;</p>",
    }


def test_rendered_text_is_never_rendered_again(document_with, catalogue, scope_of):
    scope = scope_of({"note": "{{ tenant.key }}"})

    rendered = render_webhook(document_with, catalogue, scope, body="{{ trigger.note }}")

    assert rendered["body"] == "{{ tenant.key }}"


@pytest.mark.parametrize(
    ("condition", "runs"),
    [(None, True), ({}, True), ({"all": [{"field": "trigger.n", "operator": "equals", "value": 1}]}, True),
     ({"any": [{"field": "trigger.n", "operator": "equals", "value": 2}]}, False)],
)  # fmt: skip
def test_a_condition_decides_whether_a_step_runs(
    condition, runs, document_with, catalogue, scope_of
):
    step = {
        "name": "call",
        "action": "webhook",
        "params": {"url": "https://x"},
        "condition": condition,
    }
    program = load_program(
        stored(compile_document(ValidDocument(document_with(steps=[step]), catalogue)))
    )

    assert program.instructions[0].should_run(scope_of({"n": 1})) is runs


@pytest.mark.parametrize(
    ("changes", "uses"),
    [
        ({}, False),
        ({"trigger_filter": {"all": [{"field": "trigger.a", "operator": "changed"}]}}, True),
        ({"trigger_filter": {"all": [{"field": "previous.a", "operator": "exists"}]}}, True),
        ({"trigger_filter": {"all": [{"field": "trigger.previous", "operator": "exists"}]}}, False),
    ],
)
def test_a_program_knows_whether_it_reads_before_values(changes, uses, document_with, catalogue):
    program = load_program(compile_document(ValidDocument(document_with(**changes), catalogue)))

    assert program.uses_previous is uses


def storable_text(**sizes):
    """Text without what PostgreSQL cannot store."""
    return st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), **sizes)


# Text without templates, and any other JSON.
literals = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | storable_text().filter(lambda text: "{" not in text),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(storable_text(max_size=8), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.dictionaries(storable_text(max_size=8), literals, max_size=5))
def test_literal_params_come_out_as_they_went_in(params):
    anything = Catalogue(actions={"do": ActionSignature({"type": "object"})})
    step = {"name": "a", "action": "do", "params": params}
    document = {"name": "A", "trigger_type": "t", "steps": [step]}

    program = load_program(stored(compile_document(ValidDocument(document, anything))))

    assert program.instructions[0].render(NameScope()) == params
