"""No log line holds a link that decides."""

import logging

import pytest

from config.logs import json_formatter, line_formatter

TOKEN = "AaID7OIIdRGWP_4U_8rygwGiA-ziKnJ0ktmvv9t9cVx1c2VyOm9wcw.gCzq2Ci5GWrJxeqxkcFzoRlPaeKhwBVHv"


@pytest.mark.parametrize("formatter", [json_formatter, line_formatter])
def test_the_token_of_a_link_is_masked(formatter):
    words = ("Forbidden: %s", (f"/approvals/{TOKEN}/",))
    record = logging.LogRecord("django.request", logging.WARNING, "x", 1, *words, None)
    record.request = f"<WSGIRequest: POST '/approvals/{TOKEN}/'>"

    line = formatter().format(record)

    assert TOKEN not in line
    assert line.count("/approvals/…/") + line.count("/approvals/\\u2026/") == 2
