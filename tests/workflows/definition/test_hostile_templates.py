"""No template, param or condition takes more work than its budget, whatever it multiplies."""

import pytest

from workflows.definition.budget import Budget
from workflows.definition.conditions import compile_condition
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import Scope
from workflows.definition.templates import compile_template

TEXTS = [f"text {number * 7919 % 9900}" for number in range(9_900)]
BIG = "x" * 200_000
VALUES = {
    "l": TEXTS,
    "t": BIG,
    "objects": [{"a": {"b": one}} for one in TEXTS],
    "html": "<a " * 300,
}
CODES = {"too_much_work", "limit_reached"}
MOST_OPERATIONS = 20_000_000


def rounds(body):
    return "{% for i in (1..9999) %}" + body + "{% endfor %}"


# Template source -> ends with a code, within its operations.
HOSTILE_TEMPLATES = {
    "sort": rounds("{% assign z = trigger.l | sort %}"),
    "sort by a field": rounds('{% assign z = trigger.objects | sort: "a.b" %}'),
    "sort without case": rounds("{% assign z = trigger.l | sort_natural %}"),
    "each once": rounds("{% assign z = trigger.objects | uniq %}"),
    "written as JSON": rounds("{% assign z = trigger.objects | json %}"),
    "where": rounds('{% assign z = trigger.objects | where: "a.b", "7" %}'),
    "joined": rounds('{% assign z = trigger.l | join: "," %}'),
    "replaced": rounds('{% assign z = trigger.t | replace: "x", "y" %}'),
    "split": rounds('{% assign z = trigger.t | split: "y" %}'),
    "upper case": rounds("{% assign z = trigger.t | upcase %}"),
    "escaped": rounds("{% assign z = trigger.t | escape_once %}"),
    "without tags": rounds("{% assign z = trigger.html | strip_html | sha256 %}" * 10),
    "captured": rounds("{% capture z %}{{ trigger.t }}{% endcapture %}"),
    "compared": rounds("{% if trigger.l contains 'nothing' %}{% endif %}"),
    "compared whole": rounds("{% if trigger.l == trigger.objects %}{% endif %}"),
    "cases": rounds("{% case trigger.l %}{% when trigger.objects %}{% endcase %}"),
    "many empty blocks": rounds("{% if false %}{% endif %}" * 2_000),
    "many names": "".join(f"{{% assign a{n} = 1 %}}" for n in range(2_500))
    + rounds("{% assign a0 = 1 %}" * 10),
    "doubled": "{% assign x = 'aaaaaaaaaaaaaaaa' %}" + rounds("{% assign x = x | append: x %}"),
    "doubled list": "{% assign x = trigger.l %}" + rounds("{% assign x = x | concat: x %}"),
    "long texts in a list": "{% assign x = trigger.t | split: 'y' %}"
    + "{% assign x = x | concat: x %}" * 13
    + "{{ x | sort | size }}",
    "printed plainly": "{{ trigger.t }} " * 4_000,
    "number of a text": "x{{ '1e100000000' | parse_json }}",
    "number of a text, alone": "{{ '1e3000000' | parse_json }}",
    "digits of a text": "{{ '1e3000000' | parse_json | plus: 1 | json }}",
}


@pytest.mark.parametrize("name", HOSTILE_TEMPLATES)
def test_a_hostile_template_ends_with_a_code(name):
    scope = Scope(trigger=VALUES, budget=Budget(MOST_OPERATIONS, seconds=60))
    template = compile_template(HOSTILE_TEMPLATES[name])

    with pytest.raises(ExpressionError) as refused:
        template.value(scope)

    assert refused.value.code in CODES
    assert scope.budget.spent <= MOST_OPERATIONS + 1


def test_hostile_params_of_many_whole_values_end_with_a_code():
    scope = Scope(trigger=VALUES)
    template = compile_template("{{ trigger.objects }}")

    def fill():
        for _ in range(10_000):
            template.value(scope)

    with pytest.raises(ExpressionError) as refused:
        fill()

    assert refused.value.code == "too_much_work"


def test_hostile_conditions_of_many_rows_end_with_a_code():
    row = {"field": "trigger.l", "operator": "not_contains", "value": "nothing"}
    scope = Scope(trigger=VALUES)

    with pytest.raises(ExpressionError) as refused:
        compile_condition({"all": [row] * 1_000}).decide(scope)

    assert refused.value.code == "too_much_work"


@pytest.mark.parametrize(
    "source",
    [
        "{{ trigger.l | sort | uniq | size }}",
        '{{ trigger.objects | where: "a.b", "text 7" | size }}',
        "{% for one in trigger.l %}{{ one | upcase | slice: 0, 3 }}{% endfor %}",
    ],
)
def test_ten_thousand_items_are_no_hostile_work(source):
    compile_template(source).value(Scope(trigger=VALUES))
