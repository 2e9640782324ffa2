"""Whose address counts when passwords are guessed."""

import pytest
from django.test import RequestFactory

from config.client_address import client_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "1.1.1.1", "127.0.0.1"),
        (1, None, "127.0.0.1"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "1.2.3.4, 9.9.9.9", "9.9.9.9"),
        (2, "1.2.3.4, 9.9.9.9, 10.0.0.1", "9.9.9.9"),
        (2, "9.9.9.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(settings, proxies, forwarded, address):
    settings.SAYR_TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    assert client_address(RequestFactory().get("/", headers=headers)) == address
