"""Secrets do not come back, in any form in which a server echoes them."""

import base64
import json
from decimal import Decimal
from urllib.parse import quote, quote_plus

import pytest

from actions.scrub import HIDDEN, Scrubber, TooDeep

SECRET = 'top/secret+"كلمة" 1'

FORMS = [
    SECRET,
    json.dumps(SECRET)[1:-1],
    quote(SECRET, safe=""),
    quote_plus(SECRET),
    base64.b64encode(SECRET.encode()).decode(),
    base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    SECRET.encode().hex(),
]


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_hidden_in_text(form):
    hidden = Scrubber([SECRET]).text(f"before {form} after")

    assert form.rstrip("=") not in hidden
    assert hidden.startswith(f"before {HIDDEN}")


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_hidden_everywhere_in_json(form):
    value = {"list": [{form: form}], "number": Decimal("1.50"), "none": None}

    hidden = Scrubber([SECRET]).json(value)

    assert form.rstrip("=") not in json.dumps(hidden, default=str, ensure_ascii=False)
    assert (hidden["number"], hidden["none"]) == (Decimal("1.50"), None)


def test_a_secret_that_contains_another_goes_as_a_whole():
    assert Scrubber(["abcdef", "abcdefghij"]).text("abcdefghij") == HIDDEN


def test_a_short_secret_does_not_tear_text_apart():
    assert Scrubber(["ok"]).text("look") == "look"


def test_json_that_is_too_deep_is_refused():
    value: object = "x"
    for _ in range(100):
        value = [value]

    with pytest.raises(TooDeep):
        Scrubber([]).json(value)
