"""Random documents that people could publish, odd ones on purpose."""

from hypothesis import strategies as st

from actions import registry
from workflows.definition.kinds import KINDS
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
    if schema.get("x-steps"):
        # What is no list of steps in there is kept too, but seldom.
        return st.one_of(fitting, fitting, fitting, fitting, JSON)
    return st.one_of(fitting, fitting, TEMPLATES, JSON)


def _fitting(schema):
    if schema.get("x-steps"):
        return st.lists(INNER_STEPS, max_size=2)
    if schema.get("x-condition"):
        return CONDITIONS
    hinted = next((_HINTED[hint] for hint in _HINTED if schema.get(hint)), None)
    if hinted is not None:
        return hinted
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


_HINTED = {
    "x-duration": st.sampled_from(["30s", "5m", "2h", "1d", "0s", "soon"]),
    "x-clock": st.sampled_from(["09:00", "24:00", "9"]),
    "x-identifier": NAMES,
}


def steps():
    """Steps of every kind, with simple ones inside them: what holds for one level holds for all."""
    actions = [_step(spec.name, spec.params) for spec in registry.all_actions()]
    kinds = [_step(kind.name, kind.params) for kind in KINDS.values()]
    return st.one_of([*actions, *kinds, _unknown()])


def _simple():
    mail = registry.plain(registry.get("send_email").params)
    actions = {"webhook": JSON, "send_email": params_of(mail), "stop": st.just({})}
    return st.one_of(
        _unknown(),
        *(
            st.fixed_dictionaries({"name": NAMES, "action": st.just(name), "params": params})
            for name, params in actions.items()
        ),
    )


INNER_STEPS = st.deferred(_simple)


def on_errors():
    block = st.fixed_dictionaries(
        {},
        optional={
            "steps": st.lists(INNER_STEPS, max_size=2),
            "then": st.sampled_from(["stop", "continue", "", None]),
            "codes": st.lists(st.sampled_from(["http_404", "not_in_time", ""]), max_size=2),
            "else": JSON,
        },
    )
    return st.sampled_from(["stop", "continue", "", None]) | block


def _step(action, schema):
    return st.fixed_dictionaries(
        {"name": NAMES, "action": st.just(action), "params": params_of(registry.plain(schema))},
        optional={
            "label": st.sampled_from(["", "A label", None]),
            "condition": CONDITIONS | st.sampled_from([None, {}]),
            "on_error": on_errors(),
            "after_crash": st.sampled_from(["ask", "repeat", None]),
            "retry": RETRIES | st.none(),
            "timeout": st.sampled_from(["30s", None]),
            "unknown_key": JSON,
        },
    )


def _unknown():
    params = st.dictionaries(WORDS, JSON, max_size=3)
    return st.fixed_dictionaries({"name": NAMES, "action": st.just("fax_send"), "params": params})


def settings():
    return st.fixed_dictionaries(
        {},
        optional={
            "start_on_own_changes": st.booleans() | st.just("true"),
            "concurrency_key": TEXTS | st.just(5),
            "when_busy": st.sampled_from(["wait", "replace", None]),
            "max_running": st.integers() | st.sampled_from(["5", 5.0, ""]),
            "deadline": st.sampled_from(["7d", "", 7]),
            "x": JSON,
        },
    )


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
            "settings": settings() | st.none(),
            "on_failure": st.lists(INNER_STEPS, max_size=2) | st.none(),
            "output": st.dictionaries(WORDS, JSON, max_size=3) | JSON,
            "values": st.dictionaries(WORDS, JSON, max_size=3) | st.none(),
            "unknown_key": JSON,
        },
    )
