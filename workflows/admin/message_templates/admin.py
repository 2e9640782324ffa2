"""Message templates. Here and not in `actions`: their texts are checked by the language."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from actions.models.message_template import BUTTONS, Channel, MessageTemplate
from tenants.admin import access
from tenants.admin.base import TenantAdmin
from tenants.admin.lists import TenantFilter
from workflows.admin.base import to
from workflows.admin.message_templates import preview as template_preview
from workflows.admin.message_templates.form import OTHERS, MessageTemplateForm, other_language
from workflows.admin.message_templates.samples import chips_for, choices_for
from workflows.admin.message_templates.state import draft_told, own_subjects
from workflows.admin.urls import of_message_templates
from workflows.services.messages.publishing import composed, edited, publish, save_draft


@admin.register(MessageTemplate)
class MessageTemplateAdmin(TenantAdmin):
    """What steps send."""

    form = MessageTemplateForm
    list_display = ("name", "channel", "language", "state", "updated_at")
    list_filter = ("channel", TenantFilter)
    list_select_related = ("tenant",)
    search_fields = ("name", "key", "subject")
    ordering = ("name",)
    can_be_deleted = True
    when_empty = _("No message templates yet. Add one for each message that your workflows send.")
    change_form_template = "admin/workflows/message_template.html"
    fieldsets = (
        (None, {"fields": ("tenant", "name", "key", "channel", "language")}),
        (
            _("Message"),
            {
                "fields": (
                    "written_as",
                    ("subject", "other_subject"),
                    "header_kind",
                    "header_text",
                    ("body", "other_body"),
                    ("text", "other_text"),
                    ("html", "other_html"),
                    "footer",
                    "buttons",
                    "seen_revision",
                ),
                "classes": ("sayr-message",),
            },
        ),
        (
            _("As registered with WhatsApp"),
            {
                "fields": ("provider_name", "parameters", "parameter_format"),
                "description": _(
                    "Copy every part from the WhatsApp Manager as it is registered there, with "
                    "{{1}} or {{customer_name}}."
                ),
                "classes": ("sayr-only-whatsapp",),
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Tell the buttons in words to whoever may only read them."""
        told = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return told
        return [(title, {**part, "fields": _read_only(part["fields"])}) for title, part in told]

    @admin.display(description=_("State"))
    def state(self, obj: MessageTemplate) -> str:
        """Say whether steps can send it, and whether somebody is writing on it."""
        if not obj.version:
            return gettext("Draft")
        return gettext("Published, with a draft") if obj.draft else gettext("Published")

    @admin.display(description=_("Buttons"), empty_value="\N{EN DASH}")
    def buttons_told(self, obj: MessageTemplate) -> str:
        """Return what stands on each button, and where it leads."""
        kinds = dict(BUTTONS)
        shown = (
            " ".join(filter(None, (one.text or str(kinds[one.kind.value]), one.target)))
            for one in obj.registered.buttons
        )
        return "; ".join(shown)

    def get_urls(self) -> list[Any]:
        """Add the pages beside Django's own."""
        return [*of_message_templates(self), *super().get_urls()]

    def preview(
        self, request: HttpRequest, shown: Callable[[template_preview.Draft], HttpResponse]
    ) -> HttpResponse:
        """Show what stands in the form, with values of the form's tenant."""
        if request.method != "POST":
            raise PermissionDenied
        key = request.POST.get("tenant", "")
        seen = {str(tenant.pk): tenant for tenant in access.tenants_seen(request)}
        if key not in seen:
            raise Http404
        return shown(template_preview.Draft.posted(request, seen[key]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the message with its draft, if it has one: that is what people edit."""
        found = super().get_object(request, object_id, from_field)
        return found.with_content(edited(found)) if found is not None else None

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Offer the values to show and to put in, and say where the message stands."""
        template = kwargs.get("obj")
        tenant = template.tenant if template else access.tenants_edited(request).first()
        if tenant is not None:
            choices = choices_for(tenant, template)
            language = template.language if template else tenant.language
            context = {
                **context,
                "preview_tenant": tenant,
                "preview_choices": choices,
                "chips": chips_for(choices),
                "other_language": _name_of(other_language(language)),
                "own_address": getattr(request.user, "email", ""),
            }
        if template is not None:
            subjects = own_subjects(template) if template.channel == Channel.EMAIL else []
            context = {**context, "draft": draft_told(template), "own_subjects": subjects}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin in the company's language."""
        tenant = access.tenants_edited(request).first()
        language = {"language": tenant.language} if tenant else {}
        return {**language, **super().get_changeform_initial_data(request)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the key: workflows refer to it."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return (*fixed, "key") if obj is not None else fixed

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep it as the draft, or publish it; and who wrote it."""
        obj.updated_by = request.user
        act = publish if "_publish" in request.POST else save_draft
        act(obj, access.actor_of(request), composed(obj.content))

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Say what follows, and stay at the message."""
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        """Say what follows, and stay at the message."""
        messages.success(request, _said(obj, is_published="_publish" in request.POST))
        return to(obj)


def _said(template: MessageTemplate, *, is_published: bool) -> str:
    told = {"number": template.version}
    if is_published:
        return gettext("Version %(number)s is published. Steps send it from now on.") % told
    if template.version:
        said = gettext("The draft is kept. Steps send version %(number)s until you publish it.")
        return said % told
    return gettext("The draft is kept. No step can send it until you publish it.")


def _name_of(language: str) -> str:
    return str(get_language_info(language)["name_translated"])


def _read_only(fields: Any) -> list[str]:
    """Return the fields of a group for a reader: each by itself, the form's own left out."""
    named = {"buttons": "buttons_told"}
    hidden = {*OTHERS, "written_as", "seen_revision"}
    single = [name for one in fields for name in ([one] if isinstance(one, str) else one)]
    return [named.get(name, name) for name in single if name not in hidden]
