"""The web application."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SAYR_PROCESS", "web")

from django.core.wsgi import get_wsgi_application  # the environment comes first

application = get_wsgi_application()
