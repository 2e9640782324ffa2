"""A message template: a text that staff write once and steps send often."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from actions.whatsapp.registered import ButtonKind, HeaderKind, Registered, registered
from tenants.core.database.fields import NameField, SafeJSONField
from tenants.core.database.ids import DatabaseUUID7, uuid7
from tenants.models.tenant import Tenant


class Channel(models.TextChoices):
    """How a message reaches people."""

    EMAIL = "email", _("E-mail")
    WHATSAPP = "whatsapp", _("WhatsApp")


class ParameterFormat(models.TextChoices):
    """How the registered text marks its values."""

    FROM_TEXT = "", _("As the text shows it")
    NUMBERED = "numbered", _("By number: {{1}}, {{2}}")
    NAMED = "named", _("By name: {{customer_name}}")


HEADERS: Final = [
    (HeaderKind.NONE.value, _("None")),
    (HeaderKind.TEXT.value, _("A text")),
    (HeaderKind.IMAGE.value, _("A picture")),
    (HeaderKind.VIDEO.value, _("A video")),
    (HeaderKind.DOCUMENT.value, _("A document")),
]
BUTTONS: Final = [
    (ButtonKind.URL.value, _("Opens an address")),
    (ButtonKind.COPY_CODE.value, _("Copies an offer code")),
    (ButtonKind.OTP.value, _("Copies the one-time code of the text")),
    (ButtonKind.QUICK_REPLY.value, _("Sends an answer")),
    (ButtonKind.PHONE.value, _("Calls a number")),
]


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate", "MessageTemplate"]):
    """Questions about message templates."""

    def of(self, tenant_id: Any) -> "MessageTemplateQuerySet":
        return self.filter(tenant_id=tenant_id)

    def published(self) -> "MessageTemplateQuerySet":
        """Those that steps can send: of the others there is only a draft."""
        return self.filter(version__gt=0)

    def for_channel(self, channel: Channel) -> "MessageTemplateQuerySet":
        return self.filter(channel=channel)


# What a message says: what a version keeps, and a draft changes. The rest (name, key, channel) is
# what people and workflows call it.
MAIL_PARTS: Final = ("subject", "text", "html")
CONTENT: Final = (
    *("language", "subject", "body", "text", "html", "translations"),
    *("provider_name", "parameters", "parameter_format"),
    *("header_kind", "header_text", "footer", "buttons"),
)


class MessageTemplate(models.Model):
    """Mails are written here in Liquid; a WhatsApp text is registered with the provider.

    The columns of CONTENT hold what is published, which is all that steps read. What people write
    meanwhile lies in `draft`.
    """

    id = models.UUIDField(
        primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    tenant = models.ForeignKey(
        Tenant, models.CASCADE, related_name="message_templates", verbose_name=_("tenant")
    )
    key = models.SlugField(
        _("key"), db_index=False, help_text=_("Short name by which workflows refer to it.")
    )
    name = NameField(_("name"), max_length=200)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    language = models.CharField(
        _("language"),
        max_length=10,
        default="en",
        help_text=_("As the provider writes it, e.g. en, ar or en_US."),
    )
    subject = models.CharField(
        _("subject"), max_length=500, blank=True, help_text=_("Of a mail. May hold {{ … }}.")
    )
    body = models.TextField(
        _("message"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Formatted text of a mail. Text and HTML are made of it."),
    )
    translations = SafeJSONField(
        _("other language"),
        default=dict,
        db_default=models.Value({}, SafeJSONField()),
        blank=True,
        help_text=_("Of a mail: subject, message, text and HTML by language."),
    )
    text = models.TextField(
        _("text"),
        blank=True,
        help_text=_(
            "Of a mail: plain text with {{ … }}. Of WhatsApp: a copy of what is registered."
        ),
    )
    html = models.TextField(
        _("HTML"), blank=True, help_text=_("Of a mail, beside the text. Values are escaped.")
    )
    provider_name = models.CharField(
        _("registered name"),
        max_length=512,
        blank=True,
        help_text=_("The name under which WhatsApp knows the template. Empty: the key."),
    )
    parameters = SafeJSONField(
        _("parameters"),
        default=list,
        blank=True,
        help_text=_("Names of the values the text takes, in the registered order."),
    )
    parameter_format = models.CharField(
        _("how values are marked"),
        max_length=20,
        choices=ParameterFormat.choices,
        default=ParameterFormat.FROM_TEXT,
        db_default=ParameterFormat.FROM_TEXT,
        blank=True,
    )
    header_kind = models.CharField(
        _("header"), max_length=20, choices=HEADERS, default="", db_default="", blank=True
    )
    header_text = models.CharField(
        _("text of the header"), max_length=200, default="", db_default="", blank=True
    )
    footer = models.CharField(_("footer"), max_length=200, default="", db_default="", blank=True)
    buttons = SafeJSONField(
        _("buttons"),
        default=list,
        db_default=models.Value([], SafeJSONField()),
        blank=True,
        help_text=_("In the registered order."),
    )
    # 0: never published. What was made before there were versions is published as it stands.
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)
    draft = SafeJSONField(_("draft"), null=True, blank=True, editable=False)
    drafted_by = models.CharField(max_length=200, default="", db_default="", editable=False)
    drafted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Goes up with whatever is saved, so that the second of two people is told.
    revision = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True, editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("changed by"),
    )

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        db_table = "message_templates"
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key"],
                name="message_template_key_once_per_tenant",
                violation_error_message=_("There is already a message template with this key."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def in_language(self, language: str) -> Mapping[str, str]:
        """Return subject, text and html in `language` if it has them, else in its own."""
        chosen = language.replace("_", "-").lower()
        for known in (chosen, chosen.partition("-")[0]):
            if said := self.translated(known):
                return {name: str(said.get(name) or "") for name in MAIL_PARTS}
        return {name: getattr(self, name) for name in MAIL_PARTS}

    def translated(self, language: str) -> Mapping[str, Any]:
        """Return what was written in another language; {} of none, or if the row holds no such."""
        said = self.translations.get(language) if isinstance(self.translations, dict) else None
        return said if isinstance(said, dict) else {}

    @property
    def content(self) -> dict[str, Any]:
        """Return what stands in its columns, as a version keeps it."""
        return {name: getattr(self, name) for name in CONTENT}

    def with_content(self, content: Mapping[str, Any]) -> "MessageTemplate":
        """Put a draft or a version into its columns. What an older one lacks is empty."""
        empty = MessageTemplate()
        for name in CONTENT:
            setattr(self, name, content.get(name, getattr(empty, name)))
        return self

    @property
    def registered(self) -> Registered:
        return registered(self)

    def clean(self) -> None:
        """Refuse a template that no step could send."""
        names = self.parameters
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValidationError({"parameters": _('Write a list of names: ["order_id", …].')})
        if len(set(names)) != len(names):
            raise ValidationError({"parameters": _("Each name may stand there once.")})
        if self.channel == Channel.EMAIL and not (self.body or self.text or self.html):
            raise ValidationError({"body": _("A mail needs a text.")})


class MessageTemplateVersion(models.Model):
    """What was published once. Never updated."""

    id = models.UUIDField(
        primary_key=True, default=uuid7, db_default=DatabaseUUID7(), editable=False
    )
    tenant = models.ForeignKey(
        Tenant, models.CASCADE, related_name="+", verbose_name=_("tenant"), db_index=False
    )
    template = models.ForeignKey(
        MessageTemplate,
        models.CASCADE,
        related_name="versions",
        verbose_name=_("message template"),
        db_index=False,  # the constraint's index answers
    )
    version = models.PositiveIntegerField(_("version"))
    content = SafeJSONField(_("content"))
    published_by = models.CharField(_("published by"), max_length=200, blank=True)
    published_at = models.DateTimeField(_("published"), db_default=Now())

    class Meta:
        db_table = "message_template_versions"
        verbose_name = _("version of a message")
        verbose_name_plural = _("versions of messages")
        constraints = [
            models.UniqueConstraint(
                fields=["template", "version"], name="message_version_once_per_template"
            )
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.version}"
