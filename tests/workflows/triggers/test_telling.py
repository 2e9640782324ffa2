"""Real workers tell those who are asked, soon, and each once."""

import time

import pytest
from django.db import DatabaseError

from tests.support.approvals import ask
from tests.support.live import two_hosts, wait_until
from workflows.triggers import telling


@pytest.fixture(scope="module")
def mailing_groups(live_database, outside):
    """Two worker groups whose installation has a mail server."""
    server = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(outside.smtp_port)}
    public = {"SAYR_PUBLIC_URL": "https://sayr.example.com/"}
    with two_hosts(live_database, **server, **public) as groups:
        yield groups


@pytest.mark.worker
def test_approvers_are_told_within_seconds_by_one_of_two_hosts(live, mailing_groups, outside):
    company, other = live
    began = time.monotonic()
    approvals = [
        ask(one.tenant, approvers=[f"head{number}@company.example"])
        for number, one in enumerate([company, other] * 3)
    ]

    wait_until(lambda: len(outside.received("smtp")) == 6, 15)
    took = time.monotonic() - began
    for approval in approvals:
        wait_until(lambda one=approval: one.refresh_from_db() or one.notified_at, 5)
    time.sleep(3)

    mails = outside.received("smtp")
    assert sorted(mail.to for mail in mails) == [f"head{n}@company.example" for n in range(6)]
    assert all("https://sayr.example.com/approvals/" in mail.text for mail in mails)
    assert took < 6


@pytest.mark.parametrize("trouble", [DatabaseError("away"), ValueError("whatever")])
def test_trouble_does_not_end_the_clock(monkeypatch, trouble):
    looks = []

    def fail():
        raise trouble

    monkeypatch.setattr(telling, "close_old_connections", lambda: None)
    monkeypatch.setattr(telling, "tell_approvers", fail)
    telling.look()
    monkeypatch.setattr(telling, "tell_approvers", lambda: looks.append(1))
    telling.look()

    assert looks == [1]
