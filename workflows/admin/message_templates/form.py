"""The form of a message template: one text, or two that a mail program chooses from."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.http import QueryDict
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from actions.mail.formatted import formatted
from actions.models.message_template import Channel, MessageTemplate
from actions.whatsapp.faults import faults, names_from
from actions.whatsapp.registered import HeaderKind
from tenants.admin.base import TenantForm
from workflows.admin.message_templates.buttons import ButtonsField
from workflows.definition.templates import template_problems
from workflows.presentation.actors import actor_words
from workflows.presentation.runs.errors import sentence
from workflows.presentation.times import short_moment

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
TEXTS: Final = ("subject", "body", "text", "html")
OTHERS: Final = tuple(f"other_{name}" for name in TEXTS)
FORMATTED, AS_HTML = "formatted", "html"


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


def other_language(language: str) -> str:
    """Return the language that a mail can be written in besides."""
    return "en" if language[:2].lower() == "ar" else "ar"


def _area(rows: int, kind: str) -> forms.Textarea:
    return forms.Textarea(
        attrs={"rows": rows, "class": "vLargeTextField", "dir": "auto", "data-sayr-writes": kind}
    )


class MessageTemplateForm(TenantForm):
    """Lists every mistake of a text at the text."""

    written_as = forms.ChoiceField(
        label=_("Written as"),
        choices=[(FORMATTED, _("Formatted text")), (AS_HTML, _("HTML and text, for experts"))],
        required=False,
        help_text=_("Of a formatted text both are made: HTML, and plain text for who wants that."),
    )
    body = forms.CharField(label=_("Message"), required=False, widget=_area(12, "body"))
    other_subject = forms.CharField(
        label=_("Subject"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
    )
    other_body = forms.CharField(label=_("Message"), required=False, widget=_area(12, "body"))
    other_text = forms.CharField(label=_("Text"), required=False, widget=_area(10, "text"))
    other_html = forms.CharField(label=_("HTML"), required=False, widget=_area(10, "html"))
    seen_revision = forms.IntegerField(label="", required=False, widget=forms.HiddenInput)
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        template = self.instance
        said = template.translated(other_language(template.language))
        begins = FORMATTED if template.body or template._state.adding else AS_HTML
        self.initial.update(written_as=begins, seen_revision=template.revision)
        named = get_language_info(other_language(template.language))["name_translated"]
        for name in OTHERS:
            if name in self.fields:
                told = {"what": self.fields[name].label, "language": named}
                self.fields[name].label = gettext("%(what)s in %(language)s") % told
        self.initial.update({f"other_{name}": said.get(name, "") for name in TEXTS})

    def clean(self) -> Any:
        """Check what stands between {{ and }}; WhatsApp's own text is only a copy."""
        values = super().clean()
        self._tell_the_second()
        self.instance.translations = {}
        if values.get("channel", self.instance.channel) == Channel.EMAIL:
            values.update(_NOTHING_REGISTERED)
            self._check_mail(values)
        else:
            values["body"] = ""
            self._check_registered(values)
        return values

    def _tell_the_second(self) -> None:
        """Refuse to save over what somebody else saved since this was opened; once."""
        seen = self.cleaned_data.get("seen_revision")
        if self.instance._state.adding or seen is None:
            return
        # Locked: of two who save at once the second sees the first.
        rows = MessageTemplate.objects.select_for_update().filter(pk=self.instance.pk)
        stored = rows.only("revision", "drafted_by", "updated_at", "updated_by").first()
        if stored is None or stored.revision == seen:
            return
        shown = QueryDict("", mutable=True)
        shown.update(self.data)
        shown[self.add_prefix("seen_revision")] = str(stored.revision)
        self.data = shown
        by = stored.updated_by.get_username() if stored.updated_by else ""
        who = actor_words(stored.drafted_by or f"user:{by}")
        said = gettext(
            "%(who)s saved this message meanwhile (%(when)s). Nothing of yours is saved yet. Open "
            "the page once more beside this one to see what changed; saving again puts your text "
            "in its place."
        )
        self.add_error(None, said % {"who": who, "when": short_moment(stored.updated_at)})

    def _check_mail(self, values: dict[str, Any]) -> None:
        language = values.get("language") or ""
        is_formatted = values.get("written_as") == FORMATTED or (
            not values.get("written_as") and bool(values.get("body"))
        )
        values.update(self._checked(values, "", language, is_formatted))
        other = other_language(language)
        said = self._checked(values, "other_", other, is_formatted)
        if any(text.strip() for text in said.values()):
            self.instance.translations = {other: said}
            for name in ("subject", "body" if is_formatted else "text"):
                if not said[name].strip():
                    self.add_error(f"other_{name}", _("The other language needs this, too."))

    def _checked(
        self, values: dict[str, Any], prefix: str, language: str, is_formatted: bool
    ) -> dict[str, str]:
        """Return the texts of one language, HTML and text made of the formatted one."""
        said = {name: values.get(prefix + name) or "" for name in TEXTS}
        sources = {name: said[name] for name in TEXTS if name != "body"}
        if is_formatted:
            made = formatted(said["body"], language) if said["body"].strip() else None
            said |= {"text": made.text if made else "", "html": made.html if made else ""}
            sources = {"subject": said["subject"], "body": said["html"]}
        else:
            said["body"] = ""
        for name, source in sources.items():
            for problem in template_problems(source):
                words = sentence(problem.code, problem.params)
                self.add_error(prefix + name, ValidationError(words))
        return said

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
