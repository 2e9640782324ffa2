"""The diff of any two documents, carried out on the first, gives the second: nothing is lost."""

import copy

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.workflows.definition.changes.applying import apply
from workflows.definition.changes.differ import diff
from workflows.definition.kinds import KINDS
from workflows.definition.values.json_values import canonical

# Few names and values: then the two documents have much in common.
NAMES = st.sampled_from(["a", "b", "c", "d", "e", "f", "a#2", "#1", "", None, 1])
SCALARS = st.sampled_from(["1", 1, 1.0, True, False, 0, None, "", "true", "x", "old0", "new0"])
KEYS = st.sampled_from(["a", "label", "field", "operator", "value", "x/y", "~", ""])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def value_of(schema, steps):
    """Any value for a kind's schema: lists of steps where they belong, nonsense now and then."""
    if schema.get("x-steps"):
        return st.lists(steps, max_size=3) | JSON
    if schema.get("properties"):
        members = {key: value_of(inner, steps) for key, inner in schema["properties"].items()}
        return st.fixed_dictionaries({}, optional={**members, "unknown": JSON}) | JSON
    if "items" in schema:
        return st.lists(value_of(schema["items"], steps), max_size=3) | JSON
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        return st.dictionaries(KEYS, value_of(others, steps), max_size=3) | JSON
    return JSON


def step_like(inner):
    blocks = [step_of(st.just(kind.name), value_of(kind.params, inner)) for kind in KINDS.values()]
    after_error = st.fixed_dictionaries({"steps": st.lists(inner, max_size=2), "then": SCALARS})
    return st.one_of([*blocks, step_of(st.just("webhook"), JSON, after_error)])


def step_of(action, params, on_error=SCALARS):
    more = {"label": SCALARS, "condition": JSON, "on_error": on_error, "zz": JSON}
    needed = {"name": NAMES, "action": action, "params": params}
    return st.fixed_dictionaries(needed, optional=more)


STEPS = st.recursive(step_of(st.just("webhook"), JSON) | SCALARS, step_like, max_leaves=6)
DOCUMENTS = st.fixed_dictionaries(
    {"name": SCALARS, "steps": st.lists(STEPS, max_size=4) | SCALARS},
    optional={"on_failure": st.lists(STEPS, max_size=2) | SCALARS, "values": JSON, "zz": JSON},
)


def assert_nothing_is_lost(old, new):
    before = copy.deepcopy((old, new))
    changes = diff(old, new)
    assert canonical(apply(old, changes)) == canonical(new)
    assert (changes == []) == (canonical(old) == canonical(new))
    assert canonical([old, new]) == canonical(list(before))


@examples(max_examples=400)
@given(DOCUMENTS, DOCUMENTS)
def test_of_any_two_documents(old, new):
    assert_nothing_is_lost(old, new)


@examples(max_examples=200)
@given(JSON, JSON)
def test_of_any_two_values(old, new):
    assert_nothing_is_lost(old, new)


@st.composite
def rearranged(draw):
    """A document, and the same one with its lists shuffled, shortened and mixed."""
    old = draw(DOCUMENTS)
    return old, _rearranged(copy.deepcopy(old), draw)


def _rearranged(value, draw):
    if isinstance(value, dict):
        return {key: _rearranged(inner, draw) for key, inner in value.items()}
    if isinstance(value, list):
        inner = [_rearranged(element, draw) for element in value]
        return draw(st.permutations(inner))[: draw(st.integers(len(inner) // 2, len(inner)))]
    return draw(st.sampled_from([value, value, value, "1", 1, True]))


@examples(max_examples=300)
@given(rearranged())
def test_of_a_document_and_itself_rearranged(pair):
    assert_nothing_is_lost(*pair)
    assert_nothing_is_lost(*reversed(pair))


@examples(max_examples=200)
@given(st.lists(STEPS, max_size=6), st.lists(STEPS, max_size=6))
def test_of_steps_that_move_into_and_out_of_blocks(some, others):
    flat = {"steps": [*some, *others]}
    block = {"name": "block", "action": "repeat", "params": {"steps": some}}
    nested = {"steps": [*others, block]}

    assert_nothing_is_lost(flat, nested)
    assert_nothing_is_lost(nested, flat)
