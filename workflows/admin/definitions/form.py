"""The form of a workflow: its document as text, and what is wrong with it in words."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.base import TenantForm
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.admin.editor.widget import EditorField
from workflows.definition.errors import InvalidDocument, Problem
from workflows.definition.validate import ValidDocument
from workflows.definition.values.json_values import same_json
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.documents import document_text
from workflows.presentation.documents.places import problem_words
from workflows.services.definitions.catalogue import validated
from workflows.services.definitions.drafts import edited, free_key, mark, unstorable

BEGINNING: Json = {
    "language": 1,
    "name": "",
    "trigger_type": "",
    "steps": [],
}


DRAFT_BUTTON: Final = "_draft"


class _Unchanging:
    """A field that tells what the form was opened with. Nobody changes it."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Keep it out of the history."""
        return False


class SeenField(_Unchanging, forms.IntegerField):
    """Which version the form was opened with."""

    # A browser that comes back to the page must not fill in what it had there before.
    widget = forms.HiddenInput(attrs={"autocomplete": "off"})


class DraftSeenField(_Unchanging, forms.CharField):
    """Which draft the form was opened with."""

    widget = forms.HiddenInput(attrs={"autocomplete": "off"})


class WorkField(_Unchanging, forms.CharField):
    """By which id the browser keeps what is not saved: it is told when that was saved."""

    widget = forms.HiddenInput(attrs={"autocomplete": "off"})


class NoteField(forms.CharField):
    """What the person says of the new version; it belongs to that, not to the workflow."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Keep it out of the history: it stands beside the version."""
        return False


class SwitchOnField(_Unchanging, forms.BooleanField):
    """Whether what is published now starts on events. Of a workflow that is off.

    It can only switch on: a page that was opened before a colleague switched the workflow off, or
    on, does not undo that.
    """


class DefinitionForm(TenantForm):
    """Name and trigger are what the document says, so the form does not ask for them again."""

    document = EditorField(label=_("Document"))
    note = NoteField(
        label=_("What changed?"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
        help_text=_(
            "One line for your colleagues: it stands beside the version. A draft needs none."
        ),
    )

    is_active = SwitchOnField(label=_("Switch it on"), required=False)

    what_was_done = ""  # told by whoever saves it, for the history
    valid: ValidDocument  # what is to be published: of a form without errors that is no draft
    version_seen = SeenField(required=False, label="")
    draft_seen = DraftSeenField(required=False, label="")
    work = WorkField(required=False, label="", max_length=40)

    class Meta:
        model = WorkflowDefinition
        fields = ("tenant", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "document" not in self.fields:
            return  # somebody who may only read
        stored = edited(self.instance) or BEGINNING
        self.initial.setdefault("document", document_text.write(stored))
        self.initial.setdefault("version_seen", self.instance.version)
        self.initial.setdefault("draft_seen", mark(self.instance))
        self._prepare_editor()
        self._prepare_switch()
        if "key" in self.fields:
            self.fields["key"].required = False
            self.fields["key"].help_text = _("Short name for exports. Empty: made from the name.")

    @property
    def is_draft(self) -> bool:
        """Whether the person saves a draft: nothing is published, so anything goes."""
        return DRAFT_BUTTON in self.data

    @property
    def document_changed(self) -> bool:
        """Whether a new version has to be published."""
        return not same_json(self.cleaned_data["document"], self.instance.definition)

    def _prepare_switch(self) -> None:
        """Ask whether to switch on what is off: usually yes of what was never published before."""
        self.initial.setdefault("is_active", not self.instance.version)
        if self.instance.is_active or self.instance.archived_at:
            del self.fields["is_active"]

    def _prepare_editor(self) -> None:
        """Tell the editor whose workflow it shows, and which version the person began with."""
        editor: Any = self.fields["document"].widget
        editor.instance = self.instance
        editor.tenant = self.instance.tenant if self.instance.tenant_id else self._only_tenant()
        seen = self.data.get(self.add_prefix("version_seen"), "")
        editor.seen = int(seen) if self.is_bound and seen.isdecimal() else None
        editor.seen_draft = self.data.get(self.add_prefix("draft_seen"), "")

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
        newest = rows.get()
        self.instance.draft = newest.draft
        self.instance.is_active = newest.is_active
        if newest.version == seen:
            return seen
        self.instance.refresh_from_db()
        raise ValidationError(
            gettext(
                "A colleague published version %(number)s while you were editing. "
                "Compare both below, and choose."
            )
            % {"number": self.instance.version}
        )

    def clean_draft_seen(self) -> str:
        """Refuse to save over a draft that a colleague saved; the page shows both sides."""
        seen: str = self.cleaned_data["draft_seen"]
        known = self.instance
        newer = "version_seen" not in self.cleaned_data  # said already
        if known._state.adding or not seen or newer or seen == mark(known):
            return seen
        raise ValidationError(
            gettext(
                "A colleague saved a draft while you were editing. Compare both below, and choose."
            )
        )

    def clean(self) -> Any:
        """List everything that keeps the document from being saved, and fill in an empty key."""
        values = super().clean()
        if "document" not in values:
            return values
        document = values["document"]
        tenant = self._tenant()
        for problem in self._problems(tenant, document):
            self.add_error("document", shown_problem(problem, document))
        if tenant and "key" in self.fields and not values.get("key"):
            values["key"] = free_key(tenant, document)
        self._ask_for_a_note(document)
        return values

    def _problems(self, tenant: Tenant | None, document: Json) -> list[Problem]:
        """Return what keeps it from being saved; what may be published is kept as `valid`."""
        if tenant is None:
            return []
        if self.is_draft:
            return unstorable(document)
        try:
            self.valid = validated(tenant, document, self.instance.key)
        except InvalidDocument as invalid:
            return invalid.problems
        return []

    def _ask_for_a_note(self, document: Json) -> None:
        """Want one for every version but the first, which replaces nothing."""
        replaces = self.instance.version and not same_json(document, self.instance.definition)
        if replaces and not self.is_draft and not self.cleaned_data.get("note"):
            said = gettext("Say in one line what changed: your colleagues will look for it.")
            self.add_error("note", said)

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
            *problem_words(problem, document),
            problem.path or "/",
        )
    )
