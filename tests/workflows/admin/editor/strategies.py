"""Random documents that people could publish, odd ones on purpose."""

from hypothesis import strategies as st

from actions import registry
from workflows.definition.operators import OPERATORS

WORDS = st.text(alphabet="abcxyz ", min_size=1, max_size=8)
TEMPLATES = st.sampled_from(
    ["{{ trigger.x }}", "Hello {{trigger.x}}", "{% if trigger.x %}1{% endif %}"]
)
TEXTS = WORDS | TEMPLATES | st.sampled_from(["", "5", "true", "null", '{"a": 1}', "[1]", " "])
NUMBERS = st.integers(-5, 10**18) | st.floats(-10, 10, allow_nan=False) | st.sampled_from([2.0, 0])
SCALARS = TEXTS | NUMBERS | st.booleans() | st.none()
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)


def rows():
    return st.fixed_dictionaries(
        {"field": st.sampled_from(["trigger.x", "{{ trigger.x | upcase }}", "steps.a.output.b"])},
        optional={"value": JSON},
    ).flatmap(
        lambda row: st.sampled_from(sorted(OPERATORS)).map(lambda name: {**row, "operator": name})
    )


def groups(members):
    lists = st.lists(members, max_size=3)
    return st.sampled_from(["all", "any"]).flatmap(lambda word: lists.map(lambda ms: {word: ms}))


CONDITIONS = st.recursive(groups(rows()), lambda inner: groups(rows() | inner), max_leaves=5)
RETRIES = st.fixed_dictionaries(
    {},
    optional={
        "attempts": st.integers(1, 20),
        "delay": st.sampled_from(["30s", "1m"]),
        "backoff": st.sampled_from([1, 2, 2.0, 1.5]),
        "max_delay": st.sampled_from(["1h", "2d"]),
    },
)


def params_of(schema):
    """Values for an action's schema: what fits, what is a template, and anything else."""
    members = {name: value_of(inner) for name, inner in schema.get("properties", {}).items()}
    return st.fixed_dictionaries({}, optional=members).flatmap(_with_unknown)


def _with_unknown(params):
    unknown = st.dictionaries(st.sampled_from(["zz_unknown", "action2"]), JSON, max_size=1)
    return unknown.map(lambda more: {**params, **more})


def value_of(schema):
    fitting = _fitting(schema)
    return st.one_of(fitting, fitting, TEMPLATES, JSON)


def _fitting(schema):
    if "enum" in schema:
        return st.sampled_from([*schema["enum"], "gone"])
    kind = schema.get("type")
    if kind == "array":
        return st.lists(value_of(schema.get("items", {})), max_size=3)
    if kind == "object":
        if schema.get("properties"):
            return params_of(schema)
        others = schema.get("additionalProperties")
        inner = value_of(others) if isinstance(others, dict) else JSON
        return st.dictionaries(WORDS, inner, max_size=3)
    simple = {
        "string": TEXTS,
        "integer": st.integers(),
        "number": NUMBERS,
        "boolean": st.booleans(),
    }
    return simple.get(kind, JSON) if isinstance(kind, str) else JSON


def steps():
    return st.one_of(
        [_step(spec.name, spec.params) for spec in registry.all_actions()] + [_unknown()]
    )


def _step(action, schema):
    return st.fixed_dictionaries(
        {"name": NAMES, "action": st.just(action), "params": params_of(registry.plain(schema))},
        optional={
            "label": st.sampled_from(["", "A label", None]),
            "condition": CONDITIONS | st.sampled_from([None, {}]),
            "on_error": st.sampled_from(["stop", "continue"]),
            "retry": RETRIES | st.none(),
            "timeout": st.sampled_from(["30s", None]),
            "unknown_key": JSON,
        },
    )


def _unknown():
    params = st.dictionaries(WORDS, JSON, max_size=3)
    return st.fixed_dictionaries({"name": NAMES, "action": st.just("fax_send"), "params": params})


def documents():
    return st.fixed_dictionaries(
        {
            "name": WORDS,
            "trigger_type": st.just("new_order"),
            "steps": st.lists(steps(), max_size=3),
        },
        optional={
            "language": st.just(1),
            "trigger": st.dictionaries(WORDS, JSON, max_size=2) | st.none(),
            "trigger_filter": CONDITIONS | st.sampled_from([None, {}]),
            "also_on": st.lists(NAMES, max_size=2) | st.none(),
            "settings": st.sampled_from(
                [{}, None, {"start_on_own_changes": True}, {"max_running": 5}, {"x": 1.0}]
            ),
            "values": st.dictionaries(WORDS, JSON, max_size=3) | st.none(),
            "unknown_key": JSON,
        },
    )
