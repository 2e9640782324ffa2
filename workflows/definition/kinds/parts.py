"""What the schemas of the kinds of steps are put together from."""

from dataclasses import dataclass
from typing import Any, Final

from workflows.definition.catalogue import Schema

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
