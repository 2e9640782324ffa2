"""What changes where a document of an earlier language is published in one of today."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from babel.numbers import get_currency_precision

from tenants.core.json.pointers import pointer
from tenants.core.values.currencies import MINOR_UNITS
from tenants.core.values.paths import Path
from workflows.definition.blocks import all_steps, held, own_params
from workflows.definition.catalogue import Catalogue, Schema
from workflows.definition.kinds import KINDS
from workflows.definition.programs.plans import Plan, make_plan
from workflows.definition.schemas import member
from workflows.definition.templates import compile_template, template_problems
from workflows.definition.templates.compiled import LiquidTemplate, Template, is_template
from workflows.definition.templates.filters import FILTERS
from workflows.definition.templates.filters.calendar_words import words_of

_JSON: Final = re.compile(r"\|\s*json\b")
# Whatever they are given, they give no number with decimals.
_NO_DECIMALS: Final = frozenset(
    {"join", "json", "size", "has", "find_index", "number", "money", "days_until", "split"}
    | {"date", "date_add", "start_of", "parse_date", "to_minor_units"}
    | {name for name, spec in FILTERS.items() if spec.takes == "text"}
) - {"parse_json"}
_TEXT_ROOTS: Final = ("run", "tenant", "now", "item_index")


@dataclass(frozen=True, slots=True)
class ChangedPlace:
    """A place where publishing anew means something else, by the language alone."""

    place: str  # the JSON pointer into the document
    template: str
    # "numbers": one with decimals became text, and stays a number; "names" of months and days in
    # the company's language; "units": `minor_units` by ISO 4217.
    change: str = "numbers"


def kept_numbers(document: Mapping[str, Any], catalogue: Catalogue) -> Iterator[ChangedPlace]:
    """Yield the places of a document that are given something else where it is a decimal.

    What a value will be is known in part only: of a place that is named it may never be one.
    """
    types = [document.get("trigger_type"), *(document.get("also_on") or [])]
    events = [catalogue.events.get(str(name)) for name in types]
    for at, plan in _plans(document, catalogue):
        for place, leaf in _leaves(plan, at):
            if _changes(leaf, events):
                yield ChangedPlace(place, leaf["template"])


def _plans(document: Mapping[str, Any], catalogue: Catalogue) -> Iterator[tuple[str, Plan]]:
    for path, step in all_steps(document):
        if not isinstance(step, dict):
            continue
        name = str(step.get("action"))
        known = KINDS.get(name) or catalogue.actions.get(name)
        if known is not None:
            schema = known.params
            yield pointer(path, "params"), make_plan(own_params(step), schema, schema)
        for place, result in held(step, "x-result", path):
            yield place, make_plan(result, {}, {})
    yield "/output", make_plan(document.get("output"), {}, {})


def _leaves(plan: Plan, at: str) -> Iterator[tuple[str, Plan]]:
    if "template" in plan:
        yield at, plan
    for key, inner in plan.get("object", {}).items():
        yield from _leaves(inner, pointer(at, key))
    for index, inner in enumerate(plan.get("list", ())):
        yield from _leaves(inner, pointer(at, index))


def _changes(leaf: Plan, events: list[Schema | None]) -> bool:
    source = leaf["template"]
    if template_problems(source):
        return False
    if _JSON.search(source):
        return True
    if leaf["as"] != "value" or "wants" in leaf:
        return False
    template = compile_template(source)
    return template.single and _may_be_decimal(template, events)


def _may_be_decimal(template: Template, events: list[Schema | None]) -> bool:
    if isinstance(template, LiquidTemplate):
        filters = getattr(template.output and template.output.expression, "filters", None)
        return not filters or filters[-1].name not in _NO_DECIMALS
    return not any(_is_text(path, events) for path in template.paths)


def _is_text(path: Path, events: list[Schema | None]) -> bool:
    if path[0] != "trigger":
        return path[0] in _TEXT_ROOTS
    return all(event is not None and _type(event, path[1:]) == "string" for event in events)


def _type(schema: Schema, path: Path) -> Any:
    here = schema
    for key in path:
        here = member(here, schema, key)
    return here.get("type")


_NAMES: Final = re.compile(r"\|\s*date\s*:\s*(?![\s\"'])|%-?[aAbBhcp]")
_DATE: Final = re.compile(r"\|\s*date\b")
_UNITS: Final = re.compile(r"\|\s*minor_units\b(?:\s*:\s*(?:([\"'])([A-Za-z]{3})\1)?)?")


def rewritten(document: Any, language: str, currency: str) -> Iterator[ChangedPlace]:
    """Yield the templates that print other names of days, or count amounts in another way.

    `language` and `currency` are the company's.
    """
    for place, text in _templates(document, ""):
        if words_of(language) is not None and _DATE.search(text) and _NAMES.search(text):
            yield ChangedPlace(place, text, "names")
        if any(_counts_otherwise(found, currency) for found in _UNITS.finditer(text)):
            yield ChangedPlace(place, text, "units")


def _counts_otherwise(found: re.Match[str], currency: str) -> bool:
    code = (found[2] or "").upper()
    if not code:
        if ":" in found[0]:
            return True  # which one is known when it is filled in
        code = currency
    return code in MINOR_UNITS and MINOR_UNITS[code] != get_currency_precision(code)


def _templates(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if is_template(value):
            yield place, value
        return
    inside: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, dict):
        inside = iter(value.items())
    elif isinstance(value, list):
        inside = iter(enumerate(value))
    for key, one in inside:
        yield from _templates(one, pointer(place, key))
