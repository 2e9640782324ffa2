"""A JSON number stays one wherever a param is one `{{ … }}`; in the first language it became text."""

# ruff: noqa: E501 -- a row of a table is one line

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.core.json.jsontext import dumps, loads
from workflows.definition.catalogue import ActionSignature, Catalogue
from workflows.definition.errors import ExpressionError
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.plans import load_plan, make_plan
from workflows.definition.programs.program import load_program
from workflows.definition.scope import NameScope
from workflows.definition.validate import ValidDocument
from workflows.definition.values.json_values import normalise

LONG = "0.1234567890123456789012345678901234567890"
TRIGGER = loads(
    '{"amount": 149.9, "fee": 0.10, "whole": 5, "point": 5.0, "large": 1e3, "money": "149.90",'
    f'"long": {LONG}, "lines": [{{"price": 0.10}}, {{"price": 2.50}}], "text": "[1.50]"}}'
)


def filled(value, schema, language, **roots):
    plan = make_plan(value, schema, schema)
    return load_plan(plan, language=language)(NameScope(trigger=TRIGGER, **roots))


@pytest.mark.parametrize(
    ("template", "as_number", "as_text"),
    [
        ("{{ trigger.amount }}", "149.9", '"149.9"'),
        ("{{ trigger.fee }}", "0.10", '"0.10"'),
        ("{{ trigger.long }}", LONG, f'"{LONG}"'),
        ("{{ trigger.whole }}", "5", "5"),
        ("{{ trigger.point }}", "5.0", '"5.0"'),
        ("{{ trigger.large }}", "1E+3", '"1000"'),
        ("{{ trigger.money }}", '"149.90"', '"149.90"'),
        ("{{ trigger.lines }}", '[{"price":0.10},{"price":2.50}]', '[{"price":"0.10"},{"price":"2.50"}]'),
        ("{{ trigger.lines | map: 'price' }}", "[0.10,2.50]", '["0.10","2.50"]'),
        ("{{ trigger.lines | last }}", '{"price":2.50}', '{"price":"2.50"}'),
        ("{{ trigger.nothing | default: trigger.fee }}", "0.10", '"0.10"'),
        ("{{ trigger.amount | times: 10 }}", "1499.0", '"1499.0"'),
        ("{{ trigger.amount | times: 10 | round }}", "1499", "1499"),
        ("{{ trigger.lines | sum: 'price' }}", "2.60", '"2.60"'),
        ("{{ trigger.money | plus: 0 }}", "149.90", '"149.90"'),
        ("{{ trigger.amount | number: 2 }}", '"149.90"', '"149.90"'),
        ("{{ trigger.text | parse_json }}", "[1.50]", '["1.50"]'),
        ("{{ trigger.lines | json }}", r'"[{\"price\": 0.10}, {\"price\": 2.50}]"', r'"[{\"price\": \"0.10\"}, {\"price\": \"2.50\"}]"'),
        ("{{ steps.get.output.price }}", "12.50", '"12.50"'),
        ("{{ values.rate }}", "0.15", '"0.15"'),
        ("{{ item.price }}", "0.10", '"0.10"'),
        ("{{ 2.50 }}", "2.50", '"2.50"'),
        ("{{ trigger.amount }} SAR", '"149.9 SAR"', '"149.9 SAR"'),
        ({"a": ["{{ trigger.fee }}"]}, '{"a":[0.10]}', '{"a":["0.10"]}'),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_param_becomes_in_each_language(template, as_number, as_text):
    roots = {
        "steps": {"get": {"status": "completed", "output": {"price": Decimal("12.50")}}},
        "values": {"rate": Decimal("0.15")},
        "loop": {"item": {"price": Decimal("0.10")}, "item_index": 0},
    }

    assert dumps(filled(template, {}, 2, **roots)) == as_number
    assert dumps(filled(template, {}, 1, **roots)) == as_text


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
scalars = st.none() | st.booleans() | st.integers() | numbers | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(value=values)
def test_a_value_goes_out_as_it_came_in(value):
    scope = NameScope(trigger={"x": value})
    plan = make_plan({"a": ["{{ trigger.x }}"]}, {}, {})

    assert dumps(load_plan(plan)(scope)) == dumps({"a": [value]})
    assert load_plan(plan, language=1)(scope) == {"a": [normalise(value)]}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "149.9"),
        ({"type": "string", "x-text": "plain"}, "149.9"),
        ({"type": ["string", "null"]}, "149.9"),
        ({"type": ["string", "integer"]}, "149.9"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "149.9"),
        ({"enum": ["149.9", "5"]}, "149.9"),
        ({"type": ["string", "number"]}, Decimal("149.9")),
        ({"type": "number"}, Decimal("149.9")),
        ({}, Decimal("149.9")),
    ],
    ids=str,
)
def test_a_place_that_wants_text_gets_text(schema, expected):
    assert repr(filled("{{ trigger.amount }}", schema, 2)) == repr(expected)


@pytest.mark.parametrize(
    ("template", "wants", "expected"),
    [
        ("{{ trigger.money }}", "number", Decimal("149.90")),
        ("{{ trigger.long }}", "number", Decimal(LONG)),
        ("{{ trigger.point }}", "integer", 5),
        ("{{ '12.0' }}", "integer", 12),
        ("{{ trigger.amount }}", "integer", Decimal("149.9")),  # the schema refuses it
    ],
)
def test_a_place_that_wants_a_number_gets_all_its_digits(template, wants, expected):
    assert repr(filled(template, {"type": wants}, 2)) == repr(expected)


RULES = [
    ({"minimum": 0.1}, "0.10", True),
    ({"minimum": 0.1}, "0.09999999999999999999", False),
    ({"maximum": 0.3}, "0.3", True),
    ({"maximum": 0.3}, "0.30000000000000000001", False),
    ({"exclusiveMinimum": 0.1}, "0.1", False),
    ({"exclusiveMaximum": 0.3}, "0.3", False),
    ({"multipleOf": 0.01}, "149.90", True),
    ({"multipleOf": 0.01}, "149.905", False),
    ({"multipleOf": 0.01}, f"1{'0' * 50}.01", True),
    ({"enum": [0.5, 1]}, "0.50", True),
    ({"const": 2}, "2.0", True),
]


@pytest.mark.parametrize(("rule", "written", "fits"), RULES, ids=str)
def test_a_decimal_is_a_number_for_the_schema(rule, written, fits, document_with):
    params = {"type": "object", "properties": {"rate": {"type": "number", **rule}}}
    catalogue = Catalogue(actions={"rated": ActionSignature(params)}, events={"anything": None})
    step = {"name": "call", "action": "rated", "params": {"rate": "{{ trigger.x }}"}}
    program = load_program(compile_document(ValidDocument(document_with(steps=[step]), catalogue)))
    scope = NameScope(trigger={"x": Decimal(written)})

    if fits:
        assert str(program.instructions[0].render(scope)["rate"]) == written
    else:
        with pytest.raises(ExpressionError, match="bad_param"):
            program.instructions[0].render(scope)


def test_a_stored_program_of_the_first_language_keeps_giving_text(document_with, catalogue):
    body = {"a": "{{ trigger.amount }}", "json": "{{ trigger.lines | json }}"}
    params = {"url": "https://x", "body": body}
    step = {"name": "call", "action": "webhook", "params": params}
    old = {
        **compile_document(ValidDocument(document_with(steps=[step]), catalogue)),
        "language_version": 1,
    }

    body = load_program(old).instructions[0].render(NameScope(trigger=TRIGGER))["body"]

    assert body == {"a": "149.9", "json": '[{"price": "0.10"}, {"price": "2.50"}]'}
