"""Message templates. Here and not in `actions`: their texts are checked by the language."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from actions.models.message_template import Channel, MessageTemplate
from tenants.admin import access
from tenants.admin.base import TenantAdmin, TenantForm
from tenants.admin.lists import TenantFilter
from workflows.admin import template_preview
from workflows.admin.template_samples import chips_for, choices_for
from workflows.definition.templates import template_problems
from workflows.wording.errors import sentence


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
        return [line.strip() for line in (value or "").splitlines() if line.strip()]


class MessageTemplateForm(TenantForm):
    """Lists every mistake of a text at the text."""

    parameters = NamesField(
        label=_("Values it takes"),
        required=False,
        help_text=_("For WhatsApp: one name a line, in the order in which they were registered."),
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
        return values


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
                "fields": ("subject", "text", "html"),
                "description": _(
                    "In a mail, values are filled in where {{ … }} stands, for example "
                    "{{ trigger.order_number }}. Of WhatsApp this is a copy of the registered text."
                ),
            },
        ),
        (
            _("As registered with WhatsApp"),
            {"fields": ("provider_name", "parameters"), "classes": ("sayr-only-whatsapp",)},
        ),
    )

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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the key: workflows refer to it."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return (*fixed, "key") if obj is not None else fixed

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep who wrote it."""
        obj.updated_by = request.user
        super().save_model(request, obj, form, change)
