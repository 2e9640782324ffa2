"""Fixtures of every test: two tenants, people of each, on a real PostgreSQL."""

import os
from types import SimpleNamespace

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from hypothesis import settings as hypothesis_settings

from actions.sandbox.sandbox import Sandbox
from tests.support.company import Company
from tests.support.emptying import empty_quickly
from tests.support.live import LiveDatabase, connected_to, two_hosts
from tests.support.outside import running_sandbox
from tests.support.people import make_member
from tests.support.tenants import make_tenant

hypothesis_settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis_settings.register_profile("dev", deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
empty_quickly()
# Whoever works here keeps their data in it; the tests' own database has another name.
NOT_THE_TESTS = connection.settings_dict["NAME"]


@pytest.fixture(autouse=True, scope="session")
def quick_passwords():
    """Hash passwords in no time: the slow hash is Django's to test, and it is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def tenant(db):
    """A company in Lebanon."""
    return make_tenant("cedar", "Cedar Trading", time_zone="Asia/Beirut", country="LB")


@pytest.fixture
def other_tenant(db):
    """A company in Saudi Arabia, whose rows the first must never see."""
    return make_tenant("najd", "Najd Stores", time_zone="Asia/Riyadh", country="SA", currency="SAR")


@pytest.fixture
def ops_user(tenant):
    """Edits the first tenant's workflows."""
    return make_member(tenant, "ops", "operations")


@pytest.fixture
def support_user(tenant):
    """Reads the first tenant's history."""
    return make_member(tenant, "support", "support")


@pytest.fixture
def other_ops_user(other_tenant):
    """Edits the second tenant's workflows."""
    return make_member(other_tenant, "other-ops", "operations")


@pytest.fixture(scope="session")
def migrated(django_db_blocker, django_db_setup):
    """An empty migrated database, from which each live one is copied: a copy of the tests' own."""
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
        # Where no test of a selection asks for the tests' own, none was made.
        own = SimpleNamespace(name=name) if name != NOT_THE_TESTS else None
        connection.close()
        try:
            database = LiveDatabase("sayr_live_template", template=own)
        except psycopg.errors.ObjectInUse:
            # A thread of a test before is still connected to it.
            database = LiveDatabase("sayr_live_template")
        yield database
        database.close()


@pytest.fixture(scope="session")
def outside():
    """The sandbox providers: WhatsApp, Slack, Teams, any web address, and a mail server."""
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def registered_for_this_test_alone(request):
    """Let WhatsApp's stand-in forget the templates that a test has registered."""
    # Asked for before the test: a test's own fixtures are gone when it is over.
    has_one = "outside" in request.fixturenames
    sandbox = request.getfixturevalue("outside") if has_one else None
    yield
    if isinstance(sandbox, Sandbox):
        sandbox.journal.templates.clear()


@pytest.fixture(scope="module")
def live_database(request, migrated, outside, django_db_blocker):
    """A database of this test module, used by the test and by its worker processes alike."""
    module = request.module.__name__.rsplit(".", 1)[-1]
    database = LiveDatabase(f"sayr_{module}"[:60], template=migrated)
    allowed = f"{outside.host_and_port},127.0.0.1:{outside.smtp_port}"
    os.environ["SAYR_ALLOWED_PRIVATE_HOSTS"] = allowed
    with django_db_blocker.unblock(), connected_to(database):
        yield database
    database.close()


@pytest.fixture
def live(live_database, outside):
    """A fresh pair of tenants in the live database, and a sandbox that remembers nothing."""
    outside.journal.forget()
    for rule in outside.journal.behaviours():
        outside.behave(rule.channel, "ok", path=rule.path)
    return Company.found(outside), Company.found(outside)


@pytest.fixture(scope="module")
def worker_groups(live_database):
    """Two worker groups, as on two hosts."""
    with two_hosts(live_database) as groups:
        yield groups
