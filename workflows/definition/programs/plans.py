"""How params are filled in: decided once at publish, from the action's schema, and stored.

A plan is JSON. Each node has one of these forms:
    {"literal": …}                     given as it stands
    {"object": {name: node, …}}        built member by member
    {"list": [node, …]}                built element by element
    {"template": "…", "as": "text" | "html" | "isolated" | "value", "wants": "number" | …}
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tenants.core.json import Json
from tenants.core.json.pointers import pointer
from tenants.core.values.numbers import as_number, plain
from tenants.core.values.paths import Sentinel
from workflows.definition.catalogue import Schema
from workflows.definition.errors import ExpressionError, InvalidProgram
from workflows.definition.language import LANGUAGE_VERSION
from workflows.definition.schemas import member, rendering, wanted_scalar
from workflows.definition.scope import NameScope
from workflows.definition.templates.compiled import Template, compile_template, is_template
from workflows.definition.values.json_values import to_json_number

# The filter of a template that may leave its member out.
LEFT_OUT_BY: Final = "skip_if_empty"
_OF_OBJECTS: Final = frozenset({"type", "properties", "required", "additionalProperties"})
_OF_LISTS: Final = frozenset({"type", "items"})

Plan = dict[str, Any]
Fill = Callable[[NameScope], "Json | Sentinel"]


def make_plan(value: Json, schema: Schema, root: Schema) -> Plan:
    """Return the plan for `value`, which stands where `schema` (a part of `root`) applies."""
    if isinstance(value, dict):
        members = {k: make_plan(v, member(schema, root, k), root) for k, v in value.items()}
        return _literal(value, members.values()) or {"object": members}
    if isinstance(value, list):
        elements = [make_plan(v, member(schema, root, i), root) for i, v in enumerate(value)]
        return _literal(value, elements) or {"list": elements}
    if not isinstance(value, str) or not is_template(value):
        return {"literal": value}
    plan: Plan = {"template": value, "as": rendering(schema)}
    wants = wanted_scalar(schema)
    return {**plan, "wants": wants} if plan["as"] == "value" and wants else plan


def plan_anything(value: Json) -> Plan | None:
    """Return the plan of a value that no schema describes; None if there is none."""
    return None if value is None else make_plan(value, {}, {})


def _literal(value: Json, parts: Any) -> Plan | None:
    return {"literal": value} if all("literal" in part for part in parts) else None


def always_fits(plan: Mapping[str, Any], schema: Any) -> bool:
    """Say whether `schema` takes whatever the plan is filled in with, so that nobody need ask.

    To check a value takes longer than to fill it in. Literals were checked at publish. Of a
    template only is known that it gives text, or any value; where a schema says more than these
    few words, the answer is no.
    """
    if "literal" in plan or schema is True or schema == {}:
        return True
    if not isinstance(schema, Mapping):
        return False
    match plan:
        case {"template": _, "as": kind}:
            return kind != "value" and schema == {"type": "string"}
        case {"object": members} if schema.get("type") == "object":
            return schema.keys() <= _OF_OBJECTS and _members_fit(members, schema)
        case {"list": elements} if schema.get("type") == "array" and schema.keys() <= _OF_LISTS:
            return all(always_fits(one, schema.get("items", True)) for one in elements)
        case _:
            return False


def _members_fit(members: Mapping[str, Plan], schema: Schema) -> bool:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    required = [members.get(name, {"template": LEFT_OUT_BY}) for name in schema.get("required", ())]
    is_complete = all(LEFT_OUT_BY not in one.get("template", "") for one in required)
    return is_complete and all(
        always_fits(one, known.get(name, others)) for name, one in members.items()
    )


def load_plan(plan: Mapping[str, Any], place: str = "", language: int = LANGUAGE_VERSION) -> Fill:
    """Return the function that fills the plan in from a scope, by the rules of `language`.

    It raises ExpressionError with `place`, the JSON pointer into the params.
    """
    match plan:
        case {"literal": value}:
            # A copy each time: an action that changes its params must not change the program.
            return lambda _: deepcopy(value)
        case {"object": members}:
            inner = {k: load_plan(p, pointer(place, k), language) for k, p in members.items()}
            return _object(inner)
        case {"list": elements}:
            parts = enumerate(elements)
            return _list([load_plan(p, pointer(place, i), language) for i, p in parts])
        case {"template": source, "as": kind}:
            template = compile_template(source, html=kind == "html", isolates=kind == "isolated")
            leaf = _Leaf(template, kind, plan.get("wants"), place, language)
            return leaf.fill
        case _:
            raise InvalidProgram(f"no plan: {sorted(plan)}")


def _object(members: Mapping[str, Fill]) -> Fill:
    def fill(scope: NameScope) -> Json:
        filled = {name: member(scope) for name, member in members.items()}
        return {name: value for name, value in filled.items() if not isinstance(value, Sentinel)}

    return fill


def _list(elements: list[Fill]) -> Fill:
    def fill(scope: NameScope) -> Json:
        filled = [element(scope) for element in elements]
        return [value for value in filled if not isinstance(value, Sentinel)]

    return fill


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One template of a plan."""

    template: Template
    kind: str
    wants: str | None  # a scalar's type in the schema: what fits is made into it
    place: str
    language: int

    def fill(self, scope: NameScope) -> Json | Sentinel:
        scope = scope.read_in(self.language)
        render = self.template.value if self.kind == "value" else self.template.text
        try:
            value = render(scope)
            if self.wants is None or isinstance(value, Sentinel):
                return value
            return _as_wanted(value, self.wants, self.language)
        except ExpressionError as error:
            raise error.at(place=self.place) from error


def _as_wanted(value: Json, wants: str, language: int) -> Json:
    """Turn a scalar that writes one of another type into that; leave the rest for the schema."""
    if wants == "boolean":
        truths: dict[str, Json] = {"true": True, "false": False}
        return truths.get(value.strip(), value) if isinstance(value, str) else value
    if wants == "string":
        return plain(value) if isinstance(value, Decimal) else value
    number = as_number(value) if isinstance(value, str | Decimal) else None
    return value if number is None else to_json_number(number, wants, language)
