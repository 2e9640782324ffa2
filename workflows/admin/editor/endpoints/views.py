"""What the editor asks while somebody edits: check, trial, preview, values, copied steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tenants.admin import access
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.admin.editor.endpoints.check import checked, is_saved
from workflows.admin.editor.endpoints.choices import choices_of
from workflows.admin.editor.endpoints.message import message_of
from workflows.admin.editor.endpoints.samples import Sample, sample_of
from workflows.admin.editor.endpoints.trial import tried
from workflows.admin.editor.endpoints.values import groups_of, preview
from workflows.admin.editor.form.shape import BadScalar, from_form, to_form
from workflows.admin.editor.form.steps import read_steps, show_steps, step_parts
from workflows.definition.blocks import every_step
from workflows.definition.codes import Code
from workflows.definition.errors import Problem
from workflows.definition.validate import MAX_BYTES
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.documents import document_text
from workflows.presentation.runs.errors import sentence
from workflows.presentation.times import short_moment
from workflows.presentation.vocabulary import step_label
from workflows.services.definitions.catalogue import problems_of, things_of

# What a company may not have; what a workflow has not shows on the cards at once.
_LACKING: Final = frozenset(
    {Code.UNKNOWN_REFERENCE, Code.UNKNOWN_ACTION, Code.UNKNOWN_TABLE, Code.UNKNOWN_FIELD}
)
MAX_PREVIEWS: Final = 60
# In a list's step: what each element hands back is read where its steps are done.
PLACE_OF_ITEMS: Final = "params/result"
# A form names what its document leaves out.
MAX_BODY_BYTES: Final = 2 * MAX_BYTES
NOTHING: Final[dict[str, Json]] = {"steps": []}


class Asked:
    """A question: whose workflow it is about, and the form as it stands."""

    def __init__(self, request: HttpRequest) -> None:
        """Read it. Raises PermissionDenied, BadForm."""
        if len(request.body) > MAX_BODY_BYTES:
            raise BadScalar("too large")  # before any work
        try:
            self.body: dict[str, Json] = document_text.read(request.body)
            self.definition = _definition(self.body.get("definition"))
            self.tenant = _tenant(self.definition, self.body.get("tenant"))
        except (ValueError, TypeError, AttributeError) as error:  # Unreadable among them
            raise BadScalar(str(error)) from error
        if not access.may_edit(request, self.tenant.pk):
            raise PermissionDenied

    @property
    def key(self) -> str:
        """The key of the workflow; "" if it has none yet."""
        return self.definition.key if self.definition else ""

    @property
    def document(self) -> Json:
        """The document of the form; an empty one if no form came. Raises BadForm."""
        form = self.body.get("form")
        return from_form(form) if form else NOTHING

    def sample(self, place: str = "") -> Sample:
        """Return the values to show: what the part reads, or one place in it."""
        part = "/".join(filter(None, (str(self.body.get("part") or ""), place)))
        return sample_of(self.tenant, self.definition, self.document, timezone.now(), part)


def check(asked: Asked) -> dict[str, Json]:
    """Answer with the problems of a form, or turn JSON text into a form."""
    if "saved" in asked.body:
        saved = is_saved(asked.tenant, asked.definition, asked.document)
        return {"saved": saved, "when": _time_of(asked.body.get("at"))}
    if "text" not in asked.body:
        return checked(asked.tenant, asked.body["form"], asked.key)
    try:
        form = to_form(document_text.read(str(asked.body["text"])))
    except document_text.UnreadableDocument as mistake:
        return {"error": str(mistake)}
    except BadScalar:
        return {"error": _("This is JSON, but no workflow: it needs a name and a list of steps.")}
    return {"form": form, **checked(asked.tenant, form, asked.key)}


def try_it(asked: Asked) -> dict[str, Json]:
    """Answer whether the workflow would run through. Raises BadForm."""
    return tried(asked.tenant, asked.definition, asked.body["form"])


def _time_of(milliseconds: Json) -> str:
    """Return the time of a browser's clock as the other pages have times; "" if it is none."""
    try:
        return short_moment(datetime.fromtimestamp(float(milliseconds) / 1000, UTC))
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def show_previews(asked: Asked) -> dict[str, Json]:
    """Answer with what texts would become."""
    texts = asked.body.get("texts", [])[:MAX_PREVIEWS]
    places = [PLACE_OF_ITEMS if one.get("place") == PLACE_OF_ITEMS else "" for one in texts]
    samples = {place: asked.sample(place) for place in set(places)}
    return {
        "previews": [
            preview(str(one["text"]), samples[place], html=bool(one.get("html")))
            for one, place in zip(texts, places, strict=True)
        ]
    }


def show_message(asked: Asked) -> dict[str, Json]:
    """Answer with what the step would send, if it names a stored message."""
    part = str(asked.body.get("part") or "")
    step = next((step for path, step in step_parts(asked.document) if path == part), {})
    return message_of(asked.tenant, step, asked.sample().scope)


def list_values(asked: Asked) -> dict[str, Json]:
    """Answer with what can be inserted and chosen."""
    groups = groups_of(asked.document, asked.sample())
    choices = choices_of(asked.tenant, asked.key, things_of(asked.tenant))
    return {"groups": groups, "choices": choices}


def copy_steps(asked: Asked) -> dict[str, Json]:
    """Answer with steps as documents write them. Raises BadForm."""
    return {"text": copied(asked.body["steps"])}


def paste_steps(asked: Asked) -> dict[str, Json]:
    """Answer with the forms of steps that were copied, and what of them this company lacks."""
    try:
        return pasted(asked.tenant, str(asked.body["text"]))
    except (document_text.UnreadableDocument, BadScalar):
        return {"error": _("What was copied are no steps of a workflow.")}


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
        raise BadScalar("steps")
    if not all(isinstance(step, dict) and "action" in step for step in steps):
        raise BadScalar("step")
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


ANSWERS: Final[dict[str, Callable[[Asked], dict[str, Json]]]] = {
    "check": check,
    "trial": try_it,
    "preview": show_previews,
    "values": list_values,
    "message": show_message,
    "copy": copy_steps,
    "paste": paste_steps,
}


def editor_urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses, for people who may edit workflows of the tenant."""
    return [
        path(
            f"editor/{name}/",
            site.admin_view(_answering(answer)),
            name=f"workflows_editor_{name}",
        )
        for name, answer in ANSWERS.items()
    ]


def _answering(answer: Callable[[Asked], dict[str, Json]]) -> Any:
    @require_POST
    def view(request: HttpRequest) -> JsonResponse:
        try:
            return JsonResponse(answer(Asked(request)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return JsonResponse({"error": str(error)}, status=400)

    return view


def _definition(given: object) -> WorkflowDefinition | None:
    if not given:
        return None
    found = WorkflowDefinition.objects.filter(pk=UUID(str(given))).select_related("tenant").first()
    if found is None:
        raise PermissionDenied
    return found


def _tenant(definition: WorkflowDefinition | None, given: object) -> Tenant:
    if definition is not None:
        tenant: Tenant = definition.tenant
        return tenant
    found = Tenant.objects.filter(pk=UUID(str(given))).first()
    if found is None:
        raise PermissionDenied
    return found
