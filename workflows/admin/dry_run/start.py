"""From the form of a workflow to its test run or backtest: the document as it stands there."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from tenants.admin import access
from tenants.admin.access import actor_of
from tenants.core.json import Json
from workflows.addresses import admin_path
from workflows.admin.editor.widget import EditorField
from workflows.models.rehearsal import DryRunKind, WorkflowRehearsal
from workflows.presentation.runs.errors import sentence
from workflows.services.definitions.drafts import edited, unstorable
from workflows.services.dry_run.test_runs import prepare


def begin(admin: Any, request: HttpRequest) -> HttpResponse:
    """Keep the posted document, and open the page on which it is tried."""
    definition = _definition(admin, request)
    tenant = definition.tenant if definition else _tenant(request)
    if not access.may_edit(request, tenant.pk):
        raise PermissionDenied
    kind = DryRunKind.BACKTEST if "_backtest" in request.POST else DryRunKind.TEST
    try:
        document = _document(request, definition)
    except ValidationError as mistakes:
        template, title = "admin/workflows/trying/unreadable.html", _("This cannot be tried yet")
        shown: HttpResponse = admin.show(request, template, title, mistakes=mistakes.messages)
        return shown
    made = prepare(tenant, actor_of(request), document, definition, kind)
    return HttpResponseRedirect(dry_run_page(made))


def dry_run_page(made: WorkflowRehearsal) -> str:
    """Return the address of a test run or a backtest."""
    name = "backtest" if made.kind == DryRunKind.BACKTEST else "test"
    return admin_path(f"workflows_workflowdefinition_{name}", made.pk)


def dry_run_of(request: HttpRequest, pk: Any, kind: DryRunKind) -> WorkflowRehearsal:
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
