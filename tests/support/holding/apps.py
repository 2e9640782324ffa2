"""The app of the action."""

from django.apps import AppConfig


class HoldingConfig(AppConfig):
    """Makes the action known once all apps are there."""

    name = "tests.support.holding"

    def ready(self):
        """Declare it."""
        from tests.support.holding.actions import declare  # not before the apps

        declare()
