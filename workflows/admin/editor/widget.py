"""The field of a workflow's document: django-jsonform's form inside the step editor."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django_jsonform.forms.fields import JSONFormField
from django_jsonform.widgets import JSONFormWidget

from tenants.core.json import Json
from tenants.core.text.listing import listed
from tenants.models.tenant import Tenant
from workflows.addresses import admin_path
from workflows.admin.editor.endpoints.check import checked, mistakes_of
from workflows.admin.editor.endpoints.choices import choices_of
from workflows.admin.editor.endpoints.samples import sample_of
from workflows.admin.editor.endpoints.values import groups_of
from workflows.admin.editor.form.shape import from_form, is_form, to_form
from workflows.admin.editor.presentation.texts import texts
from workflows.definition.values.json_values import same_json
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.presentation.actors import actor_words
from workflows.presentation.changes.sentences import told
from workflows.presentation.documents import document_text
from workflows.presentation.times import short_moment
from workflows.services.definitions.catalogue import things_of
from workflows.services.definitions.drafts import edited, mark

MAX_DIFFERENCES: Final = 60  # lines
MAX_SHOWN: Final = 300  # characters of one side
STYLES: Final = ("workflows/bubble.css", "workflows/editor/editor.css")
ENDPOINTS: Final = ("check", "trial", "preview", "values", "message", "copy", "paste")


class EditorWidget(JSONFormWidget):  # type: ignore[misc]  # the package has no types
    """Draws the editor. `instance` and `tenant` say whose workflow; `seen…` what was edited."""

    template_name = "admin/workflows/editor/widget.html"
    instance: WorkflowDefinition | None = None
    tenant: Tenant | None = None
    seen: int | None = None
    seen_draft: str = ""
    person: str = ""  # whose browser keeps what is not saved

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(schema=None, attrs=attrs)

    @property
    def media(self) -> forms.Media:
        """Return the package's scripts, without the one that starts it: the editor does."""
        packaged = super().media
        scripts: list[Any] = [path for path in packaged._js if not path.endswith("/index.js")]
        scripts.append(Script("workflows/editor/main.js", type="module"))
        return forms.Media(
            css={
                "all": [
                    *packaged._css["all"],
                    "workflows/bubble.css",
                    "workflows/editor/editor.css",
                ]
            },
            js=scripts,
        )

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Draw the editor; the posted text first, if it could not be saved."""
        context = self.get_context(name, value, attrs)
        context["widget"]["value"] = value
        context["widget"]["config"] = json.dumps(self.config(value), ensure_ascii=False)
        return render_to_string(self.template_name, context)

    def config(self, value: str) -> dict[str, Json]:
        posted, form = _forms(value)
        about = self.about(from_form(form)) if form else {}
        tenant = self.tenant
        key = self.instance.key if self.instance else ""
        things = things_of(tenant) if tenant else []
        return {
            "form": form,
            "raw": "" if form else value,
            "choices": choices_of(tenant, key, things) if tenant else {},
            "groups": about.get("groups", []),
            "checked": checked(tenant, form, key, things) if tenant and form else {},
            "show_problems": posted,
            "definition": self._key(),
            "tenant": str(tenant.pk) if tenant else "",
            "person": self.person,
            "time_zone": timezone.get_current_timezone_name(),
            "version": self.instance.version if self.instance else 0,
            "draft": mark(self.instance) if self.instance else "",
            "conflict": self._conflict(form) if form else None,
            "urls": {name: admin_path(f"workflows_editor_{name}") for name in ENDPOINTS},
            "texts": texts(),
        }

    def about(self, document: Json) -> dict[str, Json]:
        if self.tenant is None:
            return {}
        sample = sample_of(self.tenant, self.instance, document, timezone.now())
        return {"groups": groups_of(document, sample)}

    def _key(self) -> str:
        known = self.instance is not None and not self.instance._state.adding
        return str(self.instance.pk) if known and self.instance else ""

    def _conflict(self, form: Json) -> dict[str, Json] | None:
        """Return what a colleague published while this form was open, or None."""
        stored = self.instance
        if stored is None or self.seen is None:
            return None
        if self.seen == stored.version:
            return self._draft_conflict(form, stored)
        newest = WorkflowVersion.objects.filter(definition=stored).order_by("-version").first()
        return {
            "version": stored.version,
            "draft": mark(stored),
            "who": actor_words(stored.updated_by),
            "when": short_moment(newest.published_at if newest else stored.updated_at),
            "note": newest.note if newest else "",
            "differences": _differences(from_form(form), stored.definition),
            "theirs": to_form(stored.definition),
        }

    def _draft_conflict(self, form: Json, stored: WorkflowDefinition) -> dict[str, Json] | None:
        """Return the draft that a colleague saved while this form was open, or None."""
        if not self.seen_draft or self.seen_draft == mark(stored):
            return None
        theirs = edited(stored)
        return {
            "is_draft": True,
            "version": stored.version,
            "draft": mark(stored),
            "who": actor_words(stored.updated_by),
            "when": short_moment(stored.updated_at),
            "note": "",
            "differences": _differences(from_form(form), theirs),
            "theirs": _forms(document_text.write(theirs))[1],
        }


class EditorField(JSONFormField):  # type: ignore[misc]  # the package has no types
    """Takes the editor's form, or the document itself as JSON; gives the document."""

    widget = EditorWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": EditorWidget(), **kwargs})
        # Each form has a field of its own, and asks it several times for the same text.
        self._read: tuple[str, Json] = ("", None)

    def prepare_value(self, value: Any) -> Any:
        """Show text: the document as it is written, or what was posted."""
        return value if isinstance(value, str) else document_text.write(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Show what was posted, whatever it is."""
        return data or ""

    def clean(self, value: Any) -> Json:
        """Return the document. Everything else about it is the validator's to say."""
        if not value:
            raise ValidationError(self.error_messages["required"], code="required")
        if value != self._read[0]:
            self._read = value, self._document_of(value)
        return self._read[1]

    def _document_of(self, value: str) -> Json:
        try:
            given = document_text.read(value.replace("\r\n", "\n"))
            document = from_form(given) if is_form(given) else given
            mistakes = mistakes_of(given) if is_form(given) else []
        except _NO_FORM as mistake:
            raise ValidationError(_unreadable(mistake)) from mistake
        if mistakes:
            raise ValidationError([words for _place, words in mistakes])
        return document

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare documents: the same one is written in many ways."""
        try:
            document = self.clean(data)
            before = document_text.read(initial) if isinstance(initial, str) else initial
        except (ValidationError, document_text.UnreadableDocument):
            return True
        return not same_json(document, before)


# Unreadable and BadForm, and what a form lacks that no editor has made.
_NO_FORM: Final = (ValueError, KeyError, TypeError, AttributeError)


def _unreadable(mistake: Exception) -> str:
    if isinstance(mistake, document_text.UnreadableDocument):
        return str(mistake)
    return _("The steps could not be read. Load the page again; your work is kept.")


def _differences(mine: Json, theirs: Json) -> list[dict[str, str]]:
    """Return what differs, for two people who met: the place, and what each of them has there."""
    found = [
        {
            "place": listed(filter(None, (group.title, line.place))),
            "mine": Truncator(line.old).chars(MAX_SHOWN),
            "theirs": Truncator(line.new).chars(MAX_SHOWN),
        }
        for group in told(mine, theirs)
        for line in group.lines
    ]
    return found[:MAX_DIFFERENCES]


def _forms(value: str) -> tuple[bool, Json]:
    """Return whether `value` was posted by the editor, and its form; None if it has none."""
    try:
        given = document_text.read(value)
        if is_form(given):
            from_form(given), mistakes_of(given)
            return True, given
        return False, to_form(given)
    except _NO_FORM:
        return False, None
