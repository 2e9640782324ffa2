"""The actions app."""

from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class ActionsConfig(AppConfig):
    """What steps can do, and the connections and message templates they do it with."""

    name = "actions"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Connections and messages")

    def ready(self) -> None:
        """Load the library and the allow-list now: a mistake in either must stop the start."""
        # Here, because both import models.
        from actions import records, registry
        from actions.models.message_template import MessageTemplate
        from actions.sandbox.registration import when_saved

        registry.load()
        records.load()
        post_save.connect(when_saved, MessageTemplate)
