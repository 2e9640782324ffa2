"""Message templates. Here and not in `actions`: their texts are checked by the language."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from actions.models.message_template import Channel, MessageTemplate
from tenants.admin.base import TenantAdmin, TenantForm
from tenants.admin.lists import TenantFilter
from workflows.definition.templates import template_problems
from workflows.wording.errors import sentence


class NamesField(forms.CharField):
    """A list of names, one a line."""

    widget = forms.Textarea(attrs={"rows": 4, "dir": "ltr", "class": "vLargeTextField"})

    def prepare_value(self, value: Any) -> Any:
        """Show one name a line."""
        return "\n".join(value) if isinstance(value, list) else value

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
    fieldsets = (
        (None, {"fields": ("tenant", "name", "key", "channel", "language")}),
        (
            _("Mail"),
            {
                "fields": ("subject", "text", "html"),
                "description": _(
                    "Values are filled in where {{ … }} stands, for example "
                    "{{ trigger.order_number }}."
                ),
            },
        ),
        (
            _("WhatsApp"),
            {
                "fields": ("provider_name", "parameters"),
                "description": _(
                    "The text itself is registered with WhatsApp; put a copy into the text above."
                ),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the key: workflows refer to it."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return (*fixed, "key") if obj is not None else fixed

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep who wrote it."""
        obj.updated_by = request.user
        super().save_model(request, obj, form, change)
