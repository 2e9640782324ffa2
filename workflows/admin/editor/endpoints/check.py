"""What the page shows of a form while it is edited: problems at their fields, a line per step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from django.utils.translation import gettext as _

from tenants.core.json import Json
from tenants.core.json.faults import BadJson
from tenants.core.text.listing import listed
from tenants.models.tenant import Tenant
from workflows.admin.editor.endpoints.choices import named_choices
from workflows.admin.editor.endpoints.values import OUTPUTS
from workflows.admin.editor.form.nodes import JSON_TEXT, Node
from workflows.admin.editor.form.places import SETTINGS, At, FormPlace, place_of
from workflows.admin.editor.form.scalars import read_json, shown
from workflows.admin.editor.form.shape import from_form
from workflows.admin.editor.form.steps import node_of, step_parts
from workflows.admin.editor.presentation.events import choices_in
from workflows.admin.editor.presentation.summaries import condition_line, summary_of
from workflows.definition.blocks import elements, mapping
from workflows.definition.codes import Code
from workflows.definition.errors import Problem
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.presentation.documents import document_text
from workflows.presentation.documents.places import problem_words
from workflows.presentation.json_faults import said_of
from workflows.presentation.runs.errors import sentence
from workflows.presentation.values import payload_fields
from workflows.services.definitions.catalogue import TenantThing, problems_of, things_of
from workflows.services.onboarding.gallery import switched_off

Form = Mapping[str, Any]

MAX_SHOWN: Final = 100
# At its field, “subject is missing” only repeats the label.
_FILL_IN: Final = frozenset({Code.MISSING_PARAM, Code.REQUIRED, Code.EMPTY})
# The fact that holds the field of a row.
_FIELD_NAMED_BY: Final[Mapping[str, str]] = {
    Code.BAD_PATH: "path",
    Code.FILTER_TAKES_TRIGGER_ONLY: "field",
}


def checked(
    tenant: Tenant, form: Form, key: str = "", things: Sequence[TenantThing] | None = None
) -> dict[str, Json]:
    """Return the problems, the lines of the cards and the JSON text. Raises BadForm.

    `off` names the connections it would use that are switched off: it can be published all the
    same, since they may be on again when it runs.
    `key` is that of the workflow, "" if it has none yet; `things` are the tenant's, read just now
    if they are not given.
    """
    document = from_form(dict(form))
    things = things_of(tenant) if things is None else things
    return {
        "problems": shown_problems(problems_of(tenant, document, key, things), document, form),
        "off": listed(switched_off(tenant, document)),
        "summaries": _lines(document, named_choices(things, key)),
        "text": document_text.write(document),
    }


def shown_problems(problems: list[Problem], document: Json, form: Form) -> list[dict[str, Json]]:
    """Return each problem with its place in the form, and the mistakes of the form itself.

    Of very many only the first: each is looked for in the form.
    """
    shown = [_placed(problem, document, form) for problem in problems[:MAX_SHOWN]]
    return shown + [_shown(place, words) for place, words in mistakes_of(form)[:MAX_SHOWN]]


def is_saved(tenant: Tenant, definition: WorkflowDefinition | None, document: Json) -> bool:
    """Say whether this very document was saved: then a copy of it is no unsaved work."""
    versions = WorkflowVersion.objects.of(tenant).filter(document=document)
    drafts = WorkflowDefinition.objects.of(tenant).filter(draft=document)
    if definition:
        versions, drafts = versions.filter(definition=definition), drafts.filter(pk=definition.pk)
    return versions.exists() or drafts.exists()


def _placed(problem: Problem, document: Json, form: Form) -> dict[str, Json]:
    # A field that is only empty is no mistake while somebody is still on the way to it.
    is_empty = problem.code in _FILL_IN or _is_blank_path(problem)
    words = problem_words(problem, document)[1]
    if is_empty:
        no_field = _is_blank_path(problem) or problem.path.endswith("/field")
        words = _("Choose a field.") if no_field else sentence(Code.EMPTY, {})
    return {**_shown(place_of(problem.path, form), words), "empty": is_empty}


def _shown(place: FormPlace, words: str) -> dict[str, Json]:
    return {**asdict(place), "at": list(place.at), "text": words}


def _is_blank_path(problem: Problem) -> bool:
    """Whether somebody has not chosen the field of a row yet, whatever rule found it out first."""
    named = _FIELD_NAMED_BY.get(problem.code)
    return named is not None and not problem.params.get(named)


def _lines(document: Mapping[str, Json], choices: Mapping[str, Any]) -> dict[str, Json]:
    titles, names = _titles(document), _names(document)
    lines: dict[str, Json] = {
        path: {
            "line": summary_of(step, choices, names),
            "condition": condition_line(step.get("condition"), titles, names),
        }
        for path, step in step_parts(document)
    }
    lines |= {
        path: {"condition": condition_line(block["when"], titles, names)}
        for path, block in _asking_blocks(document)
    }
    lines["trigger"] = {"condition": condition_line(document.get("trigger_filter"), titles, names)}
    return lines


def _asking_blocks(document: Json) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield the ways of branches, with their paths."""
    for path, step in step_parts(document):
        for index, case in enumerate(elements(mapping(step.get("params")).get("cases"))):
            if "when" in mapping(case):
                yield f"{path}/params/cases/{index}", case


def _titles(document: Mapping[str, Json]) -> dict[str, dict[str, str]]:
    choices = choices_in(str(document.get("trigger_type") or ""))
    return {f"trigger.{key}": dict(pairs) for key, pairs in choices.items()}


def _names(document: Mapping[str, Json]) -> dict[str, str]:
    named = payload_fields(str(document.get("trigger_type") or ""))
    before = {f"previous.{key}": title for key, title in named.items()}
    outputs = {
        f"steps.{step.get('name')}.output.{key}": str(title)
        for _path, step in step_parts(document)
        for key, title in OUTPUTS.get(str(step.get("action")), {}).items()
    }
    # What somebody named is told as what it is: “at most 100”, not “at most «Without asking»”.
    values = mapping(document.get("values"))
    fixed = {
        f"values.{key}": listed(map(shown, value if isinstance(value, list) else [value]))
        for key, value in values.items()
        if value not in ("", None, [], {})
    }
    trigger = {f"trigger.{key}": title for key, title in named.items()}
    return {**outputs, **before, **fixed, **trigger}


def mistakes_of(form: Form) -> list[tuple[FormPlace, str]]:
    """Return each mistake that only a form can have, with its place: they keep it from being saved.

    A name given twice, a value without a name, JSON that is none.
    """
    found = [
        (FormPlace(SETTINGS, "settings", ("values", *at)), words)
        for at, words in _of_rows(form["head"].get("values", []))
    ]
    found += [
        (FormPlace(SETTINGS, "settings", ("output", *at)), words)
        for at, words in _of_node(form["head"].get("output", []), JSON_TEXT, ())
    ]
    lists = {name: form.get(name) for name in ("steps", "on_failure")}
    for part, step in step_parts(lists):
        for at, words in _of_node(step.get("params"), node_of(step.get("action")), ()):
            found.append((FormPlace(part, "params", at), words))
    return found


def _of_node(form: Json, node: Node, at: At) -> Iterator[tuple[At, str]]:
    if node.kind == "json" and isinstance(form, str):
        yield from _of_json(form, at)
    elif isinstance(form, list) and node.kind in {"map", "json"}:
        yield from (((*at, *inner), words) for inner, words in _of_rows(form))
    elif isinstance(form, list) and node.items is not None:
        for index, item in enumerate(form):
            yield from _of_node(item, node.items, (*at, index))
    elif isinstance(form, Mapping):
        for name, inner in form.items():
            below = node.members.get(name)
            if below is not None:
                yield from _of_node(inner, below, (*at, name))


def _of_rows(rows: Json) -> Iterator[tuple[At, str]]:
    seen = set()
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        name = row.get("k", "")
        if not name and row.get("v"):
            yield (index, "k"), _("Give this a name.")
        elif name and name in seen:
            yield (index, "k"), _("This name stands here twice. Change one.")
        seen.add(name)


def _of_json(text: str, at: At) -> Iterator[tuple[At, str]]:
    start = text.lstrip()
    if not start.startswith(("{", "[")) or start.startswith(("{{", "{%")):
        return
    try:
        read_json(text)
    except BadJson as problem:
        yield at, said_of(problem)
