"""What a text with places to fill in would become, with the values of the last event."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tenants.core.json import Json
from tenants.core.values.paths import LEFT_OUT
from workflows.admin.editor.endpoints.samples import Sample
from workflows.admin.editor.endpoints.values import example_of
from workflows.definition.errors import ExpressionError
from workflows.definition.templates import compile_template, template_problems
from workflows.definition.templates.compiled import is_template
from workflows.presentation.runs.errors import sentence


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
        return {"text": sentence(error.code, error.params), "state": "problem"}
    shown = _("left out, because it is empty") if value is LEFT_OUT else _shown(value)
    return {"text": shown, "state": "real" if sample.real else "made_up"}


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else example_of(value)
