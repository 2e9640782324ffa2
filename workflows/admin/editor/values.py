"""What can be inserted into a field or asked about in a condition, each with a real example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from django.utils.translation import gettext as _

from actions import registry
from workflows.admin.editor.events import choices_in, field_title, schema_of, titles_of
from workflows.admin.editor.samples import Sample
from workflows.admin.editor.steps import all_steps
from workflows.definition.moments import as_moment
from workflows.definition.numbers import as_number, shortened
from workflows.definition.paths import lookup, show_path
from workflows.definition.schemas import member
from workflows.definition.scope import TENANT_FIELDS
from workflows.definition.values import MISSING
from workflows.wording.values import spelt_out

Json = Any
Schema = Mapping[str, Json]
Item = dict[str, Json]

DEEPEST: Final = 3  # levels of a payload that are listed
MOST: Final = 60  # values of one group


def groups_of(document: Mapping[str, Json], sample: Sample) -> list[dict[str, Json]]:
    """Return the groups: the event, each step's result, the workflow's settings, the company."""
    groups = [_of_event(document, sample), *_of_steps(document, sample)]
    groups += [_of_values(sample), _of_tenant(sample)]
    return [group for group in groups if group["items"]]


def _of_event(document: Mapping[str, Json], sample: Sample) -> dict[str, Json]:
    name = str(document.get("trigger_type") or "")
    schema, titles = schema_of(name), titles_of(name)
    payload = sample.scope.trigger if isinstance(sample.scope.trigger, dict) else {}
    keys = list(dict.fromkeys([*titles, *payload]))[:MOST]
    choices = choices_in(name)
    items: list[Item] = []
    for key in keys:
        found = _listed(("trigger", key), titles.get(key) or spelt_out(key), schema, sample)
        for item in found:
            if item["path"] == f"trigger.{key}" and key in choices:
                item["choices"] = [{"value": v, "title": t} for v, t in choices[key]]
                item["kind"] = "choice"
                item["example"] = dict(choices[key]).get(item["example"], item["example"])
            items.append(item)
    title = _("The event that starts the workflow")
    return {"title": title, "root": "trigger", "real": sample.real, "items": items}


def _of_steps(document: Mapping[str, Json], sample: Sample) -> Iterator[dict[str, Json]]:
    for number, (_path, step) in enumerate(all_steps(document.get("steps")), 1):
        name, action = step.get("name"), str(step.get("action"))
        schema = _output_schema(action)
        if not isinstance(name, str) or not name:
            continue
        output = lookup(sample.scope.roots, ("steps", name, "output"))
        members = output if isinstance(output, dict) else {}
        keys = list(dict.fromkeys([*((schema or {}).get("properties", {})), *members]))[:MOST]
        items = [
            item
            for key in keys
            for item in _listed(("steps", name, "output", key), spelt_out(key), schema, sample, 3)
        ]
        items.append(_item(("steps", name, "status"), _("How the step ended"), "completed", "text"))
        label = step.get("label") or _action_label(action)
        title = _("Result of step %(number)s, %(label)s") % {"number": number, "label": label}
        yield {"title": title, "step": name, "root": "steps", "items": items}


def _of_values(sample: Sample) -> dict[str, Json]:
    items = [
        _item(("values", key), spelt_out(key), value) for key, value in sample.scope.values.items()
    ]
    return {"title": _("Settings of this workflow"), "root": "values", "items": items}


def _of_tenant(sample: Sample) -> dict[str, Json]:
    names = {
        "name": _("Name of the company"),
        "currency": _("Currency"),
        "country": _("Country"),
        "language": _("Language"),
        "time_zone": _("Time zone"),
        "key": _("Short name"),
    }
    roots = sample.scope.roots
    items = [_item(("now",), _("The time now"), roots["now"], "date")]
    items += [
        _item(("tenant", name), names[name], roots["tenant"][name])
        for name in names
        if name in TENANT_FIELDS
    ]
    return {"title": _("Your company, and the time"), "root": "tenant", "items": items}


def _listed(
    path: tuple[str, ...], label: str, schema: Schema | None, sample: Sample, skip: int = 1
) -> Iterator[Item]:
    """Yield a value, and the members of an object. `skip`: the path's keys outside the schema."""
    value = lookup(sample.scope.roots, path)
    inside: Schema = schema or {}
    for key in path[skip:]:
        inside = member(inside, schema or {}, key)
    if isinstance(value, dict) and value and len(path) - skip < DEEPEST:
        for key in value:
            title = field_title(key, member(inside, schema or {}, key).get("title"))
            inner = _("%(group)s: %(field)s") % {"group": label, "field": title}
            yield from _listed((*path, key), inner, schema, sample, skip)
        return
    yield _item(path, label, value, _kind_by(inside))


def _item(path: Sequence[str], label: str, value: Json, kind: str = "") -> Item:
    known = value is not MISSING
    return {
        "path": show_path(tuple(path)),
        "label": label,
        "example": example_of(value) if known else "",
        "kind": kind or (_kind_of(value) if known else "any"),
    }


def example_of(value: Json) -> str:
    """Return a value as a short text."""
    if value is None or value == "":
        return _("empty")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(shortened(one) for one in value[:5])
    return shortened(value)


def _kind_by(schema: Schema) -> str:
    """Return the kind that the schema says; "" if it says none."""
    if schema.get("enum"):
        return "text"
    by_format = {"decimal": "number", "date-time": "date", "date": "date"}
    by_type = {"integer": "number", "number": "number", "boolean": "boolean", "array": "list"}
    kind = by_format.get(str(schema.get("format"))) or by_type.get(str(schema.get("type")))
    return kind or ("text" if schema.get("type") == "string" else "")


def _kind_of(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, list):
        return "list"
    if as_number(value) is not None:
        return "number"
    if isinstance(value, str) and len(value) >= 10 and as_moment(value, UTC) is not None:
        return "date"
    return "text" if isinstance(value, str) else "any"


def _output_schema(action: str) -> Schema | None:
    try:
        return registry.get(action).output
    except registry.UnknownAction:
        return None


def _action_label(action: str) -> str:
    try:
        return str(registry.get(action).label)
    except registry.UnknownAction:
        return action
