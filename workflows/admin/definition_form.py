"""The form of a workflow: its document as text, and what is wrong with it in words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from tenants.admin.base import TenantForm
from tenants.models.tenant import Tenant
from workflows.admin.editor.widget import EditorField
from workflows.definition.problems import Problem
from workflows.definition.values import same_json
from workflows.models.definition import WorkflowDefinition
from workflows.services.publish import problems_of
from workflows.wording import document_text
from workflows.wording.errors import sentence
from workflows.wording.places import place

Json = Any

BEGINNING: Json = {
    "language": 1,
    "name": "",
    "trigger_type": "",
    "steps": [],
}


class SeenField(forms.IntegerField):
    """Which version the form was opened with. Nobody changes it."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Keep it out of the history."""
        return False


class DefinitionForm(TenantForm):
    """Name and trigger are what the document says, so the form does not ask for them again."""

    document = EditorField(label=_("Document"))
    note = forms.CharField(
        label=_("What changed?"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("One line for your colleagues. It stands beside the version."),
    )

    version_seen = SeenField(required=False)

    class Meta:
        model = WorkflowDefinition
        fields = ("tenant", "key", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "document" not in self.fields:
            return  # somebody who may only read
        stored = self.instance.definition or BEGINNING
        self.initial.setdefault("document", document_text.write(stored))
        self.initial.setdefault("version_seen", self.instance.version)
        self._prepare_editor()
        if "key" in self.fields:
            self.fields["key"].required = False
            self.fields["key"].help_text = _("Short name for exports. Empty: made from the name.")

    @property
    def document_changed(self) -> bool:
        """Whether a new version has to be published."""
        return not same_json(self.cleaned_data["document"], self.instance.definition)

    def _prepare_editor(self) -> None:
        """Tell the editor whose workflow it shows, and which version the person began with."""
        editor: Any = self.fields["document"].widget
        editor.instance = self.instance
        editor.tenant = self.instance.tenant if self.instance.tenant_id else self._only_tenant()
        seen = self.data.get(self.add_prefix("version_seen"), "")
        editor.seen = int(seen) if self.is_bound and seen.isdecimal() else None

    def _only_tenant(self) -> Tenant | None:
        """Return the tenant that a new workflow is for, if it is chosen, or the only choice."""
        field: Any = self.fields.get("tenant")
        if field is None:
            return None
        chosen = self.data.get(self.add_prefix("tenant")) or field.initial
        rows: Any = field.queryset
        found: Tenant | None = rows.filter(pk=chosen).first() if chosen else rows.first()
        return found

    def clean_version_seen(self) -> int | None:
        """Refuse to publish over a colleague's newer version; the page shows both sides."""
        seen: int | None = self.cleaned_data["version_seen"]
        if self.instance._state.adding or seen is None:
            return seen
        # Of two people who save at the same moment the second waits here, and then sees the first.
        rows = WorkflowDefinition.objects.select_for_update().filter(pk=self.instance.pk)
        if rows.values_list("version", flat=True).get() == seen:
            return seen
        self.instance.refresh_from_db()
        raise ValidationError(
            _now(
                "A colleague published version %(number)s while you were editing. "
                "Compare both below, and choose."
            )
            % {"number": self.instance.version}
        )

    def clean(self) -> Any:
        """List everything that is wrong with the document, and fill in an empty key."""
        values = super().clean()
        if "document" not in values:
            return values
        document = values["document"]
        tenant = self._tenant()
        problems = problems_of(tenant, document) if tenant else []
        for problem in problems:
            self.add_error("document", shown_problem(problem, document))
        if not problems and "key" in self.fields and not values.get("key"):
            values["key"] = _key_for(document)
        return values

    def _tenant(self) -> Tenant | None:
        chosen: Tenant | None = self.cleaned_data.get("tenant")
        if chosen is None and self.instance.tenant_id:
            return self.instance.tenant  # type: ignore[no-any-return]  # a foreign key
        return chosen


def shown_problem(problem: Problem, document: Json) -> ValidationError:
    """Return one mistake: where in words, what, and where for the machine."""
    return ValidationError(
        format_html(
            '<b>{}:</b> {} <code class="sayr-pointer" dir="ltr">{}</code>',
            place(problem.path, document),
            sentence(problem.code, problem.params),
            problem.path or "/",
        )
    )


def _key_for(document: Json) -> str:
    """Return a key from the name; a name in Arabic leaves nothing, then the trigger serves."""
    key = slugify(document["name"]) or slugify(document["trigger_type"])
    return key[:100] or _now("workflow")
