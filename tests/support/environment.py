"""Loaded before Django: the tests own their database, and may create others beside it."""

import os

from config.postgres.address import running_address

if not os.environ.get("DATABASE_OWNER_URL") and (running := running_address()):
    os.environ["DATABASE_URL"] = running.app_url
    os.environ["DATABASE_OWNER_URL"] = running.owner_url
# The worker and the web process of a test run as the application's role, as in production.
# Set once: the processes among which the tests are shared out inherit it.
os.environ.setdefault("SAYR_TEST_APP_URL", os.environ.get("DATABASE_URL", ""))
os.environ["DATABASE_URL"] = os.environ.get("DATABASE_OWNER_URL", os.environ["SAYR_TEST_APP_URL"])
