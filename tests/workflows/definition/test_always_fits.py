"""Where a schema takes whatever a plan can be filled in with, nobody asks it; else it is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.definition.programs.plans import always_fits, make_plan
from workflows.definition.schemas import validator

SCHEMAS = st.recursive(
    st.sampled_from(
        [
            True,
            False,
            {},
            {"type": "string"},
            {"type": "string", "maxLength": 3},
            {"type": "number"},
            {"enum": ["a", 1]},
            {"type": ["string", "null"]},
        ]
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object")},
            optional={
                "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
                "additionalProperties": inner,
                "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
                "minProperties": st.integers(0, 2),
                "patternProperties": st.just({"^a": {"type": "number"}}),
            },
        ),
        st.fixed_dictionaries(
            {"type": st.just("array")},
            optional={"items": inner, "minItems": st.integers(0, 2), "uniqueItems": st.booleans()},
        ),
        st.builds(lambda one: {"anyOf": [one]}, inner),
    ),
    max_leaves=6,
)
DOCUMENTS = st.recursive(
    st.sampled_from(["{{ trigger.x }}", "no. {{ trigger.x }}", "{{ trigger.x | skip_if_empty }}"]),
    lambda inner: st.one_of(
        # None is empty: that would be a literal, which is checked at publish.
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)
VALUES: st.SearchStrategy = st.sampled_from(["", "text", 5, None, True, [], {"a": 1}])


def filled(plan, draw):
    """Return one of the values that filling the plan in may give; None: the member is left out."""
    if "literal" in plan:
        return [plan["literal"]]
    if "object" in plan:
        members = {name: filled(one, draw) for name, one in plan["object"].items()}
        return [{name: one[0] for name, one in members.items() if one}]
    if "list" in plan:
        return [[value for one in plan["list"] for value in filled(one, draw)]]
    if "skip_if_empty" in plan["template"] and draw(st.booleans()):
        return []
    return [draw(VALUES) if plan["as"] == "value" else draw(st.text(max_size=5))]


@given(schema=SCHEMAS, document=DOCUMENTS, data=st.data())
def test_what_always_fits_does(schema, document, data):
    plan = make_plan(document, schema if isinstance(schema, dict) else {}, schema)
    if not isinstance(schema, dict) or not always_fits(plan, schema):
        return
    [value] = filled(plan, data.draw) or [None]
    assert value is None or validator(schema).is_valid(value)


CALL = {
    "type": "object",
    "additionalProperties": False,
    "required": ["url"],
    "properties": {
        "url": {"type": "string"},
        "body": {},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "status": {"type": "array", "items": {"type": "integer"}},
    },
}


@pytest.mark.parametrize(
    ("document", "fits"),
    [
        ({"url": "https://shop/{{ trigger.id }}"}, True),
        ({"url": "https://shop/", "body": {"order": "{{ trigger.id }}"}}, True),
        ({"url": "https://shop/", "headers": {"X-Shop": "{{ trigger.shop }}"}}, True),
        ({"url": "{{ trigger.url | skip_if_empty }}"}, False),
        ({"body": "{{ trigger.id }}"}, False),
        ({"url": "https://shop/", "status": ["{{ trigger.status }}"]}, False),
        ({"url": "https://shop/", "other": "{{ trigger.id }}"}, False),
    ],
)
def test_a_call(document, fits):
    assert always_fits(make_plan(document, CALL, CALL), CALL) is fits
