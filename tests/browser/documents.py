"""For each action a document that fills in every parameter, as its schema says."""

from actions import registry

_TEXTS = {
    "x-table": "orders",
    "x-reference": "some_key",
    "x-readable-fields-of": "status",
}


def document_of(spec):
    """Return a document with one step that uses every parameter of the action."""
    schema = registry.plain(spec.params)
    step = {"name": "only", "action": spec.name, "params": _value(schema, 0)}
    return {"name": "Any", "trigger_type": "new_order", "steps": [step]}


def _value(schema, depth):
    if "enum" in schema:
        return schema["enum"][-1]
    kind = schema.get("type", "text")
    kind = kind[0] if isinstance(kind, list) else kind
    made = {
        "object": _object,
        "array": lambda schema, depth: [_value(schema.get("items", {}), depth + 1)] * 2,
        "integer": lambda schema, depth: schema.get("minimum", 7),
        "number": lambda schema, depth: 1.5,
        "boolean": lambda schema, depth: True,
    }
    if kind in made and depth < 6:
        return made[kind](schema, depth)
    hint = next((text for word, text in _TEXTS.items() if schema.get(word)), None)
    return hint or "Hello {{trigger.order_id}}"


def _object(schema, depth):
    members = schema.get("properties", {})
    if schema.get("minProperties") == schema.get("maxProperties") == 1:
        members = dict([next(iter(members.items()))])
    if not members:
        others = schema.get("additionalProperties")
        inner = others if isinstance(others, dict) else {}
        name = "status" if schema.get("x-fields-of") else "some_name"
        return {name: _value(inner, depth + 1), "other": _value(inner, depth + 1)}
    return {name: _value(inner, depth + 1) for name, inner in members.items()}
