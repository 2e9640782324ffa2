"""What can be inserted or asked about, each with a real example; what a text would become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.core.json import Json
from tenants.core.text.listing import listed
from tenants.core.values.numbers import as_number
from tenants.core.values.paths import LEFT_OUT, MISSING, lookup, show_path
from tenants.core.values.written import as_moment
from workflows.admin.editor.endpoints.samples import Sample, sample_in
from workflows.admin.editor.form.steps import step_parts
from workflows.admin.editor.presentation.events import choices_in
from workflows.admin.editor.presentation.outputs import choices_in as choices_of_approval
from workflows.admin.editor.presentation.outputs import question_titles, schema_of_output
from workflows.definition.codes import Code
from workflows.definition.errors import ExpressionError
from workflows.definition.kinds import reminder_parts_of
from workflows.definition.schemas import member
from workflows.definition.scope import TENANT_FIELDS
from workflows.definition.templates import compile_template, template_problems
from workflows.definition.templates.compiled import is_template
from workflows.definition.values.json_values import shortened
from workflows.event_types import payload_schema
from workflows.presentation.runs.errors import sentence
from workflows.presentation.values import field_title, payload_fields, spelt_out
from workflows.presentation.vocabulary import step_label

Schema = Mapping[str, Json]
Item = dict[str, Json]

MAX_DEPTH: Final = 3  # levels of a payload that are listed
MAX_VALUES: Final = 60  # values of one group
# What people call the results of steps that steer.
OUTPUTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "approval": {
        "choice": gettext_lazy("The decision"),
        "decided_by": gettext_lazy("Who decided"),
        "decided_at": gettext_lazy("When it was decided"),
        "timed_out": gettext_lazy("Nobody decided in time"),
        "answers": gettext_lazy("Answer"),
    },
    "wait_for_event": {
        "payload": gettext_lazy("The event"),
        "event_id": gettext_lazy("Number of the event"),
        "timed_out": gettext_lazy("It did not come in time"),
    },
    "for_each": {
        "results": gettext_lazy("What each one handed back"),
        "items": gettext_lazy("How many there were"),
        "succeeded": gettext_lazy("How many went well"),
        "failed": gettext_lazy("How many failed"),
    },
}


def groups_of(document: Mapping[str, Json], sample: Sample) -> list[dict[str, Json]]:
    """Return the groups: the event, each step's result, the workflow's settings, the company."""
    groups = [
        *(_of_event(document, sample), *_of_elements(document, sample)),
        *(*_of_steps(document, sample), _of_error(), _of_values(sample), _of_tenant(sample)),
    ]
    return [group for group in groups if group["items"]]


def _of_event(document: Mapping[str, Json], sample: Sample) -> dict[str, Json]:
    name = str(document.get("trigger_type") or "")
    schema, titles = payload_schema(name), payload_fields(name)
    payload = sample.scope.trigger if isinstance(sample.scope.trigger, dict) else {}
    keys = list(dict.fromkeys([*titles, *payload]))[:MAX_VALUES]
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
    for path, step in step_parts(document):
        name = step.get("name")
        if not isinstance(name, str) or not name:
            continue
        label = step_label(step)
        items = list(_of_output(name, step, sample))
        items.append(_item(("steps", name, "status"), _("How the step ended"), "completed", "text"))
        yield {"title": _title(path, label), "step": name, "root": "steps", "items": items}
        yield from _of_reminders(name, step, label, sample)


def _title(path: str, label: str) -> str:
    """Only the main line is numbered on the page."""
    top, _slash, number = path.partition("/")
    if top == "steps" and number.isdecimal():
        said = {"number": int(number) + 1, "label": label}
        return _("Result of step %(number)s, %(label)s") % said
    return _("Result of “%(label)s”") % {"label": label}


def _of_output(name: str, step: Mapping[str, Json], sample: Sample) -> Iterator[Item]:
    schema = schema_of_output(step)
    output = lookup(sample.scope.roots, ("steps", name, "output"))
    declared = (schema or {}).get("properties", {})
    members = output if isinstance(output, dict) else {}
    if schema and schema.get("additionalProperties") is False:
        members = {key: value for key, value in members.items() if key in declared}
    titles = OUTPUTS.get(str(step.get("action")), {})
    for key in list(dict.fromkeys([*declared, *members]))[:MAX_VALUES]:
        named = titles.get(key) or member(schema or {}, schema or {}, key).get("title")
        title = str(named or spelt_out(key))
        for item in _listed(("steps", name, "output", key), title, schema, sample, 3):
            yield _asked(item, step)


def _asked(item: Item, step: Mapping[str, Json]) -> Item:
    """Say of an approval's result what can be chosen, and what the questions were."""
    if step.get("action") != "approval":
        return item
    _start, _dot, member = item["path"].partition(".output.")
    if member == "choice":
        choices = [{"value": key, "title": label} for key, label in choices_of_approval(step)]
        return {**item, "choices": choices, "kind": "choice"}
    group, _dot, key = member.partition(".")
    title = question_titles(step).get(key) if group == "answers" else None
    return {**item, "label": _("Answer: %(question)s") % {"question": title}} if title else item


def _of_reminders(
    name: str, step: Mapping[str, Json], label: str, sample: Sample
) -> Iterator[dict[str, Json]]:
    parts = reminder_parts_of(step.get("action"))
    titles = {"reminder": _("Which reminder it is"), "link": _("Link to the decision")}
    items = [
        _item(
            ("steps", name, "output", part),
            titles[part],
            lookup(sample.scope.roots, ("steps", name, "output", part)),
        )
        for part in reversed(parts)
    ]
    title = _("In reminders of “%(label)s”") % {"label": label}
    yield {"title": title, "step": name, "root": "reminder", "items": items}


def _of_elements(document: Mapping[str, Json], sample: Sample) -> Iterator[dict[str, Json]]:
    for path, step in step_parts(document):
        if step.get("action") != "for_each":
            continue
        scope = sample_in(sample, document, f"{path}/params/steps/0")
        inside = replace(sample, scope=scope)
        items = list(_listed(("item",), _("The element"), None, inside))
        items.append(_item(("item_index",), _("Its place in the list, from 0"), 0, "number"))
        title = _("The element of “%(label)s”") % {"label": step_label(step)}
        yield {"title": title, "step": step.get("name", ""), "root": "item", "items": items}


def _of_error() -> dict[str, Json]:
    items = [
        _item(("run", "error", "code"), _("Code of the error"), "http_404", "text"),
        _item(("run", "error", "step"), _("Short name of the failed step"), "…", "text"),
        _item(("run", "error", "http_status"), _("Answer of the server"), 404, "number"),
    ]
    return {"title": _("The error"), "root": "error", "items": items}


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
    members = value if isinstance(value, dict) else {}
    if _is_open(value, inside):
        members = dict.fromkeys([*inside.get("properties", {}), *members])
    if members and len(path) - skip < MAX_DEPTH:
        for key in members:
            title = field_title(key, member(inside, schema or {}, key).get("title"))
            inner = _("%(group)s: %(field)s") % {"group": label, "field": title}
            yield from _listed((*path, key), inner, schema, sample, skip)
        return
    yield _item(path, label, value, _kind_by(inside))


def _is_open(value: Json, schema: Schema) -> bool:
    """Whether the members of a value are known from its schema, whatever the sample holds."""
    return bool(schema.get("properties")) and not isinstance(value, list)


def _item(path: Sequence[str], label: str, value: Json, kind: str = "") -> Item:
    known = value is not MISSING
    return {
        "path": show_path(tuple(path)),
        "label": label,
        "example": example_of(value) if known else "",
        "kind": kind or (_kind_of(value) if known else "any"),
    }


def example_of(value: Json) -> str:
    if value is None or value == "":
        return _("empty")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        apart = "; " if any(isinstance(one, dict) for one in value[:5]) else ""
        shown = [_member(one) for one in value[:5]]
        return apart.join(shown) if apart else listed(shown)
    return _member(value)


def _member(value: Json) -> str:
    """Return one value; of an object its fields, as people call them."""
    if not isinstance(value, dict):
        return shortened(value)
    fields = list(value.items())[:5]
    return shortened(listed(f"{spelt_out(name)}: {shortened(one)}" for name, one in fields))


def _kind_by(schema: Schema) -> str:
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


def preview(text: str, sample: Sample, *, html: bool = False) -> dict[str, Json]:
    """Return {"text": …, "state": "real" | "made_up" | "problem" | "none"}. Never raises."""
    if not is_template(text):
        return {"text": "", "state": "none"}
    problems = template_problems(text)
    if problems:
        return {"text": sentence(problems[0].code, problems[0].params), "state": "problem"}
    try:
        template = compile_template(text, html=html)
        as_value = template.single and not html
        value = template.value(sample.scope) if as_value else template.text(sample.scope)
    except ExpressionError as error:
        if not sample.real and error.code == Code.MISSING_VALUE:
            return {"text": "", "state": "none"}  # nobody can say yet what will be there
        return {"text": sentence(error.code, error.params), "state": "problem"}
    shown = _("left out, because it is empty") if value is LEFT_OUT else _as_text(value)
    return {"text": shown, "state": "real" if sample.real else "made_up"}


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else example_of(value)
