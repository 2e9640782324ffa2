"""Templates: missing values, types, text, limits, and what they read."""

# ruff: noqa: E501 -- a row of a table is one line

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.definition.errors import ExpressionError
from workflows.definition.scope import NameScope
from workflows.definition.templates import (
    compile_template,
    render_text,
    template_paths,
    template_problems,
)
from workflows.definition.templates.compiled import PlainTemplate
from workflows.presentation.documents.problems import sentence

TRIGGER = {
    "id": "A1",
    "total": "149.90",
    "count": 3,
    "flag": False,
    "nothing": None,
    "blank": "",
    "items": [{"sku": "b", "price": "10"}, {"sku": "a", "price": "9.50"}],
    "html": "<b>",
    "limit": 5,
    "for": {"in": "x"},
}


def value(source, scope):
    return compile_template(source).value(scope)


def refusal(source, scope):
    with pytest.raises(ExpressionError) as refused:
        compile_template(source).text(scope)
    # The facts fill the sentence.
    error = refused.value
    assert not sentence(error.code, error.params).startswith(error.code)
    return refused.value.code, refused.value.params


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{trigger.id}}", "A1"),
        ("{{ trigger.count }}", 3),
        ("  {{ trigger.items }}\n", TRIGGER["items"]),
        ("{{ trigger.nothing }}", None),
        ("{{ trigger.items[1].sku }}", "a"),
        ("{{ trigger.items.size }}", 2),
        ("{{ trigger.items.first.sku | upcase }}", "B"),
        ("{{- trigger.count -}}", 3),
        ("{{ 'x' }}", "x"),
        ("{{ 2.50 }}", Decimal("2.50")),
        ("{{ true }}", True),
        ("{{ nil }}", None),
        ("{{ (1..3) }}", [1, 2, 3]),
        ("n={{ trigger.count }}", "n=3"),
        ("{{ trigger.count }}{{ trigger.id }}", "3A1"),
        ("{% if true %}1{% endif %}", "1"),
        ("{{ trigger.limit | plus: 1 }}", 6),
        ("{{ trigger.for.in | upcase }}", "X"),
        ("{{ trigger['for'].in | append: '.limit' }}", "x.limit"),
        ("{{ values.names[trigger.id] }}", "first"),
        ("{{ steps.a.output.n | plus: 1 }}", 2),
        ("{{ tenant.currency }} {{ run.id }}", "SAR r1"),
        ("{{ now }}", "2026-11-22T12:00:00+03:00"),
        ("plain", "plain"),
        ("{{ trigger.id }} {% comment %}{{ nothing.here }}{% endcomment %}", "A1 "),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    ],
)
def test_templates_give(source, expected, scope_of):
    scope = scope_of(
        TRIGGER,
        values={"names": {"A1": "first"}},
        steps={"a": {"status": "completed", "output": {"n": 1}}},
        run={"id": "r1"},
    )

    result = value(source, scope)

    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("{{ trigger.nope }}", "trigger.nope"),
        ("x {{ trigger.nope }}", "trigger.nope"),
        ("{{ trigger.nothing }}", "trigger.nothing"),
        ("{{ trigger.nothing.deeper }}", "trigger.nothing.deeper"),
        ("{{ trigger.items[9].sku }}", "trigger.items[9].sku"),
        ("{{ trigger['Phone Number'] }}", "trigger['Phone Number']"),
        ("{{ trigger.nope | upcase }}", "trigger.nope"),
        ("{{ trigger.nope | plus: 1 }}", "trigger.nope"),
        ("{{ trigger.count | plus: trigger.nope }}", "trigger.nope"),
        ("{{ trigger.id | append: trigger.nothing }}", "trigger.nothing"),
        ("{{ trigger.items | map: 'price' | first | append: trigger.nope }}", "trigger.nope"),
        ("{{ trigger.items | map: 'prise' | join: ',' }}", "trigger.items[0].prise"),
        ("{{ trigger.items | sum: 'prise' }}", "trigger.items[0].prise"),
        ("{{ trigger.items | sort: 'prise' | json }}", "trigger.items[0].prise"),
        ("{{ trigger.items | where: 'prise', 1 | json }}", "trigger.items[0].prise"),
        ("{{ trigger.nope | default: trigger.nor_this }}", "trigger.nor_this"),
        ("{% assign x = trigger.nope %}{{ x }}", "trigger.nope"),
        ("{% for x in trigger.nope %}{% endfor %}", "trigger.nope"),
        ("{% for x in trigger.nothing %}{% endfor %}", "trigger.nothing"),
        ("{% if trigger.nope == 1 %}{% endif %}", "trigger.nope"),
        ("{% if 1 == trigger.nope %}{% endif %}", "trigger.nope"),
        ("{% if trigger.nope > 1 %}{% endif %}", "trigger.nope"),
        ("{% if trigger.nothing > 1 %}{% endif %}", "trigger.nothing"),
        ("{% if trigger.nope contains 'a' %}{% endif %}", "trigger.nope"),
        ("{% case trigger.nope %}{% when 1 %}{% endcase %}", "trigger.nope"),
        ("{{ values.names[trigger.nope] }}", "trigger.nope"),
        ("{{ today }}", "today"),
        ("{{ steps.skipped.output }}", "steps.skipped.output"),
    ],
)
def test_what_is_missing_is_named(source, path, scope_of):
    scope = scope_of(
        TRIGGER, values={"names": {}}, steps={"skipped": {"status": "skipped", "output": 1}}
    )

    assert refusal(source, scope) == ("missing_value", {"path": path})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% if trigger.nope %}a{% else %}b{% endif %}", "b"),
        ("{% unless trigger.nope %}a{% endunless %}", "a"),
        ("{% if trigger.nope == nil %}a{% endif %}", "a"),
        ("{% if trigger.nope != blank %}a{% else %}b{% endif %}", "b"),
        ("{% if trigger.blank == empty %}a{% endif %}", "a"),
        ("{% if trigger.flag or trigger.nope %}a{% else %}b{% endif %}", "b"),
        ("{{ trigger.nope | default: 'y' }}", "y"),
        ("{{ trigger.nothing | default: 'y' }}", "y"),
        ("{{ trigger.blank | default: 'y' }}", "y"),
        ("{{ trigger.flag | default: 'y' }}", "false"),
        ("{{ 0 | default: 'y' }}", "0"),
        ("{{ trigger.nope.deeper | default: trigger.count | plus: 1 }}", "4"),
        ("{{ trigger.nope | skip_if_empty }}!", "!"),
    ],
)
def test_where_missing_is_no_error(source, expected, scope_of):
    assert compile_template(source).text(scope_of(TRIGGER)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% if '100' > 50 %}a{% endif %}", "a"),
        ("{% if trigger.total < 149.9 %}a{% else %}b{% endif %}", "b"),
        ("{% if trigger.total == 149.9 %}a{% endif %}", "a"),
        ("{% if '9' < '10' %}a{% endif %}", "a"),
        ("{% if '2026-01-01' < '2026-01-01T00:00:01+03:00' %}a{% endif %}", "a"),
        ("{% if trigger.id == 'a1' %}a{% else %}b{% endif %}", "b"),
        ("{% if trigger.id contains 'A' %}a{% endif %}", "a"),
        ("{% if trigger.flag == false %}a{% endif %}", "a"),
        ("{% if 1 == true %}a{% else %}b{% endif %}", "b"),
        ("{% case '3.0' %}{% when 1, 3 %}three{% else %}other{% endcase %}", "three"),
        ("{% for i in trigger.items %}{{ i.sku }}{% unless forloop.last %},{% endunless %}{% endfor %}", "b,a"),
        ("{% for pair in trigger.for %}{{ pair[0] }}={{ pair[1] }}{% endfor %}", "in=x"),
        ("{% capture x %}<{{ trigger.id }}>{% endcapture %}{{ x }}", "<A1>"),
    ],
)  # fmt: skip
def test_comparisons_and_loops(source, expected, scope_of):
    assert compile_template(source).text(scope_of(TRIGGER)) == expected


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ trigger.items }}", "not_text"),
        ("a {{ trigger.items }}", "not_text"),
        ("{{ trigger.for }}", "not_text"),
        ("{{ trigger.items | upcase }}", "not_text"),
        ("{{ trigger.id | append: trigger.items }}", "not_text"),
        ("{{ trigger.items | join: ',' }}", "not_text"),
        ("{{ trigger.id | map: 'x' }}", "not_a_list"),
        ("{% for x in trigger.id %}{% endfor %}", "not_a_list"),
        ("{{ trigger.id | plus: 1 }}", "not_a_number"),
        ("{{ trigger.count | plus: trigger.id }}", "not_a_number"),
        ("{% if trigger.id > 5 %}{% endif %}", "not_a_number"),
        ("{% if trigger.items > 5 %}{% endif %}", "not_comparable"),
        ("{{ trigger.id | truncate: 'x' }}", "bad_filter_use"),
        ("{{ trigger.id | upcase: 1, 2 }}", "bad_filter_use"),
        ("{{ forloop }}", "missing_value"),
        ("{% for x in trigger.items %}{{ forloop | json }}{% endfor %}", "not_a_value"),
    ],
)
def test_what_cannot_be_done_is_refused(source, code, scope_of):
    assert refusal(source, scope_of(TRIGGER))[0] == code


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("{% for i in (1..20000) %}{% endfor %}", "loop"),
        ("{% for i in (1..200) %}{% for j in (1..200) %}{% endfor %}{% endfor %}", "loop"),
        ("{{ (1..99999999) | join: ',' }}", "list"),
        ("{% for i in (1..9000) %}" + "x" * 60 + "{% endfor %}", "output"),
        ("{% assign t = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..40) %}{% assign t = t | append: t %}{% endfor %}", "text"),
        ("{% assign t = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..12) %}{% assign t = t | append: t %}{% endfor %}{{ t | replace: 'x', t }}", "text"),
        ("{% assign n = 99999999 %}{% for i in (1..9) %}{% assign n = n | times: n %}{% endfor %}{{ n }}", "digits"),
    ],
)  # fmt: skip
def test_every_limit_is_named(source, limit, scope_of):
    code, params = refusal(source, scope_of({}))

    assert (code, params["limit"]) == ("limit_reached", limit)
    assert params["most"] > 0


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ trigger.a ", "template_syntax"),
        ("{% if a %}", "template_syntax"),
        ("{% nope %}", "template_syntax"),
        ("{% include 'x' %}", "template_syntax"),
        ("{% render 'x' %}", "template_syntax"),
        ("{{ a b }}", "template_syntax"),
        ("{{ trigger.a | }}", "template_syntax"),
        ("{{ a | upcas }}", "unknown_filter"),
        ("{{ a | safe }}", "unknown_filter"),
        ("x" * 70_000, "template_too_long"),
        ("{% if a %}" * 40 + "{% endif %}" * 40, "limit_reached"),
        ("{% if " + "a and " * 9_000 + "a %}{% endif %}", "template_syntax"),
        ("{{" * 30_000, "template_syntax"),
        ("{% raw %}" * 7_000, "template_syntax"),
        ("{{ " + "(" * 60_000 + " }}", "template_syntax"),
        ("{{ " + "['" * 30_000 + " }}", "template_syntax"),
        ("{{ a" + "['" * 990 + " }}", "template_syntax"),
    ],
)
def test_bad_templates_are_problems(source, code):
    problems = template_problems(source, path="/x")

    assert [(p.path, p.code) for p in problems] == [("/x", code)]
    assert not sentence(code, problems[0].params).startswith(code)


def test_a_misspelt_filter_is_suggested():
    assert template_problems("{{ a | upcas }}")[0].params == {
        "filter": "upcas",
        "suggestion": "upcase",
    }


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("{{trigger.a}} {{ trigger.b[0]['c d'] }} {{trigger.a}}", [("trigger", "a"), ("trigger", "b", 0, "c d")]),
        ("{{ values.x[trigger.m] | default: steps.a.output }}", [("values", "x"), ("trigger", "m"), ("steps", "a", "output")]),
        ("{% for i in trigger.items %}{{ i.sku | append: tenant.key }}{% endfor %}", [("trigger", "items"), ("tenant", "key")]),
        ("{% assign x = trigger.a %}{{ x.y }}", [("trigger", "a")]),
        ("{% if trigger.a == trigger.b and now > run.t %}{% endif %}", [("trigger", "a"), ("trigger", "b"), ("now",), ("run", "t")]),
        ("none", []),
    ],
)  # fmt: skip
def test_the_paths_a_template_reads(source, paths):
    assert template_paths(source) == paths


def test_plain_paths_do_without_the_library():
    assert isinstance(compile_template("New order: {{trigger.order_id}}!"), PlainTemplate)
    assert not isinstance(compile_template("{{ trigger.order_id | upcase }}"), PlainTemplate)


def test_a_stored_message_is_filled_in_and_escaped_for_html(scope_of):
    source = "<p>{{ trigger.html }} {{ trigger.html | append: '<i>' }}</p>"

    assert render_text(source, scope_of(TRIGGER)) == "<p><b> <b><i></p>"
    assert render_text(source, scope_of(TRIGGER), html=True) == ("<p>&lt;b&gt; &lt;b&gt;<i></p>")


@pytest.mark.parametrize(
    "source",
    [
        "{{ trigger.x }}",
        "{{ trigger.x | upcase | downcase }}",
        "{{ '' | append: trigger.x }}",
        "{{ 'a' | append: trigger.encoded | url_decode }}",
        "{{ trigger.x | newline_to_br }}",
        "{{ trigger.list | join: '<br>' }}",
        "{{ trigger.x | json }}",
        "{% capture c %}{{ trigger.x }}{% endcapture %}{{ c }}",
        "{{ trigger.x | default: 'a' }}",
        "{{ trigger.x | replace: 'a', 'b' | truncate: 100 }}",
        "{{ trigger.encoded | url_decode | strip }}",
        "{% capture c %}{{ trigger.x }}{% endcapture %}{{ c | strip_html }}",
        "{% capture c %}{{ trigger.x }}{% endcapture %}{{ c | escape_once }}",
        "{{ 'a' | replace: 'a', trigger.x }}",
        "{{ 'a' | prepend: trigger.x }}",
        "{{ 'a b' | split: ' ' | join: trigger.x }}",
        "{{ trigger.x | base64_encode | base64_decode }}",
        "{{ trigger.nope | default: trigger.x }}",
        "{% for c in trigger.list %}{{ c }}{% endfor %}",
        "{% assign c = trigger.x %}{{ c | squish }}",
    ],
)
def test_customers_cannot_write_html(source, scope_of):
    evil = "<script>a</script>"
    scope = scope_of({"x": evil, "list": [evil], "encoded": "%3Cscript%3Ea%3C/script%3E"})

    assert "<script" not in render_text(source, scope, html=True)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(json_values)
def test_a_single_expression_keeps_the_value_and_its_type(any_value):
    scope = NameScope(trigger={"x": any_value})

    # By the fast path, and by the library.
    assert value("{{ trigger.x }}", scope) == any_value
    assert value("{{- trigger.x -}}", scope) == any_value


@given(st.text(max_size=60))
def test_any_text_is_a_template_or_a_problem(source):
    template_problems(source)


@given(st.lists(st.sampled_from(
    ["{{", "}}", "{%", "%}", "trigger.a", "|", "if", "endif", "for", "x", "in", "upcase", "'", '"', " ", ":", "1.5", "(", "..", ")", "[", "]", "=="]
), max_size=14).map("".join))  # fmt: skip
def test_anything_like_a_template_renders_or_is_refused(source):
    if not template_problems(source):
        with contextlib.suppress(ExpressionError):
            compile_template(source).text(NameScope(trigger={"a": "b"}))
