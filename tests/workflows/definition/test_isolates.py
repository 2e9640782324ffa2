"""Values that can be told from the text around them: `x-text: isolated`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.core.text.isolates import FIRST, LAST, isolated, pieces, without_isolates
from workflows.definition.programs.plans import load_plan, make_plan
from workflows.definition.scope import NameScope
from workflows.definition.templates import compile_template

NAME = "*Rana* <!here>"
TEXT = {"type": "string", "x-text": "isolated"}


@pytest.fixture
def scope():
    trigger = {"name": NAME, "number": "1001", "list": ["_a_", "b"], "amount": 149.9}
    return NameScope(trigger=trigger)


def values_in(text):
    return [piece for piece, is_value in pieces(text) if is_value]


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("*A* {{ trigger.name }}", [NAME]),
        ("*A* {{ trigger.name | upcase }}", [NAME.upper()]),
        ("{{ trigger.number }}, {{ trigger.amount }}", []),
        ("{% for one in trigger.list %}- {{ one }}\n{% endfor %}", ["_a_"]),
        ('{{ trigger.list | join: "\n" }}', ["_a_\nb"]),
        ("{% capture x %}*{{ trigger.name }}*{% endcapture %}_{{ x }}_", [NAME]),
        ("{% capture x %}{{ trigger.name }}{% endcapture %}{{ x | append: '!' }}", [f"{NAME}!"]),
        ("{{ trigger.none | default: trigger.name }}", [NAME]),
    ],
)
def test_a_value_stands_between_isolates(scope, source, values):
    text = compile_template(source, isolates=True).text(scope)

    assert values_in(text) == values
    assert without_isolates(text) == compile_template(source).text(scope)


def test_a_plan_says_so_and_another_kind_of_text_has_none(scope):
    plan = make_plan({"a": "{{ trigger.name }}", "b": "{{ trigger.name }}"}, SCHEMA, SCHEMA)

    assert plan["object"]["a"]["as"] == "isolated"
    assert load_plan(plan)(scope) == {"a": f"{FIRST}{NAME}{LAST}", "b": NAME}


SCHEMA = {"type": "object", "properties": {"a": TEXT, "b": {"type": "string", "x-text": "plain"}}}


@given(st.text(), st.text())
def test_no_value_ends_its_isolates(before, value):
    before = before.replace(FIRST, "").replace(LAST, "")
    shown = value.replace(FIRST, "").replace(LAST, "")

    text = f"{before}{isolated(value)}{before}"

    assert values_in(text) in ([shown], [])
    assert without_isolates(text) == f"{before}{shown}{before}"
