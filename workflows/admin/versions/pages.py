"""Pages around versions: compare two, publish an old one again, and what becomes of a draft."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.admin.access import actor_of
from tenants.core.json import Json
from workflows.admin.base import AdminPage, to
from workflows.admin.definitions.problem_lines import problem_lines
from workflows.admin.definitions.states import tell_published
from workflows.admin.versions.list import DRAFT, compare_url, version_words
from workflows.definition.changes.numbers import ChangedPlace
from workflows.definition.errors import InvalidDocument
from workflows.definition.language import LANGUAGE_VERSION
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.presentation.actors import actor_words
from workflows.presentation.changes.raw import hunks
from workflows.presentation.changes.sentences import told
from workflows.presentation.documents import document_text
from workflows.presentation.documents.languages import language_changes
from workflows.services.definitions.catalogue import problems_of
from workflows.services.definitions.drafts import discard_draft, unstorable
from workflows.services.definitions.languages import changed_places, language_of, places_between
from workflows.services.definitions.lifecycle import take_over
from workflows.services.definitions.publish import PublishedMeanwhile, publish_again, take_as_draft

MAX_OFFERED = 200


class NoteForm(forms.Form):
    """What colleagues will read beside the new version."""

    note = forms.CharField(
        label=gettext_lazy("What changed?"),
        max_length=500,
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
        help_text=gettext_lazy("One line for your colleagues. It stands beside the version."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)


class VersionPages(AdminPage):
    """The views; `admin` is the one of workflows."""

    def compare(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show what differs between two versions, or a version and the draft."""
        definition = self.seen(request, pk)
        numbers = _numbers(definition)
        new = _chosen(request.GET.get("new"), numbers) or numbers[0]
        old = _chosen(request.GET.get("old"), numbers) or _before(new, numbers)
        left, right = _document(definition, old), _document(definition, new)
        offered = [(str(number), version_words(number)) for number in numbers]
        return self.show(
            request,
            "admin/workflows/compare.html",
            _("What differs in “%(workflow)s”") % {"workflow": definition},
            definition=definition,
            offered=offered,
            old=str(old),
            new=str(new),
            sides=[_side(definition, old), _side(definition, new)],
            swap_url=compare_url(definition, new, old),
            **changes_shown(left, right, _kept(definition, (old, new), right)),
        )

    def again(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Publish an old version as the newest one, after a look at what that changes."""
        version, definition = self._version(request, pk)
        form = NoteForm(request.POST if request.method == "POST" else None, initial=_note(version))
        if request.method == "POST" and "as_draft" in request.POST:
            return self._as_draft(request, version)
        if request.method == "POST" and form.is_valid():
            answer = self._publish_again(request, version, form)
            if answer is not None:
                return answer
        named = {"number": version.version, "workflow": definition}
        kept = changed_places(definition, version.document)
        problems = problems_of(definition.tenant, version.document, definition.key)
        return self.show(
            request,
            "admin/workflows/publish_again.html",
            _("Back to version %(number)s of “%(workflow)s”") % named,
            definition=definition,
            version=version,
            form=form,
            problems=problem_lines(problems, version.document),
            can_be_draft=not unstorable(version.document),
            **changes_shown(definition.definition, version.document, kept),
        )

    def _publish_again(
        self, request: HttpRequest, version: WorkflowVersion, form: NoteForm
    ) -> HttpResponse | None:
        note, seen = form.cleaned_data["note"], form.cleaned_data["seen"]
        try:
            new = publish_again(version.tenant, actor_of(request), version, note, seen)
        except PublishedMeanwhile as mistake:
            told = {"number": mistake.version}
            said = _("A colleague published version %(number)s meanwhile. Look again.") % told
            messages.error(request, said)
            return HttpResponseRedirect(request.path)
        except InvalidDocument:
            return None
        tell_published(request, new.definition)
        log = _("Went back to version %(number)s.") % {"number": version.version}
        self.admin.log_change(request, new.definition, log)
        return to(new.definition)

    def _as_draft(self, request: HttpRequest, version: WorkflowVersion) -> HttpResponse:
        definition = take_as_draft(version.tenant, actor_of(request), version)
        told = {"number": version.version}
        said = _("Version %(number)s is your draft now.") % told
        log = _("Took version %(number)s as the draft.") % told
        return self.done(request, definition, said, log)

    def discard(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Forget the draft."""
        definition = self.changeable(request, pk)
        discard_draft(definition.tenant, actor_of(request), definition)
        return self.done(
            request, definition, _("The draft is discarded."), _("Discarded the draft.")
        )

    def take_over(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Edit here from now on what was edited elsewhere."""
        definition = self.decidable(request, pk)
        take_over(definition.tenant, actor_of(request), definition)
        said = _("The workflow is edited here from now on.")
        return self.done(request, definition, said, _("Took it over: edited here from now on."))

    def _version(self, request: HttpRequest, pk: Any) -> tuple[WorkflowVersion, Any]:
        rows = WorkflowVersion.objects.select_related("definition", "tenant").defer("program")
        version = rows.filter(pk=pk).first()
        if version is None:
            raise Http404
        return version, self.changeable(request, version.definition_id)


def changes_shown(old: Json, new: Json, kept: Sequence[ChangedPlace] = ()) -> dict[str, Any]:
    """Return what `admin/sayr/changes.html` shows: in words, and as text.

    `kept` is what means something else than before by the language alone.
    """
    return {
        "changes": [*language_changes(kept, new), *told(old, new)],
        "hunks": hunks(document_text.write(old), document_text.write(new)),
    }


def _numbers(definition: WorkflowDefinition) -> list[int | str]:
    """Return what can be compared: the draft, and the versions, the newest first."""
    rows = WorkflowVersion.objects.filter(definition=definition).order_by("-version")
    numbers: list[int | str] = list(rows.values_list("version", flat=True)[:MAX_OFFERED])
    found = [DRAFT, *numbers] if definition.draft is not None else numbers
    if not found:
        raise Http404
    return found


def _chosen(asked: str | None, numbers: list[int | str]) -> int | str | None:
    return next((number for number in numbers if str(number) == asked), None)


def _before(new: int | str, numbers: list[int | str]) -> int | str:
    return numbers[min(numbers.index(new) + 1, len(numbers) - 1)]


def _document(definition: WorkflowDefinition, number: int | str) -> Json:
    if number == DRAFT:
        return definition.draft
    rows = WorkflowVersion.objects.filter(definition=definition, version=number)
    return rows.values_list("document", flat=True).get()


def _kept(
    definition: WorkflowDefinition, sides: tuple[int | str, int | str], document: Json
) -> list[ChangedPlace]:
    """Return what means something else on the new side than on the old one."""
    old, new = (
        LANGUAGE_VERSION if side == DRAFT else language_of(definition, int(side)) or 1
        for side in sides
    )
    return places_between(definition, document, old, new)


def _side(definition: WorkflowDefinition, number: int | str) -> dict[str, Any]:
    """Return who made one side, when, and what they said."""
    words = version_words(number)
    if number == DRAFT:
        who, when = actor_words(definition.updated_by), definition.updated_at
        return {"words": words, "who": who, "when": when, "note": ""}
    rows = WorkflowVersion.objects.filter(definition=definition).only(
        "published_by", "published_at", "note"
    )
    version = rows.get(version=number)
    who, when = actor_words(version.published_by), version.published_at
    return {"words": words, "who": who, "when": when, "note": version.note}


def _note(version: WorkflowVersion) -> dict[str, Any]:
    told = {"number": version.version, "note": version.note}
    said = _("Back to version %(number)s: %(note)s") if version.note else None
    note = (said or _("Back to version %(number)s")) % told
    return {"note": note[:500], "seen": version.definition.version}
