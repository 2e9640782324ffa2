"""No template, param or condition takes more work than its budget, whatever it multiplies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.definition.budget import PAUSE, Budget
from workflows.definition.conditions import compile_condition
from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
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
# A tenth of a step's: what ends there ends with more, too.
MOST_OPERATIONS = 2_000_000


class Observed(Budget):
    """A budget that keeps what it let be done."""

    __slots__ = ("let_through",)

    def __init__(self, most=MOST_OPERATIONS):
        super().__init__(most)
        self.let_through = []

    def charge(self, operations):
        super().charge(operations)
        self.let_through.append(operations)


def code_of(template, scope):
    """Return the code with which a template ends; None: it comes to its end."""
    try:
        template.value(scope)
    except ExpressionError as problem:
        return problem.code
    return None


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
    template = compile_template(HOSTILE_TEMPLATES[name])
    scopes = [NameScope(trigger=VALUES, budget=Observed()) for _ in range(2)]

    codes = [code_of(template, scope) for scope in scopes]

    assert codes[0] in CODES
    # Nothing was done beyond the budget, and both times it ended at the same place.
    done, again = (scope.budget.let_through for scope in scopes)
    assert sum(done) <= MOST_OPERATIONS
    assert min(done, default=0) >= 0
    assert (codes[0], done) == (codes[1], again)


@pytest.mark.parametrize("name", HOSTILE_TEMPLATES)
def test_a_hostile_template_that_was_refused_gets_nothing_more(name):
    scope = NameScope(trigger=VALUES, budget=Observed(MOST_OPERATIONS // 10))
    if code_of(compile_template(HOSTILE_TEMPLATES[name]), scope) != "too_much_work":
        return  # another limit ended it
    done = list(scope.budget.let_through)

    assert code_of(compile_template("{{ 1 | plus: 1 }}"), scope) == "too_much_work"
    assert scope.budget.let_through == done


@pytest.mark.parametrize("name", HOSTILE_TEMPLATES)
def test_a_hostile_template_looks_whether_it_is_to_end_before_each_piece_of_work(name):
    """Between two looks lies no more than a pause, and the piece that was looked at before."""
    looks = []
    budget = Observed()
    budget.check = looks.append
    code_of(compile_template(HOSTILE_TEMPLATES[name]), NameScope(trigger=VALUES, budget=budget))

    at, seen = 0, 0
    for operations in budget.let_through:
        at += operations
        seen = max((look for look in looks if look <= at), default=0)
        assert at - seen <= PAUSE


def test_hostile_params_of_many_whole_values_end_with_a_code():
    scope = NameScope(trigger=VALUES)
    template = compile_template("{{ trigger.objects }}")

    def fill():
        for _ in range(10_000):
            template.value(scope)

    with pytest.raises(ExpressionError) as refused:
        fill()

    assert refused.value.code == "too_much_work"


def test_hostile_conditions_of_many_rows_end_with_a_code():
    row = {"field": "trigger.l", "operator": "not_contains", "value": "nothing"}
    scope = NameScope(trigger=VALUES)

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
    compile_template(source).value(NameScope(trigger=VALUES))


# What can multiply: each takes a template for a list or a text, and gives one that is larger.
LISTS = st.sampled_from(["trigger.l", "trigger.objects", "(1..9999)"])
LIST_FILTERS = st.sampled_from(
    [
        "sort",
        "reverse",
        "uniq",
        "compact",
        "concat: trigger.l",
        'where: "a.b", "x"',
        'map: "a"',
        "sort_natural",
        'sort: "a.b"',
        "first",
        "slice: 0, 9000",
    ]
)
TO_TEXT = st.sampled_from(["join: ' '", "json", "size"])
TEXT_FILTERS = st.sampled_from(
    [
        "upcase",
        "replace: 'x', 'xxxxxxxx'",
        "replace: '', 'y'",
        "split: ''",
        "split: 'x'",
        "split: ' ' | join: '  '",
        "append: trigger.t",
        "prepend: 'xxxx'",
        "escape | url_encode",
        "strip_html",
        "squish",
        "truncatewords: 9000",
        "sha256",
        "remove: 'x'",
        "url_decode",
        "parse_json",
    ]
)
CHAINS = st.one_of(
    st.builds(
        lambda source, chain, end: " | ".join([source, *chain, *end]),
        LISTS,
        st.lists(LIST_FILTERS, min_size=1, max_size=3),
        st.lists(TO_TEXT, max_size=1),
    ),
    st.builds(
        lambda chain: " | ".join(["trigger.t", *chain]),
        st.lists(TEXT_FILTERS, min_size=1, max_size=4),
    ),
)
WRAPPERS = st.sampled_from(
    [
        lambda body: rounds("{% assign z = " + body + " %}"),
        lambda body: "{% assign z = " + body + " %}" + rounds("{% assign z = z | append: z %}"),
        lambda body: "{% assign z = " + body + " %}" + rounds("{% assign z = z | concat: z %}"),
        lambda body: rounds("{% capture z %}{{ " + body + " }}{% endcapture %}"),
        lambda body: "{% assign y = " + body + " %}" + rounds("{% if y == trigger.l %}{% endif %}"),
        lambda body: (
            "{% for a in trigger.l %}{% for b in (1..9) %}{{ " + body + " }}"
            "{% endfor %}{% endfor %}"
        ),
        lambda body: "{{ " + body + " }}" * 50,
        lambda body: rounds("{% case 1 %}{% when 1 %}{% assign z = " + body + " %}{% endcase %}"),
    ]
)


@settings(max_examples=60)
@given(CHAINS, WRAPPERS)
def test_whatever_a_hostile_template_multiplies_it_ends_within_its_budget(body, wrap):
    try:
        template = compile_template(wrap(body))
    except ExpressionError:
        return
    scope = NameScope(trigger=VALUES, budget=Observed(MOST_OPERATIONS // 4))

    code_of(template, scope)

    assert sum(scope.budget.let_through) <= MOST_OPERATIONS // 4


OPERATORS = ["contains", "not_contains", "equals", "in", "not_in", "starts_with", "not_equals"]
SIDES = st.sampled_from(["trigger.l", "trigger.t", "trigger.objects", "trigger.html"])
ROWS = st.builds(
    lambda field, operator, value: {"field": field, "operator": operator, "value": value},
    st.one_of(SIDES, CHAINS.map(lambda body: "{{ " + body + " }}")),
    st.sampled_from(OPERATORS),
    st.one_of(
        st.just("nothing"),
        st.just(["{{ trigger.t }}", "a"] * 50),
        SIDES.map(lambda path: "{{ " + path + " }}"),
    ),
)


@settings(max_examples=60)
@given(st.lists(ROWS, min_size=1, max_size=30), st.sampled_from(["all", "any"]))
def test_whatever_a_hostile_condition_compares_it_ends_within_its_budget(rows, word):
    budget = Observed(MOST_OPERATIONS // 4)
    try:
        condition = compile_condition({word: [*rows, {word: rows}]})
        condition.decide(NameScope(trigger=VALUES, budget=budget))
    except ExpressionError:
        pass

    assert sum(budget.let_through) <= MOST_OPERATIONS // 4
