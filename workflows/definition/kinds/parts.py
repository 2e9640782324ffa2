"""What the schemas of the kinds of steps are put together from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from workflows.definition.catalogue import Catalogue, Schema

# What to look at again and again, without asking for ever.
MAX_ROUNDS: Final = 1000

AS_WRITTEN: Schema = {"x-no-template": True}
STEPS: Schema = {"type": "array", "x-steps": True, **AS_WRITTEN}
SOME_STEPS: Schema = {**STEPS, "minItems": 1}
CONDITION: Schema = {"type": "object", "minProperties": 1, "x-condition": True, **AS_WRITTEN}
RESULT: Schema = {"x-result": True}  # anything
DURATION: Schema = {"type": "string", "x-duration": True, **AS_WRITTEN}
CLOCK: Schema = {"type": "string", "x-clock": True, **AS_WRITTEN}
IDENTIFIER: Schema = {"type": "string", "x-identifier": True, **AS_WRITTEN}
EVENT_TYPE: Schema = {"type": "string", "minLength": 1, "maxLength": 100, **AS_WRITTEN}
LABEL: Schema = {"type": "string", "minLength": 1, "maxLength": 200, **AS_WRITTEN}
YES_NO: Schema = {"type": "boolean", "default": False, **AS_WRITTEN}


@dataclass(frozen=True, slots=True)
class StepKind:
    """One kind of step that the engine handles."""

    name: str  # stands where a step names its action
    params: Schema
    rendered: tuple[str, ...] = ()  # the params that are filled in when the step runs
    is_checked: bool = False  # whether they are held against the schema once they are
    # Of its params and the catalogue: the schema of the step's output; None: it has none.
    output: Callable[[Mapping[str, Any], Catalogue], Schema | None] = lambda params, catalogue: None
    # The members of the output that its reminders can read, while the wait still goes on.
    reminder_parts: tuple[str, ...] = ()

    @property
    def rendered_schema(self) -> Schema:
        """What the params have to be once they are filled in."""
        properties = {name: self.params["properties"][name] for name in self.rendered}
        required = [name for name in self.params["required"] if name in properties]
        return {**self.params, "properties": properties, "required": required}


def whole_number(least: int, most: int, **more: Any) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, **more, **AS_WRITTEN}


def choice(*choices: str, default: str) -> Schema:
    return {"enum": list(choices), "default": default, **AS_WRITTEN}


def objects(required: list[str], /, most: int, least: int = 1, **properties: Schema) -> Schema:
    items = {**an_object(required, **properties), **AS_WRITTEN}
    return {"type": "array", "minItems": least, "maxItems": most, "items": items, **AS_WRITTEN}


def an_object(required: list[str], /, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


# What is told of outputs.
ANYTHING: Schema = {}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}
LIST: Schema = {"type": "array"}


def always(**described: Schema) -> Callable[[Mapping[str, Any], Catalogue], Schema]:
    """Return the output of a kind whose params do not change it."""
    return lambda params, catalogue: an_output(**described)


def an_output(*names: str, **described: Schema) -> Schema:
    """Return the schema of an output with these members and no others."""
    properties = {**dict.fromkeys(names, ANYTHING), **described}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def texts_in(objects: object, key: str) -> list[str]:
    """Return the texts under `key` in a list of objects, which may be wrong in every part."""
    whole = objects if isinstance(objects, list) else []
    found = (one.get(key) for one in whole if isinstance(one, dict))
    return [text for text in found if isinstance(text, str)]
