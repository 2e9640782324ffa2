"""The workflows app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    """Loads the event types and starts to listen to record changes."""

    name = "workflows"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Workflows")

    def ready(self) -> None:
        """Wire the triggers: they listen from the first save on."""
        from workflows import addresses, checks, conf  # noqa: F401  # registers the system checks
        from workflows.access import grant_to_application
        from workflows.runtime import hooks
        from workflows.services.events.fire import emit
        from workflows.services.events.run_failed import tell
        from workflows.triggers import record_changes, schedules

        conf.use_addresses(addresses.path_to)
        record_changes.listen()
        schedules.listen()
        hooks.use(emit=emit, tell=tell)
        post_migrate.connect(grant_to_application, sender=self)
