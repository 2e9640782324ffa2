"""The app's settings."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from actions.conf import settings as actions_settings


def test_defaults_stand_where_nothing_is_set(settings):
    settings.SAYR = {"RECORDS": settings.SAYR["RECORDS"]}

    assert actions_settings().connect_timeout_seconds == 3.0
    assert actions_settings().allowed_private_hosts == frozenset()


def test_hosts_are_compared_in_lower_case(settings):
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"ALLOWED_PRIVATE_HOSTS": ["CRM.local:80"]}}

    assert actions_settings().allowed_private_hosts == {"crm.local:80"}


def test_a_name_that_does_not_exist_is_refused(settings):
    settings.SAYR = {**settings.SAYR, "ACTIONS": {"CONNECT_TIMEOUT": 3}}

    with pytest.raises(ImproperlyConfigured, match=r"has no CONNECT_TIMEOUT\. It has .*SECONDS"):
        actions_settings()
