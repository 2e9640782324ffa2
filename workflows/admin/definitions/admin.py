"""Workflows: the list, the form that publishes, the versions."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tenants.admin.access import actor_of
from tenants.admin.base import TenantAdmin
from tenants.admin.lists import Choices, StatedChoicesFilter, TenantFilter
from tenants.admin.offered import MAX_TERM_LENGTH
from workflows.admin.base import to
from workflows.admin.definitions.form import DefinitionForm
from workflows.admin.definitions.kept_work import noted_as_saved
from workflows.admin.definitions.list import DefinitionList, linked_figures, linked_run
from workflows.admin.definitions.states import has_draft_beside, state_of, tell_published
from workflows.admin.definitions.tagging import TagFilter, shown_tags
from workflows.admin.definitions.transfer import export_file
from workflows.admin.markup import shown_badge
from workflows.admin.urls import of_definitions
from workflows.admin.versions.list import draft_state, listed_versions
from workflows.event_types import label_of
from workflows.models.definition import WorkflowDefinition
from workflows.presentation.actors import actor_words
from workflows.presentation.badges import Badge
from workflows.presentation.documents import document_text
from workflows.presentation.documents.languages import language_changes
from workflows.presentation.documents.summary import summary
from workflows.presentation.times import short_moment
from workflows.services.definitions.drafts import edited, save_draft
from workflows.services.definitions.duplicate import duplicate
from workflows.services.definitions.languages import changed_places
from workflows.services.definitions.lifecycle import NeverPublished, archive, restore, set_active
from workflows.services.definitions.publish import publish_valid
from workflows.services.definitions.search import matching


class ArchivedFilter(StatedChoicesFilter):
    """Those in use, unless somebody asks for the archive."""

    title = _("archive")
    parameter_name = "archive"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Offer both sides."""
        return [("no", _("In use")), ("yes", _("Archived"))]

    def value(self) -> str:
        """Return the side; without a word, those in use."""
        return "yes" if super().value() == "yes" else "no"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow to one side."""
        return queryset.filter(archived_at__isnull=self.value() == "no")


@admin.register(WorkflowDefinition)
class DefinitionAdmin(TenantAdmin):
    """A draft is saved whatever it says; publishing makes a version. Runs in flight keep theirs."""

    form = DefinitionForm
    list_display = ("name", "does", "state", "owned_by", "last_run", "last_day", "changed")
    list_filter = (ArchivedFilter, "is_active", TagFilter, TenantFilter)
    search_fields = ("name", "key", "trigger_type")
    ordering = ("name", "-id")
    actions: Any = (
        "switch_on",
        "switch_off",
        "duplicate_chosen",
        "export_chosen",
        "archive_chosen",
        "restore_chosen",
    )
    change_list_template = "admin/workflows/definition_list.html"
    change_form_template = "admin/workflows/definition_form.html"
    when_empty = _("No workflows yet. Add one: it says what starts it, and which steps follow.")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Find words of names, steps, actions, templates, connections and messages."""
        if "\x00" in search_term:
            return queryset.none(), False
        return matching(queryset, search_term[:MAX_TERM_LENGTH]), False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Use the list that fetches the figures."""
        return DefinitionList

    def get_urls(self) -> Any:
        """Add the pages beside Django's own."""
        return [*of_definitions(self), *super().get_urls()]

    def may_edit(self, request: HttpRequest, obj: Any) -> bool:
        """Say whether the person may decide about it: switch it, archive it, take it over."""
        return self._may_edit(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let people only read what is edited elsewhere."""
        is_here = obj is None or not obj.managed_by
        return is_here and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Readers see the document, writers edit it."""
        before: tuple[str, ...] = ("name", "starts_on", "tenant", "key")
        wide: tuple[str, ...] = ("shown_document",)
        after: tuple[str, ...] = ()
        if obj is None or self.has_change_permission(request, obj):
            before, wide = ("tenant",), ("document", "version_seen", "draft_seen", "work")
            after = ("key", "note")
        groups = [
            (None, {"fields": before}),
            (None, {"fields": wide, "classes": ("sayr-wide",)}),
            (None, {"fields": after}),
        ]
        return [one for one in self.without_tenant(request, obj, groups) if one[1]["fields"]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name and trigger follow from the document; a key stays, exports refer to it."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return (*fixed, "starts_on", "shown_document", "name", "key") if obj else fixed

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep a draft, or publish if the document changed; else only switch."""
        document, note = form.cleaned_data["document"], form.cleaned_data["note"]
        if form.is_draft:
            self._save_draft(request, obj, form)
            return
        switched_on = form.cleaned_data.get("is_active", False) and not obj.is_active
        obj.is_active = obj.is_active or switched_on
        if form.document_changed:
            publish_valid(obj.tenant, actor_of(request), obj, form.valid, note)
            form.what_was_done = "published"
            tell_published(request, obj)
            return
        if obj.draft is not None:
            # The draft was edited back to what is published.
            save_draft(obj.tenant, actor_of(request), obj, document)
        if switched_on:
            set_active(obj.tenant, actor_of(request), obj, active=True)
            form.what_was_done = "switched on"
        tell_published(request, obj, is_new=False)

    def _save_draft(self, request: HttpRequest, obj: Any, form: Any) -> None:
        save_draft(obj.tenant, actor_of(request), obj, form.cleaned_data["document"])
        if obj.version:
            said = gettext("The draft is saved. Version %(number)s goes on until you publish.")
            if not obj.is_active:
                said = gettext("The draft is saved. Version %(number)s is published, but off.")
            messages.success(request, said % {"number": obj.version})
        else:
            messages.success(request, gettext("The draft is saved. It starts nothing yet."))

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Say in the history what was done: a draft, or which version."""
        if getattr(form, "is_draft", False):
            return gettext("Saved a draft.")
        done = {
            "published": gettext("Published version %(number)s."),
            "switched on": gettext("Switched on."),
        }
        if said := done.get(getattr(form, "what_was_done", "")):
            return said % {"number": form.instance.version}
        return super().construct_change_message(request, form, formsets, add)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Stay with the workflow; what was done is said already."""
        return noted_as_saved(request, to(obj))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Stay with the workflow; what was done is said already."""
        return noted_as_saved(request, HttpResponseRedirect(request.path))

    def get_queryset(self, request: HttpRequest) -> Any:
        """With their tenants: every page asks for those."""
        return super().get_queryset(request).select_related("tenant", "owner")

    def render_change_form(  # noqa: PLR0913, PLR0917  # Django's
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        """Show the versions and the draft beside the form."""
        if "document" in (form := context["adminform"].form).fields:
            form.fields["document"].widget.person = str(request.user.pk)
        if obj is not None:
            context |= {
                "versions": listed_versions(obj),
                "draft": draft_state(obj),
                "state": state_of(obj),
                "language_changes": language_changes(changed_places(obj, edited(obj)), edited(obj)),
                "may_switch": self.may_edit(request, obj) and obj.version and not obj.archived_at,
                "may_edit_workflow": self.may_edit(request, obj),
                "may_take_over": bool(obj.managed_by) and self.may_edit(request, obj),
                "may_go_back": self.has_change_permission(request, obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.action(description=_("Duplicate"), permissions=["add"])
    def duplicate_chosen(self, request: HttpRequest, queryset: Any) -> None:
        """Make a draft of its own of each chosen workflow."""
        for definition in self._editable(request, queryset.order_by("key")):
            made = duplicate(definition.tenant, actor_of(request), definition)
            told = {"name": made.name}
            messages.success(request, gettext("“%(name)s” is a draft now.") % told)
            self.log_addition(request, made, gettext("Duplicated."))

    @admin.action(description=_("Export as a file"), permissions=["view"])
    def export_chosen(self, request: HttpRequest, queryset: Any) -> HttpResponse:
        """Give the chosen workflows as a file."""
        return export_file(list(queryset.order_by("key")))

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: Any) -> None:
        """Let new events start the chosen workflows."""
        for definition in self._editable(request, queryset.filter(archived_at=None)):
            try:
                set_active(definition.tenant, actor_of(request), definition, active=True)
            except NeverPublished:
                said = gettext("“%(name)s” has no published version yet.") % {"name": definition}
                messages.error(request, said)
            else:
                self.log_change(request, definition, gettext("Switched on."))

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: Any) -> None:
        """Let no new event start the chosen workflows."""
        for definition in self._editable(request, queryset):
            set_active(definition.tenant, actor_of(request), definition, active=False)
            self.log_change(request, definition, gettext("Switched off."))

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive_chosen(self, request: HttpRequest, queryset: Any) -> None:
        """Put the chosen workflows away."""
        for definition in self._editable(request, queryset):
            archive(definition.tenant, actor_of(request), definition)
            self.log_change(request, definition, gettext("Archived."))

    @admin.action(description=_("Bring back from the archive"), permissions=["change"])
    def restore_chosen(self, request: HttpRequest, queryset: Any) -> None:
        """Bring the chosen workflows back, switched off."""
        for definition in self._editable(request, queryset.exclude(archived_at=None)):
            restore(definition.tenant, actor_of(request), definition)
            self.log_change(request, definition, gettext("Brought back from the archive."))

    def _editable(self, request: HttpRequest, queryset: Any) -> list[Any]:
        """Return the chosen rows of tenants in which the person may edit, not only read."""
        return [row for row in queryset if self.may_edit(request, row)]

    @admin.display(description=_("starts on"))
    def starts_on(self, definition: Any) -> str:
        """Return what staff call the trigger."""
        return label_of(definition.trigger_type)

    @admin.display(description=_("state"))
    def state(self, definition: Any) -> Any:
        """Return whether events start it."""
        return shown_badge(state_of(definition))

    @admin.display(description=_("what it does"))
    def does(self, definition: Any) -> Any:
        """Return what starts it, and its steps."""
        said = summary(definition.definition if definition.version else edited(definition))
        badges = [Badge("nothing", gettext("With a draft"))] if has_draft_beside(definition) else []
        marks = format_html_join(" ", "{}", ((shown_badge(one),) for one in badges))
        return format_html("{} {}{}", said, marks, shown_tags(definition))

    @admin.display(description=pgettext_lazy("column", "owner"))
    def owned_by(self, definition: Any) -> Any:
        """Return who is told of failures, by name."""
        owner = definition.owner
        return owner and (owner.get_full_name() or owner.get_username())

    @admin.display(description=_("last run"))
    def last_run(self, definition: Any) -> Any:
        """Return how it went last."""
        return linked_run(definition.shown_last_run)

    @admin.display(description=_("runs, 24 h"))
    def last_day(self, definition: Any) -> Any:
        """Return how many began, and how many of them went wrong, linked to them."""
        return linked_figures(definition, definition.shown_figures)

    @admin.display(description=_("last change"))
    def changed(self, definition: Any) -> Any:
        """Return who changed it last, and when."""
        when, who = short_moment(definition.updated_at), actor_words(definition.updated_by)
        return format_html('{}<span class="sayr-below">{}</span>', who, when)

    @admin.display(description=_("document"))
    def shown_document(self, definition: Any) -> Any:
        """Return the document for readers."""
        text = document_text.write(definition.definition or definition.draft)
        return format_html('<pre class="sayr-json" dir="ltr">{}</pre>', text)
