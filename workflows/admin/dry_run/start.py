"""From the form of a workflow to its test run or backtest: the document as it stands there."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.admin import access
from tenants.admin.access import actor_of
from tenants.core.json import Json
from workflows.admin.editor.widget import EditorField
from workflows.models.rehearsal import RehearsalKind, WorkflowRehearsal
from workflows.presentation.runs.errors import sentence
from workflows.services.definitions.drafts import edited, unstorable
from workflows.services.dry_run.test_runs import prepare


def begin(admin: Any, request: HttpRequest) -> HttpResponse:
    """Keep the posted document, and open the page on which it is tried."""
    definition = _definition(admin, request)
    tenant = definition.tenant if definition else _tenant(request)
    if not access.may_edit(request, tenant.pk):
        raise PermissionDenied
    kind = RehearsalKind.BACKTEST if "_backtest" in request.POST else RehearsalKind.TEST
    try:
        document = _document(request, definition)
    except ValidationError as mistakes:
        context = {
            **admin.admin_site.each_context(request),
            "opts": admin.opts,
            "title": _("This cannot be tried yet"),
            "mistakes": mistakes.messages,
        }
        return TemplateResponse(request, "admin/workflows/trying/unreadable.html", context)
    made = prepare(tenant, actor_of(request), document, definition, kind)
    return HttpResponseRedirect(page_of(made))


def page_of(made: WorkflowRehearsal) -> str:
    """Return the address of a test run or a backtest."""
    name = "backtest" if made.kind == RehearsalKind.BACKTEST else "test"
    return reverse(f"admin:workflows_workflowdefinition_{name}", args=[made.pk])


def rehearsal_of(request: HttpRequest, pk: Any, kind: RehearsalKind) -> WorkflowRehearsal:
    """Return one that the person may see. Raises Http404."""
    rows: Any = WorkflowRehearsal.objects.select_related("tenant", "definition")
    found: WorkflowRehearsal | None = access.visible(request, rows).filter(pk=pk, kind=kind).first()
    if found is None:
        raise Http404
    return found


def refuse_readers(request: HttpRequest, made: WorkflowRehearsal) -> None:
    """Raise PermissionDenied for somebody who may only read."""
    if not access.may_edit(request, made.tenant_id):
        raise PermissionDenied


def _definition(admin: Any, request: HttpRequest) -> Any:
    key = request.GET.get("definition")
    if not key:
        return None
    definition = admin.get_object(request, key)
    if definition is None:
        raise Http404
    return definition


def _tenant(request: HttpRequest) -> Any:
    rows = access.tenants_edited(request)
    chosen = request.POST.get("tenant")
    try:
        tenant = rows.filter(pk=chosen).first() if chosen else rows.first()
    except ValidationError:
        tenant = None
    if tenant is None:
        raise PermissionDenied
    return tenant


def _document(request: HttpRequest, definition: Any) -> Json:
    """Return the document of the form, or the stored one. Raises ValidationError."""
    if "document" not in request.POST and definition is not None:
        return edited(definition)
    document = EditorField(label="").clean(request.POST.get("document", ""))
    if problems := unstorable(document):
        raise ValidationError([sentence(one.code, one.params) for one in problems])
    return document
