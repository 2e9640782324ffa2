"""Settings of django-q2 alone: the same records, its own ORM broker, nothing of Sayr's history."""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES
from workflows.runtime.workers.process import die_with_parent

# Without `workflows` nobody listens to the saves of orders.
INSTALLED_APPS = [
    "tenants",
    "django_q",
    "rest_framework_api_key",
    "django.contrib.auth",
    "django.contrib.contenttypes",
]
MIDDLEWARE = []
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
ROOT_URLCONF = __name__
urlpatterns: list[object] = []
DATABASES = {"default": {**DATABASES["default"], "CONN_MAX_AGE": 600}}
# For two cores and tasks that wait: two workers a core, tasks fetched ten at a time.
Q_CLUSTER = {
    "name": "bench",
    "orm": "default",
    "workers": 4,
    "queue_limit": 50,
    "bulk": 10,
    "poll": 0.05,
    "timeout": 60,
    "retry": 120,
    "save_limit": -1,  # no history
    "scheduler": False,
    "log_level": "WARNING",
}

# An interrupted measurement leaves nothing running: django-q2's processes outlive their parent.
os.register_at_fork(after_in_child=die_with_parent)
