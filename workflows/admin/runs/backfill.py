"""Run a workflow on records chosen in their list: see what would happen, start, follow."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from actions import records
from tenants.admin import access
from tenants.admin.base import RECORD_ACTIONS
from tenants.models.tenant import Tenant
from workflows.addresses import admin_path, path_to
from workflows.admin.base import AdminPage
from workflows.admin.runs.pace import per_minute_field
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import STATUS_LABELS
from workflows.presentation.badges import Badge, action_label
from workflows.services.runs.backfill import (
    MAX_RECORDS,
    SAMPLES,
    NotForTheseRecords,
    cancel_rest,
    plan,
    progress,
    samples,
    start,
    workflows_for,
)


class StartForm(forms.Form):
    """Which workflow, on which records, how fast."""

    tenant = forms.UUIDField(widget=forms.HiddenInput())
    ids = forms.CharField(widget=forms.HiddenInput())
    workflow = forms.ModelChoiceField(
        WorkflowDefinition.objects.none(), label=gettext_lazy("Workflow"), empty_label=None
    )
    per_minute = per_minute_field()

    def clean_ids(self) -> list[UUID]:
        """Read the ids of the records."""
        try:
            return [UUID(one) for one in self.cleaned_data["ids"].split(",")][:MAX_RECORDS]
        except ValueError:
            raise forms.ValidationError(_("Choose the records again.")) from None


def run_workflow(admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
    """Ask which workflow to run on the chosen rows."""
    rows = list(queryset.order_by("pk").values_list("pk", "tenant_id")[: MAX_RECORDS + 1])
    if len(rows) > MAX_RECORDS:
        said = _("At most %(most)s records at once. Choose fewer, or use a filter.")
        messages.error(request, said % {"most": MAX_RECORDS})
        return None
    tenants = {tenant_id for _pk, tenant_id in rows}
    if len(tenants) != 1:
        messages.error(request, _("Choose records of one company."))
        return None
    tenant = Tenant.objects.get(pk=tenants.pop())
    alias = _alias_of(queryset.model)
    if alias is None or not access.may_edit(request, tenant.pk):
        messages.error(request, _("You may not run workflows on these records."))
        return None
    form = _form(tenant, alias, None, [pk for pk, _tenant in rows])
    return _ask(admin, request, alias, form)


run_workflow.short_description = gettext_lazy("Run a workflow on them")  # type: ignore[attr-defined]
RECORD_ACTIONS["run_workflow"] = run_workflow


class RunOnRecordsPages(AdminPage):
    """The pages behind the action; `admin` is the one of workflows."""

    def begin(self, request: HttpRequest, alias: str) -> HttpResponse:
        """Show what would happen, or start."""
        asked = request.POST.get("tenant", "")
        tenant = next((t for t in access.tenants_edited(request) if str(t.pk) == asked), None)
        if tenant is None:
            raise PermissionDenied
        form = _form(tenant, alias, request.POST)
        if not form.is_valid():
            return _ask(self.admin, request, alias, form)
        chosen, ids = form.cleaned_data["workflow"], form.cleaned_data["ids"]
        try:
            if "_start" not in request.POST:
                return self._show(request, tenant, alias, form)
            actor, rate = access.actor_of(request), form.cleaned_data["per_minute"]
            batch = start(tenant, actor, chosen, (alias, ids), rate)
        except NotForTheseRecords:
            form.add_error("workflow", _("It was switched off meanwhile."))
            return _ask(self.admin, request, alias, form)
        self.admin.log_change(request, chosen, _("Started on existing records."))
        return HttpResponseRedirect(_page("records_run", tenant, batch))

    def follow(self, request: HttpRequest, tenant_id: UUID, batch: UUID) -> HttpResponse:
        """Show how far it has come."""
        tenant = access.tenants_seen(request).filter(pk=tenant_id).first()
        found = progress(tenant, batch) if tenant else None
        if tenant is None or found is None:
            raise Http404
        counts = [
            (Badge(status, str(label)), found.counts[status])
            for status, label in STATUS_LABELS.items()
            if status in found.counts
        ]
        return self.show(
            request,
            "admin/workflows/records_run.html",
            _("Workflow on existing records"),
            progress=found,
            counts=counts,
            runs_url=path_to("workflows_workflowrun", q=batch),
            cancel_url=_page("records_cancel", tenant, batch),
            may_cancel=found.waiting and access.may_edit(request, tenant.pk),
        )

    def cancel(self, request: HttpRequest, tenant_id: UUID, batch: UUID) -> HttpResponse:
        """Cancel what has not begun."""
        tenant = access.tenants_edited(request).filter(pk=tenant_id).first()
        if tenant is None or progress(tenant, batch) is None:
            raise Http404
        count = cancel_rest(tenant, batch)
        said = ngettext("%(count)s run is cancelled.", "%(count)s runs are cancelled.", count)
        messages.success(request, said % {"count": count})
        return HttpResponseRedirect(_page("records_run", tenant, batch))

    def _show(
        self, request: HttpRequest, tenant: Tenant, alias: str, form: StartForm
    ) -> HttpResponse:
        chosen = form.cleaned_data["workflow"]
        found = plan(tenant, chosen, alias, form.cleaned_data["ids"])
        told = [
            [(action_label(sent["action"]), sent["to"]) for sent in one.would_send]
            for one in samples(tenant, chosen, found)
        ]
        named = _names(
            tenant, alias, [str(one.subject[1]) for one in found.starting if one.subject]
        )
        context = {
            "plan": found,
            "starting": len(found.starting),
            "refused": sum(found.refused.values()),
            "samples": list(zip(named, told, strict=False)),
            "chosen": chosen,
        }
        return _ask(self.admin, request, alias, form, **context)


def _ask(
    admin: Any, request: HttpRequest, alias: str, form: StartForm, **more: Any
) -> HttpResponse:
    queryset: Any = form.fields["workflow"].queryset  # type: ignore[attr-defined]
    shown: HttpResponse = admin.show(
        request,
        "admin/workflows/on_records.html",
        _("Run a workflow on existing records"),
        opts=records.get(alias).model._meta,
        form=form,
        alias=alias,
        count=len((form["ids"].value() or "").split(",")),
        has_workflows=queryset.exists(),
        **more,
    )
    return shown


def _form(tenant: Tenant, alias: str, data: Any, ids: Sequence[UUID] = ()) -> StartForm:
    given = {"tenant": tenant.pk, "ids": ",".join(str(one) for one in ids)}
    form = StartForm(data, initial=given)
    field: Any = form.fields["workflow"]
    offered = [one.pk for one in workflows_for(tenant, alias)]
    field.queryset = WorkflowDefinition.objects.of(tenant).filter(pk__in=offered).order_by("name")
    return form


def _names(tenant: Tenant, alias: str, ids: list[str]) -> list[str]:
    """Return what people call the first of these records."""
    rows: Any = records.get(alias).model._default_manager
    known = {str(row.pk): str(row) for row in rows.filter(tenant=tenant, pk__in=ids[:SAMPLES])}
    return [known.get(one, one) for one in ids[:SAMPLES]]


def _alias_of(model: Any) -> str | None:
    return next((one.alias for one in records.all_records() if one.model is model), None)


def _page(name: str, tenant: Tenant, batch: UUID) -> str:
    return admin_path(f"workflows_workflowdefinition_{name}", tenant.pk, batch)
