"""Callers of the API: keys of two tenants, and a client that speaks for them."""

import pytest

from tests.workflows.api.callers import Caller, make_caller
from workflows.services.events import backlog


@pytest.fixture(autouse=True)
def _fresh(settings):
    backlog._has_room_until.clear()
    # Nothing is collected for tests, and WhiteNoise warns of a missing directory.
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def caller(tenant):
    """An application of the first tenant, which may do everything."""
    return make_caller(tenant)


@pytest.fixture
def other_caller(other_tenant):
    """An application of the second tenant."""
    return make_caller(other_tenant)


@pytest.fixture
def nobody(db):
    """Sends no key."""
    return Caller(None)
