"""The form of a connection: what its kind needs, and secrets that can be replaced, never read."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from actions.models.connection import (
    REQUIRED_SECRETS,
    REQUIRED_SETTINGS,
    Connection,
    ConnectionKind,
)
from actions.models.encryption import SecretsUnreadable
from tenants.admin.base import TenantForm

K = ConnectionKind
TEXT: Final = {"class": "vTextField", "dir": "ltr"}


def _setting(label: Any, help_text: Any = "") -> Any:
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=forms.TextInput(attrs=TEXT)
    )


def _secret(label: Any, help_text: Any = "") -> Any:
    widget = forms.PasswordInput(attrs={**TEXT, "autocomplete": "new-password"})
    return forms.CharField(
        label=label, help_text=help_text, required=False, strip=True, widget=widget
    )


# Form field: the name under which it is stored. Which kinds ask for it stands below.
SETTINGS: Final = {
    "phone_number_id": _setting(
        _("Phone number id"),
        _("In Meta's WhatsApp manager, under API setup. Not the number itself."),
    ),
    "host": _setting(_("Mail server"), _("For example smtp.example.com.")),
    "port": forms.IntegerField(
        label=_("Port"), required=False, min_value=1, max_value=65535, help_text=_("Empty: 587.")
    ),
    "username": _setting(_("User name")),
    "sender": _setting(
        _("Sender"), _("The address that recipients see, for example shop@example.com.")
    ),
    "use_tls": forms.BooleanField(
        label=_("Encrypt (STARTTLS)"), required=False, help_text=_("Usual on port 587.")
    ),
    "use_ssl": forms.BooleanField(
        label=_("Encrypt from the start (TLS)"), required=False, help_text=_("Usual on port 465.")
    ),
    "channel": _setting(
        _("Channel"), _("Where messages go unless a step says otherwise: #orders.")
    ),
    "secret_header": _setting(
        _("Header of the token"), _("Empty: Authorization. Some services want X-Api-Key.")
    ),
    "secret_prefix": _setting(
        _("Before the token"), _("Empty: Bearer, in the header Authorization.")
    ),
    "version": _setting(
        _("API version"), _("Only if Meta asks for another one, for example v23.0.")
    ),
    "base_url": _setting(
        _("Address"),
        _("Where the service is: https://erp.example.com/api. Steps call nothing else."),
    ),
}
SECRETS: Final = {
    "access_token": _secret(_("Access token"), _("A permanent token of a system user at Meta.")),
    "bot_token": _secret(_("Bot token"), _("Begins with xoxb-.")),
    "webhook_url": _secret(
        _("Webhook address"), _("From the channel's workflow in Teams. Who has it can post.")
    ),
    "password": _secret(_("Password")),
    "token": _secret(_("Token"), _("Sent with every call.")),
}
FIELDS_OF: Final[dict[ConnectionKind, tuple[str, ...]]] = {
    K.WHATSAPP: ("phone_number_id", "access_token", "base_url", "version"),
    K.SLACK: ("bot_token", "channel", "base_url"),
    K.TEAMS: ("webhook_url",),
    K.SMTP: ("host", "port", "use_tls", "use_ssl", "username", "password", "sender"),
    K.HTTP: ("base_url", "token", "secret_header", "secret_prefix"),
}
# For a kind that has an address of its own: only installations that test need another one.
OWN_ADDRESS: Final = frozenset({K.WHATSAPP, K.SLACK})


class ConnectionForm(TenantForm):
    """Asks for what the kind needs. `new_kind` is set by the admin for a connection being made."""

    new_kind = ""

    class Meta:
        model = Connection
        fields = ("tenant", "name", "key", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.kind = self.instance.kind or self.new_kind
        stored = self.instance.settings if isinstance(self.instance.settings, dict) else {}
        for name in self.asked_settings:
            self.initial.setdefault(name, stored.get(name))
        for name in self.asked_secrets:
            if self.instance.pk and self.instance.secrets:
                self.fields[name].widget.attrs["placeholder"] = gettext(
                    "Stored. Empty: stays as it is."
                )
        if self.instance.kind in OWN_ADDRESS and "base_url" in self.fields:
            self.fields["base_url"].help_text = _(
                "Empty: the service's own. Another one only for trials."
            )

    @property
    def asked_settings(self) -> list[str]:
        return [name for name in SETTINGS if name in self.fields]

    @property
    def asked_secrets(self) -> list[str]:
        return [name for name in SECRETS if name in self.fields]

    def clean(self) -> Any:
        values = super().clean()
        self._take_settings(values)
        self._take_secrets(values)
        for name in REQUIRED_SETTINGS.get(ConnectionKind(self.instance.kind), ()):
            if not values.get(name):
                self.add_error(name, _("Fill this in."))
        return values

    def _update_errors(self, errors: Any) -> None:
        """Drop what the model says of the settings: `clean` has said it at each field."""
        if hasattr(errors, "error_dict"):
            errors.error_dict.pop("settings", None)
        if getattr(errors, "error_dict", True):
            beneath: Any = super()  # the stubs leave this method out
            beneath._update_errors(errors)

    def _take_settings(self, values: Any) -> None:
        kept = dict(self.instance.settings or {})
        for name in self.asked_settings:
            value = values.get(name)
            if value in (None, "", False):
                kept.pop(name, None)
            else:
                kept[name] = value
        self._destination_before = self.instance.destination
        self.instance.settings = kept

    def _take_secrets(self, values: Any) -> None:
        typed = {name: values[name] for name in self.asked_secrets if values.get(name)}
        known, readable = self._stored_secrets()
        moved = self.instance.destination != self._destination_before
        secrets = typed if moved or not readable else {**known, **typed}
        asked = set(REQUIRED_SECRETS.get(ConnectionKind(self.instance.kind), ()))
        if moved and known:
            asked |= set(known)
        for name in sorted(asked & set(self.asked_secrets)):
            if name not in secrets:
                self.add_error(name, self._why_needed(moved=moved, readable=readable))
        if secrets or moved or not readable:
            self.instance.secrets = secrets

    def _stored_secrets(self) -> tuple[dict[str, str], bool]:
        """Return what is stored for the address the connection had, and whether it can be read."""
        if self.instance._state.adding:
            return {}, True
        stored = Connection.objects.get(pk=self.instance.pk)
        try:
            return dict(stored.open_secrets()), True
        except SecretsUnreadable:
            return {}, False

    def _why_needed(self, *, moved: bool, readable: bool) -> Any:
        if moved:
            return _("The address has changed: enter it again, so that it goes to no wrong server.")
        return (
            _("Fill this in.") if readable else _("What is stored cannot be read. Enter it again.")
        )
