"""Export chosen workflows as a file; import a file as drafts, after a look at what it changes."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.admin import access
from tenants.models.tenant import Tenant
from workflows.addresses import page_of, path_to
from workflows.admin.base import AdminPage
from workflows.admin.definitions.problem_lines import ProblemLine, problem_lines
from workflows.admin.versions.pages import changes_shown
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.documents import export_format
from workflows.presentation.documents.document_text import UnreadableDocument
from workflows.services.definitions.drafts import name_in
from workflows.services.definitions.transfer import (
    ChangedMeanwhile,
    ImportPlan,
    ImportState,
    exported,
    import_drafts,
    plan_import,
)

STATES: Final = {
    ImportState.NEW: gettext_lazy("New"),
    ImportState.CHANGED: gettext_lazy("Changed"),
    ImportState.SAME: gettext_lazy("The same"),
    ImportState.MANAGED: gettext_lazy("Edited elsewhere"),
    ImportState.REFUSED: gettext_lazy("Cannot be imported"),
}
TONES: Final = {
    ImportState.NEW: "started",
    ImportState.CHANGED: "waiting",
    ImportState.SAME: "nothing",
    ImportState.MANAGED: "problem",
    ImportState.REFUSED: "problem",
}


class ImportForm(forms.Form):
    """First the file, then, with its text carried along, the choice."""

    tenant = forms.ModelChoiceField(Tenant.objects.none(), label=gettext_lazy("Company"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        help_text=gettext_lazy("A file that was exported here or in another company."),
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )
    text = forms.CharField(
        required=False, strip=False, max_length=export_format.MAX_BYTES, widget=forms.HiddenInput
    )

    def __init__(self, request: HttpRequest) -> None:
        data = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        super().__init__(*data)
        field: Any = self.fields["tenant"]
        field.queryset = access.tenants_edited(request)
        choices = list(field.queryset[:2])
        if len(choices) == 1:
            field.initial = choices[0].pk
            field.widget = forms.HiddenInput()

    def clean(self) -> Any:
        """Read the file, or the text that it left behind."""
        values = super().clean() or self.cleaned_data
        file = values.get("file")
        if file is not None and file.size > export_format.MAX_BYTES:
            self.add_error("file", _("The file is too large: at most 2 MB."))
            return values
        content = file.read() if file else values.get("text", "").encode()
        if not content:
            self.add_error("file", _("Choose a file."))
            return values
        try:
            values["entries"] = export_format.read(content)
        except UnreadableDocument as mistake:
            self.add_error("file", str(mistake))
        else:
            values["text"] = export_format.write(values["entries"])
        return values


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """What the page says of one workflow of a file."""

    plan: ImportPlan
    name: str
    state: str
    tone: str
    problems: list[ProblemLine]
    changes: list[Any]
    hunks: list[Any]


class TransferPages(AdminPage):
    """The import page, and the file that exports give."""

    def export(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Give one workflow as a file."""
        return export_file([self.seen(request, pk)])

    def take_in(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file, show what it would change, and make drafts of what was chosen."""
        if not self.admin.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request)
        plans: list[ImportPlan] = []
        if request.method == "POST" and form.is_valid():
            tenant, entries = form.cleaned_data["tenant"], form.cleaned_data["entries"]
            if "_import" in request.POST and (answer := self._import(request, tenant, entries)):
                return answer
            plans = plan_import(tenant, entries)
        return self.show(
            request,
            "admin/workflows/import.html",
            _("Import workflows"),
            form=form,
            plans=[_shown(plan) for plan in plans],
            text=form.cleaned_data["text"] if plans else "",
            chosen_tenant=form.cleaned_data["tenant"] if plans else None,
            nothing_to_do=bool(plans) and not any(plan.can_be_imported for plan in plans),
        )

    def _import(
        self, request: HttpRequest, tenant: Tenant, entries: list[export_format.ExportedWorkflow]
    ) -> HttpResponse | None:
        chosen = [one for one in entries if one.key in request.POST.getlist("take")]
        if not chosen:
            messages.error(request, _("Nothing was chosen, so nothing was imported."))
            return None
        seen = {one.key: request.POST.get(f"mark-{one.key}", "") for one in chosen}
        try:
            made = import_drafts(tenant, access.actor_of(request), chosen, seen)
        except ChangedMeanwhile as mistake:
            said = _("“%(key)s” was edited meanwhile, so nothing was imported. Look again.")
            messages.error(request, said % {"key": mistake.key})
            return None
        for definition in made:
            self.admin.log_change(request, definition, _("Imported as a draft."))
        count = len(made)
        said = ngettext(
            "%(count)s workflow was imported as a draft. Nothing runs differently until you "
            "publish it.",
            "%(count)s workflows were imported as drafts. Nothing runs differently until you "
            "publish them.",
            count,
        )
        messages.success(request, said % {"count": count})
        return HttpResponseRedirect(_after(made))


def _after(made: list[WorkflowDefinition]) -> str:
    return page_of(made[0]) if len(made) == 1 else path_to("workflows_workflowdefinition")


def _shown(plan: ImportPlan) -> ShownPlan:
    document = plan.entry.document
    is_new = plan.state == ImportState.NEW
    changes = changes_shown(plan.before, document) if plan.state == ImportState.CHANGED else {}
    return ShownPlan(
        plan,
        plan.definition.name if plan.definition and not is_new else name_in(document),
        str(STATES[plan.state]),
        TONES[plan.state],
        problem_lines(plan.problems, document),
        changes.get("changes", []),
        changes.get("hunks", []),
    )


def export_file(definitions: list[WorkflowDefinition]) -> HttpResponse:
    """Return the chosen workflows as a file."""
    name = definitions[0].key if len(definitions) == 1 else f"workflows-{timezone.localdate()}"
    text = export_format.write(exported(one) for one in definitions)
    answer = HttpResponse(text, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return answer
