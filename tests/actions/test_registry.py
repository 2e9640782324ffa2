"""The library is found, not listed, and a wrong declaration stops the start."""

import pkgutil

import pytest
from jsonschema import Draft202012Validator

from actions import library, registry
from actions.registry import BadAction, UnknownAction
from actions.spec import Effect

OBJECT = {"type": "object", "additionalProperties": False, "properties": {}}


def declare(name="tried", **details):
    declared = registry.action(
        name,
        **{
            "label": "x",
            "description": "x",
            "params": OBJECT,
            "effect": Effect.DATABASE,
            **details,
        },
    )
    return declared(lambda params, context: {})


def schemas(schema, path=""):
    """Yield every property of a schema with its path."""
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}/{name}", inner
        yield from schemas(inner, f"{path}/{name}")


def test_each_file_of_the_library_is_one_action():
    files = sorted(module.name for module in pkgutil.iter_modules(library.__path__))

    assert [spec.name for spec in registry.all_actions()] == files
    assert [spec.run.__module__ for spec in registry.all_actions()] == [
        f"actions.library.{name}" for name in files
    ]


def test_the_effects_say_what_a_crash_leaves_behind():
    assert {spec.name: spec.effect for spec in registry.all_actions()} == {
        "aggregate_records": Effect.DATABASE,
        "create_record": Effect.DATABASE,
        "find_records": Effect.DATABASE,
        "http_request": Effect.REPEATABLE,
        "log_note": Effect.REPEATABLE,
        "send_email": Effect.REPEATABLE,
        "set_values": Effect.REPEATABLE,
        "team_notify": Effect.NOT_REPEATABLE,
        "transform": Effect.REPEATABLE,
        "update_record": Effect.DATABASE,
        "webhook": Effect.REPEATABLE,
        "whatsapp_notify": Effect.NOT_REPEATABLE,
    }


@pytest.mark.parametrize("spec", registry.all_actions(), ids=lambda spec: spec.name)
def test_every_parameter_tells_staff_what_it_is(spec):
    assert str(spec.label)
    assert str(spec.description).endswith(".")
    for path, schema in schemas(spec.params):
        assert str(schema.get("title", "")), f"{spec.name}{path} has no title"


@pytest.mark.parametrize("spec", registry.all_actions(), ids=lambda spec: spec.name)
def test_schemas_leave_python_as_plain_json(spec):
    for schema in (spec.params, spec.output):
        Draft202012Validator.check_schema(registry.plain(schema))


def test_an_unknown_action_is_named():
    with pytest.raises(UnknownAction, match="launch_rocket") as error:
        registry.get("launch_rocket")

    assert error.value.name == "launch_rocket"


@pytest.mark.parametrize("name", ["action", "_raw"])
def test_a_parameter_name_that_the_editor_needs_is_refused(name):
    with pytest.raises(BadAction, match=name):
        declare(params={**OBJECT, "properties": {name: {"type": "string"}}})


@pytest.mark.parametrize(
    "params",
    [
        {"type": "object"},
        {"type": "array", "additionalProperties": False},
        {**OBJECT, "properties": {"a": {"type": "text"}}},
        {**OBJECT, "required": "a"},
    ],
)
def test_params_that_are_no_closed_object_schema_are_refused(params):
    with pytest.raises(BadAction, match="tried"):
        declare(params=params)


def test_an_output_that_is_no_schema_is_refused():
    with pytest.raises(BadAction, match="output"):
        declare(output={"type": "thing"})


def test_a_name_that_another_file_declares_is_refused():
    with pytest.raises(BadAction, match=r"also declared in actions\.library\.webhook"):
        declare("webhook")

    assert registry.get("webhook").run.__module__ == "actions.library.webhook"


def untitled(schema, path):
    """Yield the members of a schema, however deep, that have no title."""
    for name, member in schema.get("properties", {}).items():
        if "title" not in member:
            yield f"{path}.{name}"
        yield from untitled(member, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from untitled(schema["items"], f"{path}[]")


@pytest.mark.parametrize("spec", registry.all_actions(), ids=lambda spec: spec.name)
def test_whatever_people_can_pick_has_a_title(spec):
    """Else its key stands there, in English on an Arabic page."""
    assert [*untitled(spec.params, "params"), *untitled(spec.output, "output")] == []
