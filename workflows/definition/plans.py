"""How params are filled in: decided once at publish, from the action's schema, and stored.

A plan is JSON. Each node has one of these forms:
    {"literal": …}                     given as it stands
    {"object": {name: node, …}}        built member by member
    {"list": [node, …]}                built element by element
    {"template": "…", "as": "text" | "html" | "value", "wants": "number" | …}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from workflows.definition.catalogue import Schema
from workflows.definition.errors import ExpressionError, InvalidProgram
from workflows.definition.numbers import as_number, to_json_number
from workflows.definition.problems import pointer
from workflows.definition.schemas import member, rendering, wanted_scalar
from workflows.definition.scope import Scope
from workflows.definition.templates.compiled import Template, compile_template, is_template
from workflows.definition.values import LEFT_OUT, Json, Sentinel

Plan = dict[str, Any]
Fill = Callable[[Scope], "Json | Sentinel"]


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


def _literal(value: Json, parts: Any) -> Plan | None:
    return {"literal": value} if all("literal" in part for part in parts) else None


def load_plan(plan: Mapping[str, Any], place: str = "") -> Fill:
    """Return the function that fills the plan in from a scope.

    It raises ExpressionError with `place`, the JSON pointer into the params.
    """
    match plan:
        case {"literal": value}:
            # A copy each time: an action that changes its params must not change the program.
            return lambda _: deepcopy(value)
        case {"object": members}:
            return _object({k: load_plan(p, pointer(place, k)) for k, p in members.items()})
        case {"list": elements}:
            return _list([load_plan(p, pointer(place, i)) for i, p in enumerate(elements)])
        case {"template": source, "as": kind}:
            template = compile_template(source, html=kind == "html")
            return _leaf(template, kind, plan.get("wants"), place)
        case _:
            raise InvalidProgram(f"no plan: {sorted(plan)}")


def _object(members: Mapping[str, Fill]) -> Fill:
    def fill(scope: Scope) -> Json:
        filled = {name: member(scope) for name, member in members.items()}
        return {name: value for name, value in filled.items() if not isinstance(value, Sentinel)}

    return fill


def _list(elements: list[Fill]) -> Fill:
    def fill(scope: Scope) -> Json:
        filled = [element(scope) for element in elements]
        return [value for value in filled if not isinstance(value, Sentinel)]

    return fill


def _leaf(template: Template, kind: str, wants: str | None, place: str) -> Fill:
    render = template.value if kind == "value" else template.text

    def fill(scope: Scope) -> Json | Sentinel:
        try:
            value = render(scope)
            return value if wants is None or value is LEFT_OUT else _as_wanted(value, wants)
        except ExpressionError as error:
            raise error.at(place=place) from error

    return fill


def _as_wanted(value: Json | Sentinel, wants: str) -> Json | Sentinel:
    """Turn text that writes a number or a truth into one; leave the rest for the schema."""
    if wants == "boolean":
        return (
            {"true": True, "false": False}.get(value.strip(), value)
            if isinstance(value, str)
            else value
        )
    number: Decimal | None = as_number(value) if isinstance(value, str) else None
    return value if number is None else to_json_number(number)
