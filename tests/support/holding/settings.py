"""The project's settings, and an app that brings an action of its own."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.support.holding.apps.HoldingConfig"]
