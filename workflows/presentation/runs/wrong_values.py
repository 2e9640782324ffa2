"""What is wrong with which value, where a step failed over one: “The order has no phone”.

From where a step takes a value is read from its version's plan, so that a list of runs can say it
as well as the page of one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from actions import records
from tenants.core.json import Json
from tenants.core.text.characters import shown
from tenants.core.text.listing import apart, listed
from tenants.core.text.phone_wording import why_no_phone
from workflows.definition.templates.checks import template_paths
from workflows.presentation.documents.comparisons import ALONE, quoted, row_words
from workflows.presentation.runs.errors import countries
from workflows.presentation.runs.plans import PlannedStep, Stored
from workflows.presentation.values import payload_fields, record_fields, spelt_out

# A text that is one value and nothing else, whatever filters it goes through.
_ONE_VALUE: Final = re.compile(
    r"\{\{-?\s*((?:trigger|steps)(?:\.[A-Za-z_]\w*)+)\s*(?:\|[^{}]*)?-?\}\}"
)
TRIGGER: Final = "trigger"
STEPS: Final = "steps"
NO_PHONE: Final = frozenset({"", "-"})


@dataclass(frozen=True, slots=True)
class About:
    """What a run is about, as its values are told."""

    kind: str = ""  # alias of the record; "": of no record
    event_type: str = ""

    @property
    def noun(self) -> str:
        """Return what people call one record of the kind; "" if there is none."""
        known = next((one for one in records.all_records() if one.alias == self.kind), None)
        return str(known.model._meta.verbose_name) if known else ""

    def field(self, key: str) -> str:
        """Return what people call a value of the payload."""
        return payload_fields(self.event_type).get(key) or spelt_out(key)


NOTHING_KNOWN: Final = About()


@dataclass(frozen=True, slots=True)
class Source:
    """From where a step has the value that it failed over."""

    key: str = ""  # of the payload; "": from elsewhere
    step: str = ""  # the name of the earlier step that brought it; ""
    is_whole: bool = True  # False: it is only a part of what lies there


NOWHERE: Final = Source()


def source_of(error: Mapping[str, Json], step: PlannedStep | None) -> Source:
    """Return from where the value comes that an error is about; NOWHERE if nobody can say."""
    params = error.get("params") or {}
    if error.get("code") == "missing_value":
        return _read(str(params.get("path", "")).split("."))
    given = [] if step is None else list(_given(step.params, _place(error)))
    found = [_read(path) for path in given]
    return found[0] if len(found) == 1 else NOWHERE


def value_sentence(entry: Mapping[str, Json], step: PlannedStep | None, about: About) -> str:
    """Return what is wrong with which value; "" where the error's own sentence says it best."""
    error = entry.get("error") or {}
    params, source = error.get("params") or {}, source_of(error, step)
    words = {"record": about.noun, "field": about.field(source.key)}
    is_of_record = bool(source.key and about.noun)
    code = error.get("code")
    if code == "bad_phone":
        return _phone(params, words, is_of_record=is_of_record)
    if code == "no_record_found":
        return _none_fits(entry.get("input"))
    if not is_of_record:
        return ""
    if code == "bad_mail_address":
        return _mail_address(params, words)
    if code in {"missing_value", "template_value_empty"}:
        return _("The %(record)s has no value for “%(field)s”.") % words
    return ""


def _phone(params: Mapping[str, Json], words: dict[str, str], *, is_of_record: bool) -> str:
    number = str(params.get("phone") or "").strip()
    if number in NO_PHONE:
        return (
            _("The %(record)s has no phone.") % words if is_of_record else _("There is no phone.")
        )
    country = str(params.get("country") or "")
    words["country"] = countries().get(country) or country
    words["phone"] = apart(shown(number))
    if not country:
        said = _("“%(phone)s” is not a phone number.")
    elif is_of_record:
        said = _("The %(record)s's phone “%(phone)s” is not a phone number of %(country)s.")
    else:
        said = _("“%(phone)s” is not a phone number of %(country)s.")
    why = why_no_phone({**params, "country": words["country"]})
    return f"{said % words} {why}".strip()


def _mail_address(params: Mapping[str, Json], words: dict[str, str]) -> str:
    if not params.get("address"):
        return _("The %(record)s has no mail address.") % words
    words["address"] = apart(shown(str(params["address"])))
    return _("The %(record)s's mail address “%(address)s” is not one mail address.") % words


def _none_fits(given: Json) -> str:
    """Return that no record was found, and which one was looked for."""
    table = given.get("table") if isinstance(given, dict) else None
    where = given.get("where") if isinstance(given, dict) else None
    if not table or not isinstance(where, list) or not where:
        return ""
    names, known = record_fields(table), {one.alias: one for one in records.all_records()}
    rows = [_row(row, names) for row in where if isinstance(row, dict)]
    label = str(known[table].label) if table in known else table
    told = _("Nothing was found in “%(table)s” where %(rows)s, and the step needs it.")
    return told % {"table": label, "rows": listed(rows)}


def _row(row: Mapping[str, Json], names: Mapping[str, str]) -> str:
    field, operator = str(row.get("field", "")), str(row.get("operator", "equals"))
    value = "" if operator in ALONE else quoted(row.get("value"))
    return row_words(names.get(field) or spelt_out(field), operator, value)


def _place(error: Mapping[str, Json]) -> Sequence[str]:
    """Return which of the step's params an error is about; () if it says of none."""
    params = error.get("params") or {}
    match error.get("code"):
        case "bad_phone" | "whatsapp_undeliverable":
            return ("phone",)
        case "bad_mail_address":
            return (str(params.get("field") or "to"),)
        case "template_value_empty" | "template_value_line_break" | "template_value_too_long":
            return ("template_vars", str(params.get("name", "")))
        case _:
            return ()


def _given(plan: Stored, place: Sequence[str]) -> Iterator[list[str]]:
    """Yield the paths of the single values that stand at a place of a step's params."""
    for name in place:
        plan = (plan.get("object") or {}).get(name) or {}
    leaves = plan.get("list") or ([plan] if place else [])
    for leaf in leaves:
        found = _ONE_VALUE.fullmatch(str(leaf.get("template", "")).strip())
        if found:
            yield found[1].split(".")


def _read(path: Sequence[str]) -> Source:
    match path:
        case [str(root), key] if root == TRIGGER:
            return Source(key=key)
        case [str(root), key, *_rest] if root == TRIGGER:
            return Source(key=key, is_whole=False)
        case [str(root), name, *_rest] if root == STEPS:
            return Source(step=name)
        case _:
            return NOWHERE


def keys_read(step: PlannedStep) -> frozenset[str] | None:
    """Return the values of the payload that a step reads; None: nobody can say which.

    A stored message template reads what it likes, and so do the steps inside a step.
    """
    reads_more = step.action == "send_email" and "template" in (step.params.get("object") or {})
    if reads_more or step.ways or step.action == "run_workflow":
        return None
    return frozenset(_keys(step.params))


def _keys(plan: Stored) -> Iterator[str]:
    for inner in (*(plan.get("object") or {}).values(), *(plan.get("list") or ())):
        yield from _keys(inner)
    source = plan.get("template")
    if isinstance(source, str):
        for path in template_paths(source):
            if len(path) > 1 and path[0] == TRIGGER:
                yield str(path[1])
