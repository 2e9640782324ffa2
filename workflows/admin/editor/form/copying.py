"""Steps on their way from one workflow to another: the JSON that documents are written in."""

from __future__ import annotations

from typing import Final

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.admin.editor.form.params import BadForm
from workflows.admin.editor.form.steps import read_steps, show_steps
from workflows.admin.editor.presentation.summaries import step_label
from workflows.definition.blocks import every_step
from workflows.definition.codes import Code
from workflows.definition.problems import Problem
from workflows.presentation.documents import document_text
from workflows.presentation.runs.errors import sentence
from workflows.services.definitions.publish import problems_of

# What a company may not have; what a workflow has not shows on the cards at once.
_LACKING: Final = frozenset(
    {Code.UNKNOWN_REFERENCE, Code.UNKNOWN_ACTION, Code.UNKNOWN_TABLE, Code.UNKNOWN_FIELD}
)


def copied(forms: Json) -> str:
    """Return the text of steps. Raises BadForm."""
    return document_text.write({"steps": read_steps(forms)})


def pasted(tenant: Tenant, text: str) -> dict[str, Json]:
    """Return the forms of the steps in a text, and in words what of them the company lacks.

    The text may be what was copied, one step, a list of steps, or a whole workflow. Raises
    Unreadable, BadForm.
    """
    given = document_text.read(text)
    if isinstance(given, dict) and "steps" in given:
        steps = given["steps"]
    else:
        steps = given if isinstance(given, list) else [given]
    if not isinstance(steps, list) or not steps:
        raise BadForm("steps")
    if not all(isinstance(step, dict) and "action" in step for step in steps):
        raise BadForm("step")
    return {"steps": show_steps(steps), "missing": _missing(tenant, steps)}


def _missing(tenant: Tenant, steps: list[Json]) -> list[str]:
    document = {"name": "x", "trigger_type": "x", "steps": steps}
    labels = {path: step_label(step) for path, step in every_step(steps, "/steps")}
    told = (
        f"{_label(problem, labels)}: {sentence(problem.code, problem.params)}"
        for problem in problems_of(tenant, document)
        if problem.code in _LACKING
    )
    return list(dict.fromkeys(told))


def _label(problem: Problem, labels: dict[str, str]) -> str:
    around = [path for path in labels if f"{problem.path}/".startswith(f"{path}/")]
    return labels[max(around, key=len)] if around else ""
