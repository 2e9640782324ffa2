"""What the page shows of a form while it is edited: problems at their fields, a line per step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from tenants.core.json import Json
from tenants.core.text.listing import listed
from tenants.models.tenant import Tenant
from workflows.admin.editor.endpoints.mistakes import mistakes_of
from workflows.admin.editor.endpoints.values import OUTPUTS
from workflows.admin.editor.form.places import Place, place_of
from workflows.admin.editor.form.shape import from_form
from workflows.admin.editor.form.steps import all_steps
from workflows.admin.editor.presentation.events import choices_in, titles_of
from workflows.admin.editor.presentation.summaries import condition_line, summary_of
from workflows.definition.blocks import elements, mapping
from workflows.definition.codes import Code
from workflows.definition.problems import Problem
from workflows.models.definition import WorkflowDefinition
from workflows.models.version import WorkflowVersion
from workflows.presentation.documents import document_text
from workflows.presentation.runs.errors import sentence
from workflows.services.definitions.publish import problems_of
from workflows.services.onboarding.gallery import switched_off

Form = Mapping[str, Any]

MOST_SHOWN: Final = 100
# At its field, “subject is missing” only repeats the label.
_FILL_IN: Final = frozenset({Code.MISSING_PARAM, Code.REQUIRED, Code.EMPTY})


def checked(
    tenant: Tenant, form: Form, choices: Mapping[str, Any], key: str = ""
) -> dict[str, Json]:
    """Return the problems, the lines of the cards and the JSON text. Raises BadForm.

    `off` names the connections it would use that are switched off: it can be published all the
    same, since they may be on again when it runs.
    `key` is that of the workflow, "" if it has none yet.
    """
    document = from_form(dict(form))
    return {
        "problems": shown_problems(problems_of(tenant, document, key), form),
        "off": listed(switched_off(tenant, document)),
        "summaries": _lines(document, choices),
        "text": document_text.write(document),
    }


def shown_problems(problems: list[Problem], form: Form) -> list[dict[str, Json]]:
    """Return each problem with its place in the form, and the mistakes of the form itself.

    Of very many only the first: each is looked for in the form.
    """
    shown = [_placed(problem, form) for problem in problems[:MOST_SHOWN]]
    return shown + [_shown(place, words) for place, words in mistakes_of(form)[:MOST_SHOWN]]


def is_saved(tenant: Tenant, definition: WorkflowDefinition | None, document: Json) -> bool:
    """Say whether this very document was saved: then a copy of it is no unsaved work."""
    versions = WorkflowVersion.objects.of(tenant).filter(document=document)
    drafts = WorkflowDefinition.objects.of(tenant).filter(draft=document)
    if definition:
        versions, drafts = versions.filter(definition=definition), drafts.filter(pk=definition.pk)
    return versions.exists() or drafts.exists()


def _placed(problem: Problem, form: Form) -> dict[str, Json]:
    # A field that is only empty is no mistake while somebody is still on the way to it.
    is_empty = problem.code in _FILL_IN or _is_blank_path(problem)
    words = sentence(Code.EMPTY, {}) if is_empty else sentence(problem.code, problem.params)
    return {**_shown(place_of(problem.path, form), words), "empty": is_empty}


def _shown(place: Place, words: str) -> dict[str, Json]:
    return {**asdict(place), "at": list(place.at), "text": words}


def _is_blank_path(problem: Problem) -> bool:
    return problem.code == Code.BAD_PATH and not problem.params.get("path")


def _lines(document: Mapping[str, Json], choices: Mapping[str, Any]) -> dict[str, Json]:
    titles, names = _titles(document), _names(document)
    lines: dict[str, Json] = {
        path: {
            "line": summary_of(step, choices, names),
            "condition": condition_line(step.get("condition"), titles, names),
        }
        for path, step in all_steps(document)
    }
    lines |= {
        path: {"condition": condition_line(block["when"], titles, names)}
        for path, block in _asking_blocks(document)
    }
    lines["trigger"] = {"condition": condition_line(document.get("trigger_filter"), titles, names)}
    return lines


def _asking_blocks(document: Json) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield the ways of branches, with their paths."""
    for path, step in all_steps(document):
        for index, case in enumerate(elements(mapping(step.get("params")).get("cases"))):
            if "when" in mapping(case):
                yield f"{path}/params/cases/{index}", case


def _titles(document: Mapping[str, Json]) -> dict[str, dict[str, str]]:
    choices = choices_in(str(document.get("trigger_type") or ""))
    return {f"trigger.{key}": dict(pairs) for key, pairs in choices.items()}


def _names(document: Mapping[str, Json]) -> dict[str, str]:
    named = titles_of(str(document.get("trigger_type") or ""))
    before = {f"previous.{key}": title for key, title in named.items()}
    outputs = {
        f"steps.{step.get('name')}.output.{key}": str(title)
        for _path, step in all_steps(document)
        for key, title in OUTPUTS.get(str(step.get("action")), {}).items()
    }
    return {**outputs, **before, **{f"trigger.{key}": title for key, title in named.items()}}
