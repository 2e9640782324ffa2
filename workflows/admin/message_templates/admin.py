"""Message templates. Here and not in `actions`: their texts are checked by the language."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from actions.models.message_template import BUTTONS, Channel, MessageTemplate
from actions.whatsapp.faults import faults, names_from
from actions.whatsapp.registered import HeaderKind
from tenants.admin import access
from tenants.admin.base import TenantAdmin, TenantForm
from tenants.admin.lists import TenantFilter
from workflows.admin.message_templates import preview as template_preview
from workflows.admin.message_templates.buttons import ButtonsField
from workflows.admin.message_templates.samples import chips_for, choices_for
from workflows.definition.templates import template_problems
from workflows.presentation.runs.errors import sentence

_REGISTERED: Final = (
    *("provider_name", "language", "text", "parameter_format"),
    *("header_kind", "header_text", "footer"),
)
# Of a mail: what only WhatsApp has.
_NOTHING_REGISTERED: Final = {
    "header_kind": "",
    "header_text": "",
    "footer": "",
    "buttons": [],
    "parameter_format": "",
}


class NamesField(forms.CharField):
    """A list of names, one a line."""

    widget = forms.Textarea(attrs={"rows": 4, "dir": "ltr", "class": "vLargeTextField"})

    def prepare_value(self, value: Any) -> Any:
        """Show one name a line."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the names; empty lines say nothing."""
        if isinstance(value, list):
            return value
        ProhibitNullCharactersValidator()(value or "")  # the field's own looks at the list
        return [line.strip() for line in (value or "").splitlines() if line.strip()]


class MessageTemplateForm(TenantForm):
    """Lists every mistake of a text at the text."""

    parameters = NamesField(
        label=_("Values it takes"),
        required=False,
        help_text=_(
            "One name a line, in the order of the text. Left empty, they are taken from the text."
        ),
    )
    buttons = ButtonsField(
        label=_("Buttons"),
        required=False,
        help_text=_(
            "In the registered order. An address may end in {{1}}: the step gives what follows."
        ),
    )

    class Meta:
        model = MessageTemplate
        exclude = ()  # the admin names the fields

    def clean(self) -> Any:
        """Check what stands between {{ and }}; WhatsApp's own text is only a copy."""
        values = super().clean()
        if values.get("channel") == Channel.EMAIL:
            for name in ("subject", "text", "html"):
                for problem in template_problems(values.get(name) or ""):
                    self.add_error(name, ValidationError(sentence(problem.code, problem.params)))
            values.update(_NOTHING_REGISTERED)
        elif values.get("channel") == Channel.WHATSAPP:
            self._check_registered(values)
        return values

    def _check_registered(self, values: dict[str, Any]) -> None:
        if values.get("header_kind") != HeaderKind.TEXT:
            values["header_text"] = ""
        if not values.get("parameters"):
            values["parameters"] = names_from(values.get("text") or "")
        given = {name: values.get(name) or "" for name in _REGISTERED}
        given |= {"key": values.get("key") or self.instance.key}
        lists = {name: values.get(name) or [] for name in ("parameters", "buttons")}
        entered = MessageTemplate(**given, **lists).registered
        for fault in faults(entered, given["parameter_format"]):
            if fault.field not in self.errors:
                self.add_error(fault.field, fault.sentence)


@admin.register(MessageTemplate)
class MessageTemplateAdmin(TenantAdmin):
    """What steps send."""

    form = MessageTemplateForm
    list_display = ("name", "key", "channel", "language", "updated_at")
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
                    "subject",
                    "header_kind",
                    "header_text",
                    "text",
                    "html",
                    "footer",
                    "buttons",
                ),
                "description": _(
                    "In a mail, values are filled in where {{ … }} stands, for example "
                    "{{ trigger.order_number }}. For WhatsApp, copy every part from the WhatsApp "
                    "Manager as it is registered there, with {{1}} or {{customer_name}}."
                ),
            },
        ),
        (
            _("As registered with WhatsApp"),
            {
                "fields": ("provider_name", "parameters", "parameter_format"),
                "classes": ("sayr-only-whatsapp",),
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Tell the buttons in words to whoever may only read them."""
        told = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return told
        named = {"buttons": "buttons_told"}
        return [
            (title, {**part, "fields": [named.get(name, name) for name in part["fields"]]})
            for title, part in told
        ]

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
        """Add the addresses of the preview."""
        views = (("preview", template_preview.answer), ("preview_html", template_preview.html_page))
        added = []
        for name, shown in views:
            view = self.admin_site.admin_view(partial(self.preview, shown=shown))
            added.append(path(f"{name}/", view, name=f"actions_messagetemplate_{name}"))
        return [*added, *super().get_urls()]

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

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Offer the values to show, and those to put in."""
        template = kwargs.get("obj")
        tenant = template.tenant if template else access.tenants_edited(request).first()
        if tenant is not None:
            choices = choices_for(tenant, template)
            context = {
                **context,
                "preview_tenant": tenant,
                "preview_choices": choices,
                "chips": chips_for(choices),
            }
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
        """Keep who wrote it."""
        obj.updated_by = request.user
        super().save_model(request, obj, form, change)
